package node

import (
	"fmt"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/lookup"
	"mcdns/gocore/wire"
)

// by asks for somebody of the host, who is no other than query's.
func (n *testNode) by(asker uint32, name string) func() *Result {
	n.nextID++
	id := n.nextID
	n.handle(Lookup{ID: id, Question: question(name), Asker: asker})
	return func() *Result { return n.results[id] }
}

// TestOneAskerStarvesNobody: whatever one asks for, there is room for the next to wait.
func TestOneAskerStarvesNobody(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	l.dead = true
	for i := range 2 * lookup.MaxPending {
		n.by(1, fmt.Sprintf("x%d.example.", i))
	}
	if got := n.waits().Pending; got > lookup.MaxPending/2 {
		t.Errorf("%d questions of one asker wait; want %d at most", got, lookup.MaxPending/2)
	}
	for i := range 100 {
		if r := n.by(2, fmt.Sprintf("y%d.example.", i))(); r != nil {
			t.Fatalf("another asker's question %d did not find room to wait", i)
		}
	}
	l.run(time.Minute)
	if n.waits().Askers+n.waits().Pending > 1 { // a probe's
		t.Errorf("%d questions of %d askers are left", n.waits().Pending, n.waits().Askers)
	}
}

// TestOneAskersFloodKeepsNobodyFromTheGroup: in an outage names that a peer holds are
// found, whatever another user of the host asks for.
func TestOneAskersFloodKeepsNobodyFromTheGroup(t *testing.T) {
	l := outage(t, 2)
	n := l.nodes[0]
	const names = 50
	for i := range names {
		a := l.positive(fmt.Sprintf("held%d.example.", i), "203.0.113.7", dns.Birth{Peer: dns.Peer{ID: 500, Epoch: 1}})
		l.nodes[1].handle(Restore{[]Entry{{Answer: a, Age: 2 * time.Hour, Place: 7}}})
	}
	l.sent = nil
	began := l.now
	failed, flood := 0, 0
	for i := range names {
		r := n.by(2, fmt.Sprintf("held%d.example.", i))
		for range 100 { // 2,000 new names a second
			for range 2 {
				n.by(1, fmt.Sprintf("x%d.example.", flood))
				flood++
			}
			l.run(time.Millisecond)
		}
		if got := r(); got == nil || got.Answer == nil {
			failed++
		}
	}
	if failed > 0 {
		t.Errorf("%d of %d names that a peer holds failed beside 2,000 names a second of another asker", failed, names)
	}
	got, most := len(take[*wire.Query](l, n)), queryRate*(1+(l.now-began).Seconds())
	if float64(got) > most {
		t.Errorf("%d QUERYs; want %.0f at most", got, most)
	}
}
