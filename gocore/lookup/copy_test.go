package lookup

import (
	"reflect"
	"testing"

	"mcdns/gocore/dns"
)

// TestCopyWaitsForTheSame: what a copy does with its own wait changes nothing of the first.
func TestCopyWaitsForTheSame(t *testing.T) {
	q := dns.Question{Name: "a.example.", Type: dns.TypeA}
	l := New(Config{})
	p := &pending{q: q, asker: 3, made: 7, waiters: []waiter{{id: 1}, {id: 2}}, subs: []uint64{subBit | 9}, subsAsked: 1}
	l.pending[q], l.numbered[7], l.waiting[1], l.waiting[2], l.asking[3] = p, p, p, p, 1
	l.subs[subBit|9] = sub{asker: 7, question: q}
	c := l.Copy(Config{})
	if !reflect.DeepEqual(l, c) {
		t.Fatalf("a copy waits for something else:\n%+v\n%+v", l, c)
	}
	if c.waiting[1] != c.pending[q] || c.waiting[2] != c.numbered[7] {
		t.Error("a copy has two of one question that waits")
	}
	c.pending[q].waiters[0].id, c.pending[q].subs[0] = 5, 6
	delete(c.subs, subBit|9)
	c.asking[3]++
	if p.waiters[0].id != 1 || p.subs[0] != subBit|9 || len(l.subs) != 1 || l.asking[3] != 1 {
		t.Errorf("what a copy does is done to the first: %+v", p)
	}
}
