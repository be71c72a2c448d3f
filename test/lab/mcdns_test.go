package lab

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// The tests of this file run the real mcdnsd under the real module.

// longTTL outlasts every test: what a host asks for twice is asked once.
const longTTL = time.Hour

func numbered(n int, ttl time.Duration) (*Zone, []string) {
	z := NewZone(ttl)
	var names []string
	for i := range n {
		name := fmt.Sprintf("n%d.example", i)
		z.Name(name, fmt.Sprintf("192.0.2.%d", i+1), fmt.Sprintf("2001:db8::%x", i+1))
		names = append(names, name)
	}
	return z, names
}

// wrong lists the lookups that do not say what the zone says.
func wrong(z *Zone, got []Lookup) (bad []string) {
	for _, l := range got {
		if l.Result != "OK" || !slices.Equal(l.Addrs, z.Addresses(l.Name)) {
			bad = append(bad, fmt.Sprintf("%s: %s %v after %v", l.Name, l.Result, l.Addrs, l.Took))
		}
	}
	return bad
}

// mcdnsLAN is a LAN whose hosts hear each other.
func mcdnsLAN(t *testing.T, cfg Config) *LAN {
	t.Helper()
	l := Start(t, cfg)
	if err := l.WaitPeers(); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestServerSeesEachNameOncePerLAN(t *testing.T) {
	z, names := numbered(20, longTTL)
	l := mcdnsLAN(t, Config{Hosts: 4, Zone: z, Program: BuiltIn})
	if bad := wrong(z, lookups(t, l.Hosts[0], names...)); bad != nil {
		t.Fatalf("first lookups: %q", bad)
	}
	l.awaitEntries(t, 2*len(names))
	for _, h := range l.Hosts {
		if bad := wrong(z, lookups(t, h, names...)); bad != nil {
			t.Errorf("%s: %q", h.Name, bad)
		}
	}
	for _, name := range names {
		if n := l.Server.Count(name, dns.TypeA); n != 1 {
			t.Errorf("the server was asked %d times for %s; want once", n, name)
		}
	}
}

// awaitEntries waits until every host with power holds so many answers.
func (l *LAN) awaitEntries(t *testing.T, n int) {
	t.Helper()
	for _, h := range l.Hosts {
		eventually(t, fmt.Sprintf("%s holds %d answers", h.Name, n), func() bool {
			s, err := h.Status()
			return !h.Powered() || err == nil && s.Cache.Entries >= n
		})
	}
}

func TestNamesOutliveTheirServer(t *testing.T) {
	const ttl = time.Second
	for _, end := range []string{"powered off", "frozen", "refusing", "answering SERVFAIL"} {
		t.Run(end, func(t *testing.T) {
			z, names := numbered(20, ttl)
			l := mcdnsLAN(t, Config{Hosts: 4, Zone: z, Program: BuiltIn})
			for i, h := range l.Hosts {
				share := names[i*5 : i*5+5]
				if bad := wrong(z, lookups(t, h, share...)); bad != nil {
					t.Fatalf("first lookups on %s: %q", h.Name, bad)
				}
			}
			l.awaitEntries(t, 2*len(names))
			must(t, l.Server.end(end))
			eventually(t, "TTLs are over", func() bool { return l.allStale(2 * len(names)) })
			must(t, l.Hosts[0].PowerOff())
			must(t, l.Hosts[1].PowerOff())
			for _, h := range l.Hosts[2:] {
				if bad := wrong(z, lookups(t, h, names...)); bad != nil {
					t.Errorf("%s: %q", h.Name, bad)
				}
			}
		})
	}
}

func (s *Server) end(how string) error {
	switch how {
	case "powered off":
		return s.PowerOff()
	case "frozen":
		return s.Freeze()
	case "refusing":
		return s.Refuse()
	default:
		return s.ServFail()
	}
}

func (l *LAN) allStale(n int) bool {
	for _, h := range l.Hosts {
		if s, err := h.Status(); err != nil || s.Cache.Stale < n {
			return false
		}
	}
	return true
}

func TestKilledDaemonLosesNoLookup(t *testing.T) {
	z, names := numbered(20, longTTL)
	l := mcdnsLAN(t, Config{Hosts: 3, Zone: z})
	for _, h := range l.Hosts {
		if bad := wrong(z, lookups(t, h, names...)); bad != nil {
			t.Fatalf("first lookups: %q", bad)
		}
	}
	t.Run("with the server alive", func(t *testing.T) { killUnderLoad(t, l, names) })
	must(t, l.Server.PowerOff())
	t.Run("with the server dead", func(t *testing.T) { killUnderLoad(t, l, names) })
}

// killUnderLoad kills the daemon of h1 ten times under a loop of getent, each
// time after five lookups.
func killUnderLoad(t *testing.T, l *LAN, names []string) {
	const kills, between = 10, 5
	h := l.Hosts[0]
	lookup, bad := make(chan struct{}), make(chan []string)
	go func() {
		var all []string
		for i := range kills * between {
			name := names[i%len(names)]
			out, err := h.Command("getent", "ahosts", name).CombinedOutput()
			if got := firstFields(string(out)); err != nil || !slices.Equal(got, l.Zone.Addresses(name)) {
				all = append(all, fmt.Sprintf("%s: %v, %q", name, err, out))
			}
			lookup <- struct{}{}
		}
		bad <- all
	}()
	for i := range kills * between {
		<-lookup
		if i%between == 0 {
			h.Mcdnsd.Kill()
		}
	}
	if bad := <-bad; bad != nil {
		t.Errorf("%d of %d lookups failed under %d SIGKILLs: %q", len(bad), kills*between, kills, bad)
	}
}

func firstFields(out string) []string {
	var words []string
	for line := range strings.Lines(out) {
		words = append(words, strings.Fields(line)[0])
	}
	slices.Sort(words)
	return slices.Compact(words)
}

func TestAbsentDaemonLeavesLookupsToDNS(t *testing.T) {
	z, names := numbered(3, longTTL)
	l := Start(t, Config{Hosts: 1, Zone: z})
	d := l.Hosts[0].Mcdnsd
	// The limits are those of the module, and what the DNS server takes.
	check := func(what string, limit time.Duration) {
		t.Helper()
		best := time.Hour
		for range 3 {
			for _, got := range lookups(t, l.Hosts[0], names...) {
				if bad := wrong(z, []Lookup{got}); bad != nil {
					t.Errorf("%s: %q", what, bad)
				}
				best = min(best, got.Took)
			}
		}
		if best > limit {
			t.Errorf("%s: the best lookup took %v; want at most %v", what, best, limit)
		}
	}
	d.Freeze()
	check("frozen", 250*time.Millisecond+answerDelay+20*time.Millisecond)
	d.Thaw()
	check("thawed", answerDelay)
	d.KillForGood()
	check("dead behind its socket", 250*time.Millisecond+answerDelay+20*time.Millisecond)
	must(t, d.Stop())
	check("stopped", 2*time.Millisecond+answerDelay+20*time.Millisecond)
}

func TestWithoutKeyHostsShareNothing(t *testing.T) {
	z, names := numbered(5, longTTL)
	l := Start(t, Config{Hosts: 2, Zone: z, NoKey: true, Switch: true})
	if bad := wrong(z, lookups(t, l.Hosts[0], names...)); bad != nil {
		t.Fatalf("first lookups: %q", bad)
	}
	must(t, l.Server.PowerOff())
	if bad := wrong(z, lookups(t, l.Hosts[0], names...)); bad != nil {
		t.Errorf("h1 forgot what it had itself: %q", bad)
	}
	for _, got := range lookups(t, l.Hosts[1], names[0]) {
		if got.Result != "AGAIN" {
			t.Errorf("h2 knows %s, which only h1 has looked up: %s %v", got.Name, got.Result, got.Addrs)
		}
	}
	for _, h := range l.Hosts {
		if s, err := h.Status(); err != nil || s.Group.State != "solo" {
			t.Errorf("%s: group is %q, %v; want solo", h.Name, s.Group.State, err)
		}
		out, err := h.Command(l.cfg.Binaries.Mcdns, "status").CombinedOutput()
		if !strings.Contains(string(out), "solo") {
			t.Errorf("mcdns status does not say solo: %s, %v", out, err)
		}
	}
}

func TestNewResolvConfIsFollowed(t *testing.T) {
	z, names := numbered(2, longTTL)
	l := Start(t, Config{Hosts: 1, Servers: 2, Zone: z, Program: BuiltIn})
	h := l.Hosts[0]
	second := l.Servers[1]
	must(t, h.SetResolvConf("nameserver "+second.Host.Addr.String()+"\n"))
	eventually(t, "the second server alone is known", func() bool {
		s, err := h.Status()
		return err == nil && len(s.Servers) == 1 && strings.HasPrefix(s.Servers[0].Addr, second.Host.Addr.String())
	})
	if bad := wrong(z, lookups(t, h, names...)); bad != nil {
		t.Fatalf("got %q", bad)
	}
	if one, two := l.Server.Count(names[0], dns.TypeA), second.Count(names[0], dns.TypeA); one != 0 || two != 1 {
		t.Errorf("the first server was asked %d times, the second %d times; want 0 and 1", one, two)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
