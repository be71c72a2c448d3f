package parity

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"mcdns/test/checks"
	"mcdns/test/lab"
)

// own is what a machine, or one process of it, has of its own: a name in each of two
// search domains tells which resolv.conf was asked by.
const own = `
www.a.example. 3600 IN A 192.0.2.1
www.b.example. 3600 IN A 192.0.2.2
`

type ownHost struct {
	*lab.Host
	t   *testing.T
	lan *lab.LAN
}

// newOwn is a host with dns behind mcdns, and a DNS server with the name.
func newOwn(t *testing.T) ownHost {
	t.Helper()
	zone := lab.NewZone(time.Hour)
	if err := zone.Parse(strings.NewReader(own)); err != nil {
		t.Fatal(err)
	}
	l := lab.Start(t, lab.Config{Hosts: 1, NSS: "mcdns [!UNAVAIL=return] dns", Zone: zone, Number: 75, NoKey: true, Program: lab.BuiltIn})
	return ownHost{l.Hosts[0], t, l}
}

// sh runs a script on the host, with $SERVER.
func (h ownHost) sh(script string, args ...string) string {
	h.t.Helper()
	cmd := h.Command("sh", append([]string{"-euc", script, "sh"}, args...)...)
	cmd.Env = append(cmd.Env, "SERVER="+h.lan.Server.Host.Addr.String())
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.t.Fatalf("%v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

func (h ownHost) resolvConf(text string) string {
	return "nameserver " + h.lan.Server.Host.Addr.String() + "\n" + text
}

// await waits until the host's lookup of www gives an address.
func (h ownHost) await(want, why string) {
	h.t.Helper()
	last := ""
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if last = h.sh(`getent ahostsv4 www | sed 's/ .*//;q'`); last == want {
			return
		}
	}
	h.t.Errorf("%s: www is still %q; want %s", why, last, want)
}

// TestScriptThatWritesResolvConfGetsTheNewAnswer in its next line, however the file
// is written: each text has as many bytes as the one before.
func TestScriptThatWritesResolvConfGetsTheNewAnswer(t *testing.T) {
	h := newOwn(t)
	for _, way := range []string{"cat >/etc/resolv.conf", "cat >/etc/new; mv /etc/new /etc/resolv.conf"} {
		out := h.sh(`
			for i in $(seq 50); do
				for domain in a b; do
					printf 'nameserver %s\nsearch %s.example\n' $SERVER $domain | { ` + way + `; }
					getent ahostsv4 www >/run/out || true
					read address rest </run/out && echo $domain $address || echo $domain none
				done
			done`)
		right := strings.Count(out, "a 192.0.2.1") + strings.Count(out, "b 192.0.2.2")
		checks.Add(t, "lookups in the line after resolv.conf was written ("+way+"): new answers", "100 of 100",
			fmt.Sprintf("%d of 100", right), right == 100)
	}
}

// TestProgramWithAnotherResolvConfGoesOnToDns: one in a mount namespace or root of its
// own. A copy with the same size and time is the same.
func TestProgramWithAnotherResolvConfGoesOnToDns(t *testing.T) {
	h := newOwn(t)
	if err := h.SetResolvConf(h.resolvConf("search a.example\n")); err != nil {
		t.Fatal(err)
	}
	h.await("192.0.2.1", "at the start")
	h.sh(`printf 'nameserver %s\nsearch b.example\n' $SERVER >/run/other; cp -p /etc/resolv.conf /run/copy`)
	const inside = `unshare -m sh -euc 'mount --bind $1 /etc/resolv.conf; getent ahostsv4 www | sed "s/ .*//;q"' sh `
	if got := h.sh(inside + "/run/other"); got != "192.0.2.2" {
		t.Errorf("with another resolv.conf: got %q; want 192.0.2.2", got)
	}
	h.await("192.0.2.1", "beside it")
	if err := h.lan.Server.PowerOff(); err != nil { // only mcdns answers now
		t.Fatal(err)
	}
	if got := h.sh(inside + "/run/copy"); got != "192.0.2.1" {
		t.Errorf("with a copy: got %q; want 192.0.2.1", got)
	}
	if got := h.sh(`mv /etc/resolv.conf /etc/away; getent ahostsv4 www | sed 's/ .*//;q'; mv /etc/away /etc/resolv.conf`); got != "" {
		t.Errorf("without resolv.conf: got %q; want nothing: there is no search domain", got)
	}
	h.await("192.0.2.1", "when it is back")
}

// TestMountsOverFilesAreSeen: a file that a container's runtime or an administrator
// puts over resolv.conf or mcdnsd.conf, and a tmpfs over what a link leads to.
func TestMountsOverFilesAreSeen(t *testing.T) {
	h := newOwn(t)
	h.sh(`printf 'nameserver %s\nsearch a.example\n' $SERVER >/etc/resolv.conf; printf 'nameserver %s\nsearch b.example\n' $SERVER >/run/other`)
	h.await("192.0.2.1", "at the start")
	h.sh(`mount --bind /run/other /etc/resolv.conf`)
	h.await("192.0.2.2", "a bind mount over resolv.conf")
	h.sh(`printf 'nameserver %s\nsearch a.example\n' $SERVER >/run/other`)
	h.await("192.0.2.1", "the mounted file is written to")
	h.sh(`umount /etc/resolv.conf; printf 'nameserver %s\nsearch b.example\n' $SERVER >/etc/resolv.conf`)
	h.await("192.0.2.2", "the mount is gone")

	h.sh(`mkdir /run/stub; printf 'nameserver %s\nsearch a.example\n' $SERVER >/run/stub/resolv.conf; ln -sf /run/stub/resolv.conf /etc/resolv.conf`)
	h.await("192.0.2.1", "a link")
	h.sh(`mount -t tmpfs tmpfs /run/stub; printf 'nameserver %s\nsearch b.example\n' $SERVER >/run/stub/resolv.conf`)
	h.await("192.0.2.2", "a tmpfs over the link's directory")
	h.sh(`umount /run/stub`)
	h.await("192.0.2.1", "the tmpfs is gone")

	conf := func() string {
		s, err := h.Status()
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(s.Warnings)
	}
	h.sh(`printf '[cache]\nno_such_key = 1\n' >/run/conf; touch /etc/mcdns/mcdnsd.conf; mount --bind /run/conf /etc/mcdns/mcdnsd.conf`)
	for end := time.Now().Add(20 * time.Second); !strings.Contains(conf(), "no_such_key"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("a bind mount over mcdnsd.conf is not seen: %s", conf())
		}
	}
}

