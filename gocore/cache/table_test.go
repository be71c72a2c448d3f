package cache

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// The values are those of the hash of Python 3.11 and of Rust's SipHasher13 for
// the same bytes.
func TestHashIsSipHash(t *testing.T) {
	key := Key{0x0706050403020100, 0x0f0e0d0c0b0a0908}
	for q, want := range map[dns.Question]uint64{
		{Name: ".", Type: 6}:                                                  0xdd227c41ff378241,
		{Name: "www.example.org.", Type: 1}:                                   0x3eaddb45e12905f1,
		{Name: "a.b.", Type: 28, Flags: dns.DO}:                               0x649eea91383c540f,
		{Name: "0123456789abcdef.example.", Type: 33, Flags: dns.DO | dns.CD}: 0x47ea5f4e76eac0f0,
	} {
		if got := key.Hash(q); got != want {
			t.Errorf("%v: got %#x; want %#x", q, got, want)
		}
	}
}

// TestTableFindsWhatItHolds: over several chunks, and as it grows and shrinks.
func TestTableFindsWhatItHolds(t *testing.T) {
	const seed, names = 3, 4000
	r := rand.New(rand.NewPCG(seed, 0))
	table, held := newTable(Key{1, 2}), map[dns.Question]bool{}
	answers := some(t, names)
	for step := range 40_000 {
		q := answers[r.IntN(names)]
		n := table.find(q.Question)
		if (n != 0) != held[q.Question] {
			t.Fatalf("seed %d, step %d: found %v, held %v", seed, step, n != 0, held[q.Question])
		}
		grows := step/10_000%2 == 0 // and shrinks the next ten thousand
		switch {
		case n == 0 && (grows || r.IntN(4) == 0):
			table.add(slot{answer: q})
			held[q.Question] = true
		case n != 0 && (!grows || r.IntN(4) == 0):
			table.remove(n)
			delete(held, q.Question)
		}
		if table.len() != len(held) || len(table.heads) != max(1, len(held)) || len(table.chunks) != 1+len(held)/chunk {
			t.Fatalf("seed %d, step %d: %d slots in %d chunks, %d heads; want %d slots", seed, step, table.len(), len(table.chunks), len(table.heads), len(held))
		}
	}
	for _, a := range answers {
		if n := table.find(a.Question); (n != 0) != held[a.Question] || n != 0 && table.at(n).answer != a {
			t.Errorf("seed %d: %v is not found as it is held", seed, a.Question)
		}
	}
}

// TestNothingThatIsSeenDependsOnTheKey: it is another in each run, and a run
// must repeat from its seed.
func TestNothingThatIsSeenDependsOnTheKey(t *testing.T) {
	const seed = 5
	run := func(key Key) (order []string) {
		r := rand.New(rand.NewPCG(seed, 0))
		c := New(64<<10, key, keeping(func(q dns.Question) bool { return q.Hash()%4 == 0 }))
		for i := range 3000 {
			name := fmt.Sprintf("n%d.example.", r.IntN(1000))
			a := answerFor(t, name, one, time.Hour, dns.Birth{Peer: anna, Clock: at + time.Duration(i)})
			_, dropped := c.Put(at+time.Duration(i), Arrival{Answer: a, From: anna}, limits)
			order = append(order, fmt.Sprint(dropped))
			c.Touch(at, dns.Question{Name: fmt.Sprintf("n%d.example.", r.IntN(1000)), Type: dns.TypeA})
		}
		c.All(func(e Entry) bool { order = append(order, e.Answer.Question.Name); return true })
		c.Changed(0, func(e Entry) { order = append(order, e.Answer.Question.Name) })
		return order
	}
	if !slices.Equal(run(Key{}), run(Key{7, 8})) {
		t.Errorf("seed %d: two keys, two runs", seed)
	}
}

