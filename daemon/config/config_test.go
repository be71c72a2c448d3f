package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"mcdns/daemon/upstream"
)

func TestSettingsAreTakenAsWritten(t *testing.T) {
	text := `# a comment
; another
[group]
group4 = 224.0.0.200
group6=ff02::200
port = 7354
interfaces = eth0, wlan0
key-file = /tmp/k
[servers]
servers = 192.0.2.53 [2001:db8::53]:5353, Corp.Example: 10.0.0.1 [fd00::1]:5353, lab.example:10.9.0.1,
fallback = 9.9.9.9
tls = strict
tls_names = 192.0.2.53#dns.Example, 2001:db8::53#dns.example
[cache]
fetch_ahead = no
size = 16MiB
min_ttl = 5
max_ttl = 12h
negative_ttl = 1m
stale = 2w
save = no
[sharing]
no_share = Corp.Example, *.lan
local_only = bank.example
tell_name = no
[names]
forward = test, .
stop_rebinding = yes
hosts = yes
private_names = corp.example
[programs]
beyond = yes
[listener]
listen = 127.0.0.53 [::1]:5353
beyond = yes
[metrics]
listen = 127.0.0.1 [::1]:9100
beyond = yes
[log]
level = debug
`
	got := Default()
	if w := Parse(&got, "f", []byte(text)); len(w) > 0 {
		t.Fatalf("warnings: %v", w)
	}
	want := Config{
		Group: Group{
			Group4: netip.MustParseAddr("224.0.0.200"), Group6: netip.MustParseAddr("ff02::200"), Port: 7354,
			Interfaces: []string{"eth0", "wlan0"}, KeyFile: "/tmp/k",
		},
		Cache: Cache{
			Size: 16 << 20, MinTTL: 5 * time.Second, MaxTTL: 12 * time.Hour, NegativeTTL: time.Minute,
			MaxStale: 14 * 24 * time.Hour, Save: "no",
		},
		Names: Names{
			Forward: []string{"test.", "."}, StopRebinding: true, Hosts: true, PrivateNames: []string{"corp.example."},
			NoShare: []string{"corp.example.", "lan."}, LocalOnly: []string{"bank.example."},
		},
		Servers:  []netip.AddrPort{netip.MustParseAddrPort("192.0.2.53:53"), netip.MustParseAddrPort("[2001:db8::53]:5353")},
		Fallback: []netip.AddrPort{netip.MustParseAddrPort("9.9.9.9:53")},
		Routes: []Route{
			{"corp.example.", []netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:53"), netip.MustParseAddrPort("[fd00::1]:5353")}},
			{"lab.example.", []netip.AddrPort{netip.MustParseAddrPort("10.9.0.1:53")}},
		},
		TLS:            upstream.TLSStrict,
		TLSNames:       map[netip.Addr]string{netip.MustParseAddr("192.0.2.53"): "dns.example", netip.MustParseAddr("2001:db8::53"): "dns.example"},
		ProgramsBeyond: true,
		Listen:         []netip.AddrPort{netip.MustParseAddrPort("127.0.0.53:53"), netip.MustParseAddrPort("[::1]:5353")}, ListenBeyond: true,
		Metrics: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:9753"), netip.MustParseAddrPort("[::1]:9100")}, MetricsBeyond: true,
		Level: slog.LevelDebug,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestBadLinesAreNamedAndChangeNothing(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"route without a server", "[servers]\nservers = corp.example:\n", `f:2: servers.servers: "corp.example:" has a domain without a server, more than 8 servers for one, or more than 64 domains; ignored`},
		{"route of the root", "[servers]\nservers = .: 192.0.2.1\n", `f:2: servers.servers: ".: 192.0.2.1" is no list of addresses and domains with theirs (as in 192.0.2.53, corp.example: 10.0.0.1 10.0.0.2); ignored`},
		{"route without a comma", "[servers]\nservers = auto corp.example: 10.0.0.1\n", `f:2: servers.servers: "auto corp.example: 10.0.0.1" is not a list of addresses (as in 192.0.2.53 or [2001:db8::53]:5353); ignored`},
		{"address that is none", "[servers]\nservers = 192.0.2.300:53\n", `f:2: servers.servers: "192.0.2.300:53" is no list of addresses and domains with theirs (as in 192.0.2.53, corp.example: 10.0.0.1 10.0.0.2); ignored`},
		{"tls", "[servers]\ntls = maybe\n", `f:2: servers.tls: "maybe" is none of no, opportunistic, strict; ignored`},
		{"tls name", "[servers]\ntls_names = 192.0.2.1\n", `f:2: servers.tls_names: "192.0.2.1" is not a list of addresses and names (as in 192.0.2.53#dns.example); ignored`},
		{"fallback name", "[servers]\nfallback = 192.0.2.1#\n", `f:2: servers.fallback: "192.0.2.1#" is not a list of addresses, some with names (as in 192.0.2.53 192.0.2.1#dns.example); ignored`},
		{"fallback by name alone", "[servers]\nfallback = dns.example\n", `f:2: servers.fallback: "dns.example" is not a list of addresses (as in 192.0.2.53 or [2001:db8::53]:5353); ignored`},
		{"yes or no", "[names]\nstop_rebinding = 1\n", `f:2: names.stop_rebinding: "1" is neither yes nor no; ignored`},
		{"not a size", "[cache]\nsize = 64mb", `f:2: cache.size: "64mb" is not a size (as in 64MiB); ignored`},
		{"too small", "[cache]\nsize = 1", `f:2: cache.size: "1" is not between 1MiB and 16GiB; ignored`},
		{"too large", "[cache]\nsize = 999999999GiB", `f:2: cache.size: "999999999GiB" is not between 1MiB and 16GiB; ignored`},
		{"not a time", "[cache]\nstale = soon", `f:2: cache.stale: "soon" is not a time (as in 30s, 15m, 12h, 3d); ignored`},
		{"negative time", "[cache]\nstale = -1s", `f:2: cache.stale: "-1s" is not a time (as in 30s, 15m, 12h, 3d); ignored`},
		{"too long", "[cache]\nmin_ttl = 1d", `f:2: cache.min_ttl: "1d" is more than 3600s; ignored`},
		{"unknown key", "[cache]\nsise = 1", `f:2: "sise" is no setting of [cache]; ignored`},
		{"unknown section", "[cash]\nsize = 1\nx = 2", `f:1: "[cash]" is no section; its lines are ignored`},
		{"empty section", "[]\nsize = 1", `f:1: "[]" is no section; its lines are ignored`},
		{"no section", "size = 1", `f:1: "size = 1" stands before the first [section]; ignored`},
		{"no value", "[cache]\nsize", `f:2: "size" is neither [section] nor key = value; ignored`},
		{"port 0", "[group]\nport = 0", `f:2: group.port: "0" is not a port; ignored`},
		{"port too high", "[group]\nport = 65536", `f:2: group.port: "65536" is not a port; ignored`},
		{"unicast group", "[group]\ngroup4 = 192.0.2.1", `f:2: group.group4: "192.0.2.1" is not an IPv4 multicast address; ignored`},
		{"routed group", "[group]\ngroup4 = 239.1.1.1", `f:2: group.group4: "239.1.1.1" is not link-local: 224.0.0.0/24 is (RFC 5771); ignored`},
		{"wide group", "[group]\ngroup6 = ff05::1", `f:2: group.group6: "ff05::1" is not a link-local IPv6 multicast address (ff02::/16); ignored`},
		{"server name", "[servers]\nservers = dns.example", `f:2: servers.servers: "dns.example" is not a list of addresses (as in 192.0.2.53 or [2001:db8::53]:5353); ignored`},
		{"key file", "[group]\nkey_file = k", `f:2: group.key_file: "k" is not an absolute path; ignored`},
		{"level", "[log]\nlevel = loud", `f:2: log.level: "loud" is none of error, warn, notice, info, debug; ignored`},
		{"nine servers", "[servers]\nservers = 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1", `f:2: servers.servers: "1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1...." has more than 8 addresses; ignored`},
		{"nine addresses", "[listener]\nlisten = ::1 ::1 ::1 ::1 ::1 ::1 ::1 ::1 ::1\n", `f:2: listener.listen: "::1 ::1 ::1 ::1 ::1 ::1 ::1 ::1 ::1" has more than 8 addresses; ignored`},
		{"too many bytes", "[cache]\nsize = 17179869185", `f:2: cache.size: "17179869185" is not between 1MiB and 16GiB; ignored`},
		{"more than any number", "[cache]\nsize = 99999999999999999999G", `f:2: cache.size: "99999999999999999999G" is not between 1MiB and 16GiB; ignored`},
		{"too many seconds", "[cache]\nstale = 31536001", `f:2: cache.stale: "31536001" is more than 31536000s; ignored`},
		{"longer than any time", "[cache]\nstale = 99999999999999999999w", `f:2: cache.stale: "99999999999999999999w" is more than 31536000s; ignored`},
		{"signed", "[cache]\nstale = +1", `f:2: cache.stale: "+1" is not a time (as in 30s, 15m, 12h, 3d); ignored`},
		{"binary", "\x7fELF\x00\x00", "f: is not text; using what is set elsewhere"},
		{"latin-1", "[cache]\n# gr\xf6\xdfe", "f: is not text; using what is set elsewhere"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := Default()
			w := Parse(&got, "f", []byte(c.text))
			if len(w) != 1 || w[0].String() != c.want {
				t.Errorf("got %v; want [%s]", w, c.want)
			}
			if !reflect.DeepEqual(got, Default()) {
				t.Errorf("got %+v; want the defaults", got)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDropInsWinInTheOrderOfTheirNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mcdnsd.conf")
	write(t, path, "[group]\nport = 1000\n[cache]\nstale = 1d\n")
	write(t, path+".d/20-b.conf", "[group]\nport = 1020\n")
	write(t, path+".d/10-a.conf", "[group]\nport = 1010\n[cache]\nmin_ttl = 7\n")
	write(t, path+".d/.hidden.conf", "[group]\nport = 1\n")
	write(t, path+".d/30-c.conf.dpkg-old", "[group]\nport = 2\n")
	c, w, _ := Load(path)
	if len(w) != 0 || c.Port != 1020 || c.MinTTL != 7*time.Second || c.MaxStale != 24*time.Hour {
		t.Errorf("got port %d, min_ttl %v, stale %v, %v", c.Port, c.MinTTL, c.MaxStale, w)
	}
}

func TestDaemonStartsOnAnyFile(t *testing.T) {
	cases := map[string]func(t *testing.T, path string){
		"absent":    func(*testing.T, string) {},
		"directory": func(t *testing.T, path string) { write(t, path+"/x", "") },
		"fifo": func(t *testing.T, path string) {
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"huge":     func(t *testing.T, path string) { write(t, path, strings.Repeat("# x\n", 1<<20)) },
		"binary":   func(t *testing.T, path string) { write(t, path, strings.Repeat("\x00\xff[group]\n", 1000)) },
		"nonsense": func(t *testing.T, path string) { write(t, path, strings.Repeat("nonsense\n", 10000)) },
		"dangling": func(t *testing.T, path string) {
			if err := os.Symlink("nowhere", path); err != nil {
				t.Fatal(err)
			}
		},
		"loop": func(t *testing.T, path string) {
			if err := os.Symlink(filepath.Base(path), path); err != nil {
				t.Fatal(err)
			}
		},
		"drop-in is a file": func(t *testing.T, path string) { write(t, path+".d", "[group]\n") },
		"drop-in is a directory": func(t *testing.T, path string) {
			write(t, path+".d/x.conf/y", "")
		},
		"1000 drop-ins": func(t *testing.T, path string) {
			for i := range 1000 {
				write(t, fmt.Sprintf("%s.d/%d.conf", path, i), "bad")
			}
		},
	}
	for name, make := range cases {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "mcdnsd.conf")
			make(t, path)
			c, w, _ := Load(path)
			if !reflect.DeepEqual(c, Default()) {
				t.Errorf("got %+v; want the defaults", c)
			}
			if len(w) > maxDropIns+maxWarnings {
				t.Errorf("%d warnings", len(w))
			}
			silent := name == "absent" || name == "dangling" || name == "drop-in is a file"
			if silent != (len(w) == 0) {
				t.Errorf("got warnings %v", w)
			}
		})
	}
}

// TestFailureOfTheMachineIsNoConfiguration: the file cannot be read just now, and
// what it would say is not known.
func TestFailureOfTheMachineIsNoConfiguration(t *testing.T) {
	for _, file := range []string{"mcdnsd.conf", "mcdnsd.conf.d/x.conf"} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "mcdnsd.conf.d/y.conf"), "[group]\nport = 1000\n")
		if err := os.Symlink("/proc/self/mem", filepath.Join(dir, file)); err != nil { // nothing is mapped at 0: EIO
			t.Fatal(err)
		}
		if c, w, err := Load(filepath.Join(dir, "mcdnsd.conf")); !errors.Is(err, syscall.EIO) || c.Port != 1000 || len(w) != 0 {
			t.Errorf("%s: got port %d, %v, %v; want what can be read, and EIO", file, c.Port, w, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("[group]\nport=1\ninterfaces = a b\n[cache]\nsize=64MiB\n")
	f.Add("[sharing]\nno_share = a.b c\\.d\n[servers]\nservers=[::1]:53\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := Default()
		w := Parse(&c, "f", []byte(text))
		if len(w) > maxWarnings+1 {
			t.Fatalf("%d warnings", len(w))
		}
		if c.Size < minSize || c.Port == 0 || !c.Group4.IsLinkLocalMulticast() || !c.Group6.IsLinkLocalMulticast() ||
			c.MinTTL < 0 || c.MaxTTL < 0 || c.MaxStale < 0 || !filepath.IsAbs(c.KeyFile) {
			t.Fatalf("got %+v", c)
		}
	})
}

func TestFallbackServersMayHaveANameToProve(t *testing.T) {
	c := Default()
	if w := Parse(&c, "f", []byte("[servers]\nfallback = 192.0.2.1#DNS.example. [2001:db8::1]:8853#two.example 192.0.2.2\n")); len(w) != 0 {
		t.Fatal(w)
	}
	one, two, three := netip.MustParseAddrPort("192.0.2.1:53"), netip.MustParseAddrPort("[2001:db8::1]:8853"), netip.MustParseAddrPort("192.0.2.2:53")
	if want := []netip.AddrPort{one, two, three}; !reflect.DeepEqual(c.Fallback, want) {
		t.Errorf("got %v; want %v", c.Fallback, want)
	}
	if want := map[netip.AddrPort]string{one: "dns.example", two: "two.example"}; !reflect.DeepEqual(c.Verified, want) {
		t.Errorf("got %v; want %v", c.Verified, want)
	}
}

func TestServersAreForAllNamesOrForADomain(t *testing.T) {
	cases := []struct{ value, want string }{
		{"auto", "[] []"},
		{"", "[] []"},
		{"auto 2001:db8::53\t192.0.2.53", "[[2001:db8::53]:53 192.0.2.53:53] []"},
		{"corp.example: 10.0.0.1", "[] [{corp.example. [10.0.0.1:53]}]"},
		{"auto, corp.example: 10.0.0.1 10.0.0.2", "[] [{corp.example. [10.0.0.1:53 10.0.0.2:53]}]"},
		{"corp.example:10.0.0.1, 192.0.2.53", "[192.0.2.53:53] [{corp.example. [10.0.0.1:53]}]"},
		{"corp.example : 10.0.0.1,192.0.2.53, 192.0.2.54", "[192.0.2.53:53 192.0.2.54:53] [{corp.example. [10.0.0.1:53]}]"},
		{"a.example: 10.0.0.1, b.example: fd00::1, a.example: 10.0.0.2", "[] [{a.example. [10.0.0.1:53 10.0.0.2:53]} {b.example. [[fd00::1]:53]}]"},
		{"2001:db8::53 [2001:db8::54]:54, 10.in-addr.arpa: [fd00::1]:54", "[[2001:db8::53]:53 [2001:db8::54]:54] [{10.in-addr.arpa. [[fd00::1]:54]}]"},
	}
	for _, c := range cases {
		got := Config{Routes: []Route{{Domain: "of.what.was.read.before."}}}
		w := Parse(&got, "f", []byte("[servers]\nservers = "+c.value))
		if s := fmt.Sprint(got.Servers, got.Routes); s != c.want || len(w) > 0 {
			t.Errorf("%q: got %s %v; want %s", c.value, s, w, c.want)
		}
	}
}

func TestTimesAndSizesAreTakenUpToTheirBounds(t *testing.T) {
	got := Default()
	w := Parse(&got, "f", []byte("[cache]\nstale = 2592000\nsize = 17179869184\n"))
	if len(w) != 0 || got.MaxStale != 30*24*time.Hour || got.Size != 16<<30 {
		t.Errorf("got %v, %d, %v; want 30 days and 16 GiB", got.MaxStale, got.Size, w)
	}
}
