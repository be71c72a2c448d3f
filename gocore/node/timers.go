package node

import (
	"slices"
	"time"
)

// timers run functions at their times. A function that is no longer wanted
// finds that out itself; those that say so (live) are thrown out when the heap
// has doubled, or a flood of lookups, each over in milliseconds, would leave
// ten seconds' worth of deadlines behind.
type timers struct {
	heap  []timer // the next one first
	made  uint64
	limit int
}

type timer struct {
	at   time.Duration
	made uint64 // timers of one time run in the order they were made
	run  func(now time.Duration)
	live func() bool // nil: always
}

// minTimers may always wait: below, throwing out is not worth the walk.
const minTimers = 1024

// after runs f once d has passed.
func (n *Node) after(now, d time.Duration, f func(now time.Duration)) {
	n.afterIf(now, d, nil, f)
}

// afterIf runs f once d has passed; when live is false f would do nothing.
func (n *Node) afterIf(now, d time.Duration, live func() bool, f func(now time.Duration)) {
	t := &n.timers
	t.made++
	if len(t.heap) >= max(t.limit, minTimers) {
		t.heap = slices.DeleteFunc(t.heap, func(t timer) bool { return t.live != nil && !t.live() })
		for i := len(t.heap)/2 - 1; i >= 0; i-- {
			t.sink(i)
		}
		t.limit = 2 * len(t.heap)
	}
	t.push(timer{now + max(d, 0), t.made, f, live})
}

// run runs what is due. What a timer sets for now itself runs too.
func (t *timers) run(now time.Duration) {
	for len(t.heap) > 0 && t.heap[0].at <= now {
		t.pop().run(now)
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
	t.heap[last] = timer{} // let go of what it holds
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
