package node

import (
	"testing"
	"time"
)

// What failed before this host slept failed at another time, perhaps in another network;
// half a minute is no sleep.
func TestFailuresFromBeforeASleepAreForgotten(t *testing.T) {
	for away, kept := range map[time.Duration]bool{absence - time.Second: true, 2 * absence: false} {
		l := newLAN(t, 1)
		l.settle()
		n, q := l.nodes[0], question("gone.example.")
		n.handle(Wake{})
		for range 10 { // five minutes then
			n.fails(l.now, q)
		}
		due, ok := n.NextWake(n.clock())
		if !ok {
			t.Fatal("nothing is due")
		}
		n.off = true
		l.run(due - n.clock() + away)
		n.off, n.wakeAt = false, 0
		n.handle(Wake{})
		if got := n.failedLately(n.clock(), q); got != kept {
			t.Errorf("asleep for %v: remembered %v; want %v", away, got, kept)
		}
	}
}
