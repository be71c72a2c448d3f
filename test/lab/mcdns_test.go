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
	z, names := numbered(21, longTTL)
	l := mcdnsLAN(t, Config{Hosts: 4, Zone: z, Program: BuiltIn})
	if bad := wrong(z, lookups(t, l.Hosts[0], names...)); bad != nil {
		t.Fatalf("first lookups: %q", bad)
	}
	l.awaitEntries(t, 2*len(names))
	// One question may be several packets: mcdnsd repeats it where the reply is
	// late. The last name is only the end of those: they were sent before it.
	names = names[:20]
	first := l.Server.Queries()
	for _, h := range l.Hosts {
		if bad := wrong(z, lookups(t, h, names...)); bad != nil {
			t.Errorf("%s: %q", h.Name, bad)
		}
	}
	for _, name := range names {
		before, after := about(first, name), about(l.Server.Queries(), name)
		if len(after) != len(before) {
			t.Errorf("the server was asked for %s when every host held it: %v", name, after[len(before):])
		}
		for _, q := range after {
			if q.From != l.Hosts[0].Addr {
				t.Errorf("%v asked the server for %s; want h1 alone, which looked it up first", q.From, name)
			}
		}
	}
}

// about keeps the questions for a name.
func about(all []Query, name string) (of []Query) {
	for _, q := range all {
		if strings.EqualFold(q.Name, dns.Fqdn(name)) {
			of = append(of, q)
		}
	}
	return of
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
				if bad := wrong(z, h.LookupsAwake(t, names...)); bad != nil {
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

// killUnderLoad wants no lookup lost while the daemon of h1 is killed. The module
// waits 250 ms for a sign of life: a round in which this busy machine took
// longer than 200 ms to start the daemon is void, and, where there is no server to
// go on to, one in which the daemon got no turn for as long as the module waits.
func killUnderLoad(t *testing.T, l *LAN, names []string) {
	for range 3 {
		lost, late, slowest := killRound(l, names)
		if lost == nil && late == nil {
			return
		}
		if lost != nil && slowest < 200*time.Millisecond {
			t.Fatalf("lost, with the daemon back within %v: %q", slowest, lost)
		}
		t.Logf("void: a start took %v; lost: %q; given up after %v or more: %q", slowest, lost, silence, late)
	}
	t.Error("three rounds on a machine too busy to start a daemon within 200 ms, or to give it a turn")
}

// killRound kills ten times under a loop of getent, and returns the lookups
// lost, those the module gave up with no server to go on to, and the slowest start.
func killRound(l *LAN, names []string) (lost, late []string, slowest time.Duration) {
	const kills, between = 10, 5
	h := l.Hosts[0]
	type end struct {
		complaint string
		took      time.Duration
	}
	lookup := make(chan end, between) // lookups go on during a start
	go func() {
		defer close(lookup)
		for i := range kills * between {
			begin := time.Now()
			complaint := getent(l, h, names[i%len(names)])
			lookup <- end{complaint, time.Since(begin)}
		}
	}()
	for i := range kills * between {
		if end := <-lookup; end.complaint != "" && end.took >= silence && !l.Server.Host.Powered() {
			late = append(late, end.complaint)
		} else if end.complaint != "" {
			lost = append(lost, end.complaint)
		}
		if i%between > 0 {
			continue
		}
		begin := time.Now()
		h.Mcdnsd.Kill()
		if err := h.Mcdnsd.Ready(readyTime); err != nil {
			lost = append(lost, err.Error())
		}
		slowest = max(slowest, time.Since(begin))
	}
	return lost, late, slowest
}

// getent returns what is wrong with a lookup by getent; "" for nothing.
func getent(l *LAN, h *Host, name string) string {
	out, err := h.Command("getent", "ahosts", name).CombinedOutput()
	if got := firstFields(string(out)); err == nil && slices.Equal(got, l.Zone.Addresses(name)) {
		return ""
	}
	return fmt.Sprintf("%s: %v, %q", name, err, out)
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
	if one, two := l.Server.Count(names[0], dns.TypeA), second.Count(names[0], dns.TypeA); one != 0 || two == 0 {
		t.Errorf("the first server was asked %d times, the second %d times; want the second alone", one, two)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
