package dns

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

const (
	budget = 64 << 20
	seed   = 6
)

// A filled node was asked for random names.
type filled struct {
	status        node.Status
	memory        uint64 // at most
	popular, hits int
	took          time.Duration
}

// fill lets programs ask a node for random names, and for fifty popular ones
// among them.
func fill(t testing.TB, names int) (f filled) {
	r := rand.New(rand.NewPCG(seed, 0))
	a := &asker{t: t, now: time.Hour, node: node.New(node.Config{Self: wire.Peer{ID: 1, Epoch: 1}, Rand: r, Version: "test"})}
	set := node.Defaults()
	set.Servers, set.CacheBytes, set.FetchAhead = serverList("s1"), budget, false
	a.node.Handle(a.now, node.Configure{Settings: set})
	before, begin := heapBytes(), time.Now()
	for i := range names {
		a.ask(fmt.Sprintf("%x.%x.example", r.Uint64(), r.Uint32()))
		if i%100 == 0 {
			f.popular++
			if a.ask(fmt.Sprintf("popular%d.example", i/100%50)) {
				f.hits++
			}
		}
		if i%100_000 == 99_999 {
			f.memory = max(f.memory, heapBytes()-before)
		}
	}
	f.took, f.status = time.Since(begin), a.node.Status(a.now)
	return f
}

// An asker asks a node whose server always answers.
type asker struct {
	t    testing.TB
	node *node.Node
	now  time.Duration
	id   uint64
}

// ask reports whether the name was held.
func (a *asker) ask(name string) (hit bool) {
	a.id++
	a.now += 50 * time.Microsecond
	q, err := dns.NewQuestion(name, dns.TypeA)
	if err != nil {
		a.t.Fatal(err)
	}
	var ids []uint64
	for _, e := range a.node.Handle(a.now, node.Lookup{ID: a.id, Question: q}) {
		switch e := e.(type) {
		case node.Ask:
			ids = append(ids, e.ID)
		case node.Respond:
			hit = e.Result.Source == node.FromCache
		}
	}
	for _, id := range ids {
		a.node.Handle(a.now, node.Replied{Ask: id, Answer: address(a.t, q)})
	}
	return hit
}

// TestAMillionNamesStayWithinTheBudget: what the node holds in memory stays
// within the configured bytes and 10 percent, and the names asked for all the
// time stay. Under the race detector they are 200,000, which is more than fits
// as well.
func TestAMillionNamesStayWithinTheBudget(t *testing.T) {
	f := fill(t, 1_000_000/share)
	s := f.status
	t.Logf("in %v: %d entries held, %d bytes counted, %d bytes of memory at most; budget %d (seed %d)", f.took.Round(time.Millisecond), s.Entries, s.Bytes, f.memory, budget, seed)
	if s.Bytes > budget || f.memory > budget*11/10 {
		t.Errorf("%d bytes counted, %d of memory; want %d and 10 %% at most", s.Bytes, f.memory, budget)
	}
	if s.Bytes < budget*9/10 {
		t.Errorf("only %d bytes are used of %d", s.Bytes, budget)
	}
	if f.hits < f.popular*9/10 {
		t.Errorf("%d of %d questions for popular names were hits; want 90 %%", f.hits, f.popular)
	}
}

// BenchmarkBounds prints what the tests hold: the memory of a million random
// names, and the time and memory of the largest hostile replies.
func BenchmarkBounds(b *testing.B) {
	b.Run("a million names", func(b *testing.B) {
		for b.Loop() {
			f := fill(b, 1_000_000/share)
			b.ReportMetric(float64(f.memory)/(1<<20), "MiB")
			b.ReportMetric(100*float64(f.memory)/budget, "%-of-budget")
			b.ReportMetric(float64(f.status.Entries), "entries")
		}
	})
	q, _ := dns.NewQuestion("www.example.", dns.TypeA)
	for _, h := range hostileReplies() {
		b.Run("hostile reply/"+h.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dns.ParseReply(q, h.bytes)
			}
		})
	}
}

func heapBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// address is the answer of a server to any question for an address, long-lived.
func address(t testing.TB, q dns.Question) *dns.Answer {
	p := dns.AppendQuery(nil, q, 0, false)
	p[2], p[3], p[7] = 0x81, 0x80, 1
	p = append(p, 0xC0, 12, 0, byte(q.Type), 0, 1, 0, 0, 0x0E, 0x10, 0, 4, 192, 0, 2, 1)
	a, err := dns.ParseReply(q, p)
	if err != nil {
		a, err = dns.ParseAnswer(q, dns.RcodeSuccess, []string{". 3600 IN SOA a. b. 1 2 3 4 3600"})
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}
