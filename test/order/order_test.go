package order

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mcdns/daemon/control"
	"mcdns/test/checks"
	"mcdns/test/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

// whole says that every way of A is wanted ("make order") and not only the short part.
var whole = os.Getenv("MCDNS_TEST_ORDER") != ""

// A way is how A behaves. While it answers within the wait of a second, no name may
// reach B; where it does not, B's word must not outlast the trouble.
type way struct {
	title string
	enter func(a *lab.Server) error
	// within: A answers each name in time. fails: it fails as glibc counts it, so that
	// B's answers are as good as with nss-dns.
	within, quick bool
}

const ms = time.Millisecond

var ways = []way{
	{"0 ms", slow(0), true, false},
	{"60 ms", slow(60 * ms), true, true},
	{"100 ms", slow(100 * ms), true, false},
	{"400 ms", slow(400 * ms), true, true},
	{"800 ms", slow(800 * ms), true, false},
	{"3 s", slow(3 * time.Second), false, false},
	{"loses 1 %", lose(0.01), true, false},
	{"loses 20 %", lose(0.2), true, false},
	{"silent 0.3 s", silent(300 * ms), true, false},
	{"silent 2 s", silent(2 * time.Second), false, false},
	{"SERVFAIL", (*lab.Server).ServFail, false, false},
	{"refused", (*lab.Server).Refuse, false, true},
	{"dead", (*lab.Server).PowerOff, false, false},
	{"back", (*lab.Server).On, true, false},
}

func slow(d time.Duration) func(*lab.Server) error {
	return func(a *lab.Server) error { return a.Slow(d) }
}

func lose(share float64) func(*lab.Server) error {
	return func(a *lab.Server) error { return a.Lose(share) }
}

// silent says nothing for a while, and answers again.
func silent(d time.Duration) func(*lab.Server) error {
	return func(a *lab.Server) error {
		time.AfterFunc(d, func() { a.On() })
		return a.Freeze()
	}
}

// pair is a LAN with A and B, two hosts with mcdns and one with nss-dns, all of which
// ask A first.
type pair struct {
	*lab.LAN
	t               *testing.T
	a, b            *lab.Server
	own, peer, bare *lab.Host
	other           *lab.Zone // what B says
	next            int
}

func newPair(t *testing.T) *pair {
	t.Helper()
	l := lab.Start(t, lab.Config{Hosts: 3, Servers: 2, Program: lab.BuiltIn})
	p := &pair{LAN: l, t: t, a: l.Servers[0], b: l.Servers[1], own: l.Hosts[0], peer: l.Hosts[1], bare: l.Hosts[2], other: lab.NewZone(time.Minute)}
	p.must(p.b.Knows(p.other), p.b.Slow(ms), l.WaitPeers(), p.bare.SetNSS(lab.WithoutMcdns), p.bare.Mcdnsd.Stop())
	return p
}

func (p *pair) must(errs ...error) {
	p.t.Helper()
	for _, err := range errs {
		if err != nil {
			p.t.Fatal(err)
		}
	}
}

// names makes names that A knows. B denies every other one, and gives the rest an
// address of its own.
func (p *pair) names(n int) (names []string) {
	for range n {
		p.next++
		name := fmt.Sprintf("n%d.corp.example", p.next)
		p.Zone.Name(name, fmt.Sprintf("192.0.2.%d", p.next%250+1))
		if p.next%2 == 0 {
			p.other.Name(name, "203.0.113.66")
		}
		names = append(names, name)
	}
	return names
}

// row is what became of the lookups of one host.
type row struct {
	Right  int     `json:"right"`
	Of     int     `json:"of"`
	WorstS float64 `json:"worst_s"`
	AtB    int     `json:"names_at_b"`
	wrong  []string
}

// look looks names up one after another.
func (p *pair) look(h *lab.Host, names []string) (r row) {
	before := time.Now()
	err := h.Lookups(names, 1, func(l lab.Lookup) {
		r.Of++
		r.WorstS = max(r.WorstS, l.Took.Seconds())
		if l.Result == "OK" && slices.Equal(l.Addrs, p.Zone.Addresses(l.Name)) {
			r.Right++
		} else {
			r.wrong = append(r.wrong, fmt.Sprintf("%s: %s %v after %v", l.Name, l.Result, l.Addrs, l.Took))
		}
	})
	if err != nil {
		p.t.Error(err)
	}
	r.AtB = len(p.atB(h, before))
	return r
}

// atB lists the names that a host asks B for after a time and did not before: with a
// name that B gave itself it is probed (PROTOCOL 5.6), and knows nothing new.
func (p *pair) atB(h *lab.Host, since time.Time) (names []string) {
	known := map[string]bool{".": true}
	for _, q := range p.b.Queries() {
		name := strings.ToLower(q.Name)
		if q.From != h.Addr || known[name] {
			continue
		}
		known[name] = true
		if q.At.After(since) {
			names = append(names, name)
		}
	}
	return names
}

