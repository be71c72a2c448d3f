package dns

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// TestAMillionNamesStayWithinTheBudget lets programs ask for a million random
// names: what the node holds in memory stays within the configured bytes and 10
// percent, and the names asked for all the time stay. Under the race detector
// they are 200,000, which is more than fits as well.
func TestAMillionNamesStayWithinTheBudget(t *testing.T) {
	const budget, names, seed = 64 << 20, 1_000_000 / share, 6
	r := rand.New(rand.NewPCG(seed, 0))
	n := node.New(node.Config{Self: wire.Peer{ID: 1, Epoch: 1}, Rand: r, Version: "test"})
	set := newWorld(t).set
	set.CacheBytes = budget
	now := time.Hour
	n.Handle(now, node.Configure{Settings: set})
	before := heapBytes()
	asked := uint64(0)
	ask := func(name string) bool {
		asked++
		now += 50 * time.Microsecond
		q, err := wire.NewQuestion(name, wire.TypeA)
		if err != nil {
			t.Fatal(err)
		}
		hit := false
		var ids []uint64
		for _, e := range n.Handle(now, node.Query{ID: asked, Question: q}) {
			switch e := e.(type) {
			case node.Ask:
				ids = append(ids, e.ID)
			case node.Respond:
				hit = e.Result.Source == node.FromCache
			}
		}
		for _, id := range ids {
			n.Handle(now, node.Replied{Ask: id, Answer: address(t, q)})
		}
		return hit
	}
	popular, hits := 0, 0
	most := uint64(0)
	begin := time.Now()
	for i := range names {
		ask(fmt.Sprintf("%x.%x.example", r.Uint64(), r.Uint32()))
		if i%100 == 0 {
			popular++
			if ask(fmt.Sprintf("popular%d.example", i/100%50)) {
				hits++
			}
		}
		if i%100_000 == 99_999 {
			most = max(most, heapBytes()-before)
		}
	}
	took := time.Since(begin)
	s := n.Status(now)
	t.Logf("%d names in %v: %d entries held, %d bytes counted, %d bytes of memory at most; budget %d (seed %d)", names, took.Round(time.Millisecond), s.Entries, s.Bytes, most, budget, seed)
	if s.Bytes > budget || most > budget*11/10 {
		t.Errorf("%d bytes counted, %d of memory; want %d and 10 %% at most", s.Bytes, most, budget)
	}
	if s.Bytes < budget*9/10 {
		t.Errorf("only %d bytes are used of %d", s.Bytes, budget)
	}
	if hits < popular*9/10 {
		t.Errorf("%d of %d questions for popular names were hits; want 90 %%", hits, popular)
	}
	runtime.KeepAlive(n)
}

func heapBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// address is the answer of a server to any question for an address, long-lived.
func address(t *testing.T, q wire.Question) *wire.Answer {
	p := wire.AppendQuery(nil, q, 0, false)
	p[2], p[3], p[7] = 0x81, 0x80, 1
	p = append(p, 0xC0, 12, 0, byte(q.Type), 0, 1, 0, 0, 0x0E, 0x10, 0, 4, 192, 0, 2, 1)
	a, err := wire.ParseReply(q, p)
	if err != nil {
		a, err = wire.ParseAnswer(q, wire.RcodeSuccess, []string{". 3600 IN SOA a. b. 1 2 3 4 3600"})
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}
