package cases_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/miekg/dns"

	"mcdns/test/lab"
	"mcdns/test/sim/cases"
)

func TestMain(m *testing.M) { lab.Main(m) }

// real is what a lookup through the C library on a busy machine may take
// longer than the simulated one.
const real = time.Second

// TestLabAgreesWithSimulator runs the common table on real hosts. The
// simulator's half is TestCommonCases in test/sim/figures.
func TestLabAgreesWithSimulator(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute: TTLs must run out")
	}
	z := lab.NewZone(cases.TTL)
	for i := range cases.Table {
		z.Name(name(i), "192.0.2.1", "2001:db8::1")
		z.Name(other(i), "192.0.2.2", "2001:db8::2")
	}
	l := lab.Start(t, lab.Config{Hosts: cases.Hosts, Zone: z, Switch: true, Program: lab.BuiltIn})
	for i, c := range cases.Table {
		t.Run(c.Name, func(t *testing.T) { play(t, l, i, c) })
	}
}

func name(i int) string  { return fmt.Sprintf("case%d.example", i) }
func other(i int) string { return fmt.Sprintf("other%d.example", i) }

func play(t *testing.T, l *lab.LAN, i int, c cases.Case) {
	calm(t, l, i)
	must(t, l.SetFaults(lab.Faults{Loss: c.Loss}))
	asks := l.Hosts[c.Asks]
	held := entries(t, asks)
	for _, h := range c.Known {
		if got := lookup(t, l.Hosts[h], name(i)); got.Result != "OK" {
			t.Fatalf("%s did not get to know the name: %+v", l.Hosts[h].Name, got)
		}
	}
	if len(c.Known) > 0 && c.Loss == 0 { // with loss, who heard it will show
		eventually(t, asks.Name+" has heard both answers", func() bool { return entries(t, asks) >= held+2 })
	}
	must(t, end(l.Server, c.Server))
	for _, h := range c.Killed {
		must(t, l.Hosts[h].PowerOff())
	}
	if c.Expired {
		pass(2 * cases.TTL)
	}
	asked := l.Server.Count(name(i), dns.TypeA)
	if c.Server == cases.Back {
		must(t, l.Server.On())
		eventually(t, asks.Name+" knows that the server is back", func() bool { return up(asks) })
	}
	got := asks.LookupsAwake(t, name(i))[0]
	if answered := got.Result == "OK"; answered != c.Answered || got.Took > c.Within+real {
		t.Errorf("got %s after %v; want answered %v within %v", got.Result, got.Took, c.Answered, c.Within)
	}
	if c.Server == cases.Back && l.Server.Count(name(i), dns.TypeA) == asked {
		t.Error("the server is back and was not asked; want a new answer")
	}
}

// calm mends everything that the case before broke.
func calm(t *testing.T, l *lab.LAN, i int) {
	must(t, l.SetFaults(lab.Faults{}))
	must(t, l.Server.On())
	for _, h := range l.Hosts {
		if !h.Powered() {
			must(t, h.PowerOn())
		}
	}
	must(t, l.WaitReady())
	must(t, l.WaitPeers())
	for _, h := range l.Hosts {
		eventually(t, h.Name+" knows that the server is back", func() bool {
			lookup(t, h, other(i))
			return up(h)
		})
	}
}

func up(h *lab.Host) bool {
	s, err := h.Status()
	return err == nil && s.Upstream == "up"
}

func entries(t *testing.T, h *lab.Host) int {
	t.Helper()
	s, err := h.Status()
	must(t, err)
	return s.Cache.Entries
}

func end(s *lab.Server, how cases.Server) error {
	switch how {
	case cases.Off, cases.Back:
		return s.PowerOff()
	case cases.Refuses:
		return s.Refuse()
	case cases.Fails:
		return s.ServFail()
	}
	return nil
}

func lookup(t *testing.T, h *lab.Host, name string) (got lab.Lookup) {
	t.Helper()
	must(t, h.Lookups([]string{name}, 1, func(l lab.Lookup) { got = l }))
	return got
}

// pass lets real time pass: TTLs run out by nothing else.
func pass(d time.Duration) { <-time.After(d) }

func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for until := time.Now().Add(60 * time.Second); !so(); pass(50 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("a minute on, it is not so that %s", what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