// healed waits until the host asks A, and A answers.
func (p *pair) healed(h *lab.Host) {
	p.t.Helper()
	for begin := time.Now(); ; time.Sleep(200 * ms) {
		if r := p.look(h, p.names(1)); r.Right == 1 && r.AtB == 0 {
			return
		}
		if time.Since(begin) > 40*time.Second {
			p.t.Fatalf("%s does not come back to A", h.Name)
		}
	}
}

// over waits until the host says nothing more of B's about names. What it lends lives for
// lentFor, and what is B's after that stays wrong. `mcdns query` is asked, for nothing
// else shows what is lent: it is in no cache.
func (p *pair) over(names []string) {
	p.t.Helper()
	const lentFor = 5 * time.Second
	for begin := time.Now(); ; time.Sleep(50 * ms) {
		if !slices.ContainsFunc(names, p.saysB) || time.Since(begin) > lentFor {
			return
		}
	}
}

// saysB reports whether the host's daemon says of a name what B says.
func (p *pair) saysB(name string) bool {
	answer, err := p.own.Query(name)
	p.must(err)
	return slices.ContainsFunc(answer.Results, func(r control.Result) bool {
		return r.Origin != nil && strings.HasPrefix(r.Server, p.b.Host.Addr.String())
	})
}

// result is a line of the table.
type result struct {
	Way    string `json:"a"`
	Bare   row    `json:"nss_dns"`
	Mcdns  row    `json:"mcdns"`
	After  row    `json:"mcdns_after"`
	OnPeer row    `json:"peer_after"`
}

const namesPerWay = 6

// try has the daemon start with A in its way, looks names up on both hosts at the
// same time, and, A being well again, on the host and its peer.
func (p *pair) try(w way) (r result) {
	p.t.Helper()
	names, first := p.names(namesPerWay), p.names(2)
	p.must(p.own.Mcdnsd.Stop(), w.enter(p.a), p.own.Mcdnsd.Start(), p.own.Mcdnsd.Ready(20*time.Second))
	var over sync.WaitGroup
	over.Go(func() { r.Bare = p.look(p.bare, slices.Concat(first, names)) })
	over.Go(func() { r.Mcdns = p.look(p.own, slices.Concat(first, names)) })
	over.Wait()
	p.must(p.a.On())
	p.healed(p.own)
	p.healed(p.peer)
	p.over(names)
	r.Way, r.After, r.OnPeer = w.title, p.look(p.own, names), p.look(p.peer, names)
	return r
}

func TestOrderOfTheServersIsKept(t *testing.T) {
	p := newPair(t)
	var report checks.Report
	if whole {
		report = *checks.New("order")
	}
	want := func(name string, of, got int, ok bool) {
		if !ok {
			t.Errorf("%s: got %d; want %d", name, got, of)
		}
		report.Want(name, of, got, ok)
	}
	var all []result
	for _, w := range ways {
		if !whole && !w.quick {
			continue
		}
		r := p.try(w)
		all = append(all, r)
		t.Logf("A %s: %+v", w.title, r)
		if w.within {
			want("A "+w.title+": names that are right", r.Mcdns.Of, r.Mcdns.Right, r.Mcdns.Right == r.Mcdns.Of)
			want("A "+w.title+": names that B was asked for", 0, r.Mcdns.AtB, r.Mcdns.AtB == 0)
		}
		want("A "+w.title+": right on the host afterwards", r.After.Of, r.After.Right, r.After.Right == r.After.Of)
		want("A "+w.title+": right on its peer afterwards", r.OnPeer.Of, r.OnPeer.Right, r.OnPeer.Right == r.OnPeer.Of)
	}
	text := table(all)
	t.Log(text)
	if whole {
		report.Set("ways", all)
		if err := report.Write(filepath.Join(lab.Top(), "build", "order.json")); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(filepath.Join(lab.Top(), "build", "order.txt"), []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// table sets mcdns beside nss-dns.
func table(all []result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-14s %28s %28s %16s\n", "A", "nss-dns: right, slowest, at B", "mcdns: right, slowest, at B", "after, on peer")
	for _, r := range all {
		fmt.Fprintf(&b, "%-14s %28s %28s %16s\n", r.Way, r.Bare.text(), r.Mcdns.text(), fmt.Sprintf("%d, %d of %d", r.After.Right, r.OnPeer.Right, r.After.Of))
	}
	return b.String()
}

func (r row) text() string {
	return fmt.Sprintf("%d of %d, %.2f s, %d", r.Right, r.Of, r.WorstS, r.AtB)
}