// The 32 bits of a slot count 4 billion changes: then all that came before is
// one, told again to whoever asks from before.
func TestChangesAreCountedOn(t *testing.T) {
	c := newCache()
	first := told(t, anna, one, time.Hour, 0)
	c.Put(at, first, limits)
	mark := c.Changed(0, func(Entry) {})
	c.changes = math.MaxUint32
	for _, name := range []string{"b.example.", "c.example."} {
		a := answerFor(t, name, one, time.Hour, dns.Birth{Peer: anna, Clock: at})
		c.Put(at, Arrival{Answer: a, From: anna}, limits)
	}
	var names []string
	next := c.Changed(mark, func(e Entry) { names = append(names, e.Answer.Question.Name) })
	if len(names) != 3 || c.Changed(next, func(Entry) { names = nil }) != next || names == nil {
		t.Errorf("told %v after the count went round; want all three, once", names)
	}
	c.Put(at, Arrival{Answer: answerFor(t, "d.example.", one, time.Hour, dns.Birth{Peer: anna, Clock: at})}, limits)
	names = nil
	if c.Changed(next, func(e Entry) { names = append(names, e.Answer.Question.Name) }); len(names) != 1 {
		t.Errorf("told %v; want the latest alone", names)
	}
}

// TestFloodOfPeersLeavesNothingBehind: a hostile member that takes a new id for
// each answer it tells.
func TestFloodOfPeersLeavesNothingBehind(t *testing.T) {
	c := New(64<<10, Key{}, keeping(func(dns.Question) bool { return false }))
	for i := range 20_000 {
		a := answerFor(t, fmt.Sprintf("n%d.example.", i), one, time.Hour, dns.Birth{Peer: anna, Clock: at})
		c.Put(at, Arrival{Answer: a, From: wire.Peer{ID: uint64(i) + 1, Epoch: 1}}, limits)
		if c.Bytes() > c.limit {
			t.Fatalf("%d bytes held; the budget is %d", c.Bytes(), c.limit)
		}
	}
	if used, all := c.origins.used(), len(c.origins.all); used != c.Len() || all > 2*used+100 {
		t.Errorf("%d entries have %d origins of %d; want as many, and not twice as many places", c.Len(), used, all)
	}
	c.All(func(e Entry) bool {
		if name := fmt.Sprintf("n%d.example.", e.From.ID-1); name != e.Answer.Question.Name {
			t.Errorf("%v is said to be of peer %d", e.Answer.Question, e.From.ID)
		}
		return true
	})
}

// TestCopyIsApart: what a copy takes in or drops is not seen in what it was made
// of, nor the other way round.
func TestCopyIsApart(t *testing.T) {
	keeps := func(dns.Question) bool { return false }
	answers := some(t, 2*chunk+10)
	c := New(1<<30, Key{}, keeping(keeps))
	for _, a := range answers {
		c.Put(at, Arrival{Answer: a, From: anna}, limits)
	}
	for _, a := range answers[chunk : chunk+20] {
		c.Drop(a.Question) // now a chunk is spare
	}
	other := c.Copy(keeping(keeps))
	for _, a := range answers[:100] {
		other.Drop(a.Question)
	}
	for _, side := range []*Cache{c, other} {
		for i, a := range some(t, 4*chunk)[3*chunk:] {
			b := *a
			b.Question.Name = fmt.Sprintf("%p%d.", side, i)
			side.Put(at, Arrival{Answer: &b, From: bert}, limits)
		}
	}
	for side, want := range map[*Cache]int{c: 100, other: 0} {
		found := 0
		for _, a := range answers[:100] {
			if side.Get(at, a.Question).Answer == a {
				found++
			}
		}
		for i := range chunk {
			if q := (dns.Question{Name: fmt.Sprintf("%p%d.", side, i), Type: dns.TypeA}); !side.Get(at, q).Held() {
				t.Fatalf("%v is not found", q)
			}
		}
		if found != want {
			t.Errorf("%d of 100 answers are held that the copy dropped; want %d", found, want)
		}
	}
}