// TestHostnameSetAfterTheStartIsSearched, as glibc searches the domain in it where
// resolv.conf names none.
func TestHostnameSetAfterTheStartIsSearched(t *testing.T) {
	h := newOwn(t)
	if err := h.SetResolvConf(h.resolvConf("")); err != nil {
		t.Fatal(err)
	}
	for domain, want := range map[string]string{"a.example": "192.0.2.1", "b.example": "192.0.2.2"} {
		name := "host." + domain
		err := h.Do(func() error { return os.WriteFile("/proc/sys/kernel/hostname", []byte(name), 0) })
		if err != nil {
			t.Fatal(err)
		}
		h.await(want, "host name "+name)
	}
}

// TestThousandsOfAddressesAllCome, as they do with nss-dns.
func TestThousandsOfAddressesAllCome(t *testing.T) {
	h := newOwn(t)
	for i := range 3500 {
		h.lan.Zone.Name("huge.example", fmt.Sprintf("10.%d.%d.%d", 1+i/62500, i/250, i%250+1))
	}
	for service, want := range map[string]string{"mcdns": "3500", "dns": "3500"} {
		got := h.sh(`getent -s hosts:$1 ahostsv4 huge.example | grep -c STREAM`, service)
		checks.Add(t, "addresses of a name with 3500, by "+service, want, got, got == want)
	}
}
