package node

import (
	"slices"
	"time"
)

// A timer is plain data: what is to be done (timed.go), and with what. A node can so be
// copied, printed and compared while it waits.
type timer struct {
	at   time.Duration
	made uint64 // timers of one time run in the order they were made
	kind timerKind
	of   uint8 // its kind to the room that set it
	// key is the number of what it is for, gen which of several it is, or since when: one
	// that is no longer wanted finds no such thing, or another, and does nothing.
	key, gen uint64
}

// timers are never cancelled. Those whose kind can tell that they are over are
// thrown out when the heap has doubled, or a flood of lookups, each over in
// milliseconds, would leave ten seconds' worth of deadlines behind.
type timers struct {
	heap  []timer // the next one first
	made  uint64
	limit int
}

// minTimers may always wait: below, throwing out is not worth the walk.
const minTimers = 1024

// after has t run once d has passed.
func (n *Node) after(now, d time.Duration, t timer) {
	q := &n.timers
	q.made++
	if len(q.heap) >= max(q.limit, minTimers) {
		q.heap = slices.DeleteFunc(q.heap, func(t timer) bool {
			over := timed[t.kind].over
			return over != nil && over(n, t)
		})
		for i := len(q.heap)/2 - 1; i >= 0; i-- {
			q.sink(i)
		}
		q.limit = 2 * len(q.heap)
	}
	t.at, t.made = now+max(d, 0), q.made
	q.push(t)
}

// runTimers runs what is due. What a timer sets for now itself runs too.
func (n *Node) runTimers(now time.Duration) {
	for len(n.timers.heap) > 0 && n.timers.heap[0].at <= now {
		t := n.timers.pop()
		timed[t.kind].run(n, now, t)
	}
}

func (t *timers) next() (time.Duration, bool) {
	if len(t.heap) == 0 {
		return 0, false
	}
	return t.heap[0].at, true
}

// The heap is written out: container/heap hands each timer around as an interface,
// which costs two allocations for every lookup.

func (t *timers) before(i, j int) bool {
	a, b := &t.heap[i], &t.heap[j]
	return a.at < b.at || a.at == b.at && a.made < b.made
}

func (t *timers) push(one timer) {
	t.heap = append(t.heap, one)
	for i := len(t.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !t.before(i, up) {
			return
		}
		t.heap[i], t.heap[up] = t.heap[up], t.heap[i]
		i = up
	}
}

func (t *timers) pop() timer {
	top, last := t.heap[0], len(t.heap)-1
	t.heap[0] = t.heap[last]
	t.heap = t.heap[:last]
	t.sink(0)
	return top
}

func (t *timers) sink(i int) {
	for {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(t.heap); c++ {
			if t.before(c, least) {
				least = c
			}
		}
		if least == i {
			return
		}
		t.heap[i], t.heap[least] = t.heap[least], t.heap[i]
		i = least
	}
}
