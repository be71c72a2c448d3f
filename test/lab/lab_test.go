package lab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) { Main(m) }

func zone() *Zone {
	z := NewZone(5 * time.Second)
	z.Name("www.example", "192.0.2.7", "2001:db8::7")
	z.Name("four.example", "192.0.2.8")
	z.Name("six.example", "2001:db8::9")
	z.Alias("alias.example", "also.example")
	z.Alias("also.example", "www.example")
	z.Pointer("192.0.2.7", "www.example")
	for i := range 60 {
		z.Name("many.example", fmt.Sprintf("198.51.100.%d", i+1))
	}
	return z
}

func plain(t *testing.T, cfg Config) *LAN {
	cfg.NSS = WithoutMcdns
	if cfg.Zone == nil {
		cfg.Zone = zone()
	}
	if cfg.Hosts == 0 {
		cfg.Hosts = 1
	}
	return Start(t, cfg)
}

func TestEightHostsAreUpWithinASecond(t *testing.T) {
	Need(t)
	begin := time.Now()
	plain(t, Config{Hosts: 8})
	if took := time.Since(begin); took > time.Second {
		t.Errorf("8 hosts took %v; want less than 1s", took)
	}
}

func TestProgramsLookNamesUp(t *testing.T) {
	h := plain(t, Config{}).Hosts[0]
	cases := []struct {
		name, result string
		addrs        []string
	}{
		{"www.example", "OK", []string{"192.0.2.7", "2001:db8::7"}},
		{"four.example", "OK", []string{"192.0.2.8"}},
		{"six.example", "OK", []string{"2001:db8::9"}},
		{"alias.example", "OK", []string{"192.0.2.7", "2001:db8::7"}},
		{"nope.example", "NONAME", nil},
		{"192.0.2.7", "OK", []string{"www.example"}},
		{"192.0.2.99", "NONAME", nil},
	}
	var names []string
	for _, c := range cases {
		names = append(names, c.name)
	}
	got := lookups(t, h, names...)
	for i, c := range cases {
		if got[i].Result != c.result || !slices.Equal(got[i].Addrs, c.addrs) {
			t.Errorf("%s: got %s %v; want %s %v", c.name, got[i].Result, got[i].Addrs, c.result, c.addrs)
		}
	}
	if got := lookups(t, h, "many.example")[0]; len(got.Addrs) != 60 {
		t.Errorf("many.example, which needs TCP: got %d addresses (%s); want 60", len(got.Addrs), got.Result)
	}
	if out, err := h.Command("getent", "hosts", "four.example").Output(); err != nil || !strings.HasPrefix(string(out), "192.0.2.8 ") {
		t.Errorf("getent: got %q, %v; want 192.0.2.8", out, err)
	}
}

func lookups(t *testing.T, h *Host, names ...string) []Lookup {
	t.Helper()
	var all []Lookup
	if err := h.Lookups(names, 1, func(l Lookup) { all = append(all, l) }); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestFilesAreTheHostsOwn(t *testing.T) {
	l := plain(t, Config{Hosts: 2})
	if err := l.Hosts[0].SetResolvConf("nameserver 192.0.2.1\n"); err != nil {
		t.Fatal(err)
	}
	if err := l.Hosts[0].SetNSS("files"); err != nil {
		t.Fatal(err)
	}
	want := map[string][2]string{
		"/etc/resolv.conf":                   {"nameserver 192.0.2.1\n", l.ResolvConf()},
		"/etc/nsswitch.conf":                 {nsswitch("files"), nsswitch(WithoutMcdns)},
		"/etc/hostname":                      {"h1\n", "h2\n"},
		"/proc/sys/kernel/hostname":          {"h1\n", "h2\n"},
		"/proc/sys/kernel/random/boot_id":    {read(l.Hosts[0].dir+"/boot_id") + "\n", read(l.Hosts[1].dir+"/boot_id") + "\n"},
		"/proc/sys/net/ipv4/tcp_fin_timeout": {"60\n", "60\n"}, // the machine shows through elsewhere
	}
	for path, texts := range want {
		for i, text := range texts {
			if got, err := l.Hosts[i].Command("cat", path).Output(); err != nil || string(got) != text {
				t.Errorf("%s on h%d: got %q, %v; want %q", path, i+1, got, err, text)
			}
		}
	}
	for _, dir := range []string{"/run", "/etc/mcdns", "/var/lib/mcdns"} {
		if err := l.Hosts[0].Command("touch", dir+"/mine").Run(); err != nil {
			t.Errorf("touch in %s: %v", dir, err)
		}
		if _, err := os.Stat(l.Hosts[0].Path(dir + "/mine")); err != nil {
			t.Errorf("Path: %v", err)
		}
		if err := l.Hosts[1].Command("test", "-e", dir+"/mine").Run(); err == nil {
			t.Errorf("h2 sees the file of h1 in %s", dir)
		}
	}
}

// What the lab's hosts write stays with them. The tests of this package are
// themselves inside: only the lab's own mount namespace can be compared here,
// which sees the machine's /etc and /var/lib.
func TestMachineStaysAsItWas(t *testing.T) {
	Need(t)
	look := func() string {
		var b strings.Builder
		for _, path := range []string{"/etc", "/var/lib", "/etc/nsswitch.conf", "/etc/resolv.conf", "/etc/hosts"} {
			s, err := os.Stat(path)
			if err != nil {
				fmt.Fprintln(&b, path, "absent")
				continue
			}
			fmt.Fprintln(&b, path, s.Size(), s.ModTime(), read(path))
		}
		interfaces, _ := net.Interfaces()
		mounts := strings.Count(read("/proc/self/mountinfo"), "\n")
		fmt.Fprintln(&b, len(interfaces), "interfaces", mounts, "mounts")
		return b.String()
	}
	before := look()
	l := plain(t, Config{Hosts: 2})
	for _, path := range []string{"/etc/mcdns-test", "/var/lib/mcdns-test"} {
		if err := l.Hosts[0].Command("touch", path).Run(); err != nil {
			t.Errorf("touch %s on a host: %v", path, err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if after := look(); after != before {
		t.Errorf("the machine has changed from\n%s\nto\n%s", before, after)
	}
	if _, err := os.Stat(root + "/" + fmt.Sprint(l.serial)); err == nil {
		t.Error("a closed LAN leaves its files")
	}
}

func TestClosedLANLeavesNoProcess(t *testing.T) {
	l := plain(t, Config{Hosts: 1})
	h := l.Hosts[0]
	// The child of a child, in a session of its own, with no parent.
	if err := h.Command("/bin/sh", "-c", "setsid sleep 1000 & exit 0").Run(); err != nil {
		t.Fatal(err)
	}
	if pids, err := h.processes(); err != nil || len(pids) == 0 {
		t.Fatalf("the host has processes %v, %v; want the sleep", pids, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if pids, err := h.processes(); err != nil || len(pids) != 0 {
		t.Errorf("processes %v, %v outlive the LAN", pids, err)
	}
}

func TestCloseTwiceIsHarmless(t *testing.T) {
	l := plain(t, Config{})
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Error(err)
	}
}

// eventually waits for a condition that the kernel or a program brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for begin := time.Now(); !ok(); <-tick.C {
		if time.Since(begin) > time.Minute { // patience, and no promise: streams through a closed port take ten seconds
			t.Fatalf("not within a minute: %s", what)
		}
	}
}
