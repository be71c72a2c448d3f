package node

import (
	"container/heap"
	"slices"
	"time"
)

// timers run functions at their times. A function that is no longer wanted
// finds that out itself; those that say so (live) are thrown out when the heap
// has doubled, or a flood of lookups, each over in milliseconds, would leave
// ten seconds' worth of deadlines behind.
type timers struct {
	heap  timerHeap
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
		heap.Init(&t.heap)
		t.limit = 2 * len(t.heap)
	}
	heap.Push(&t.heap, timer{now + max(d, 0), t.made, f, live})
}

// run runs what is due. What a timer sets for now itself runs too.
func (t *timers) run(now time.Duration) {
	for len(t.heap) > 0 && t.heap[0].at <= now {
		heap.Pop(&t.heap).(timer).run(now)
	}
}

func (t *timers) next() (time.Duration, bool) {
	if len(t.heap) == 0 {
		return 0, false
	}
	return t.heap[0].at, true
}

type timerHeap []timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	if h[i].at != h[j].at {
		return h[i].at < h[j].at
	}
	return h[i].made < h[j].made
}
func (h timerHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *timerHeap) Push(x any)   { *h = append(*h, x.(timer)) }
func (h *timerHeap) Pop() any {
	old := *h
	last := len(old) - 1
	t := old[last]
	old[last] = timer{}
	*h = old[:last]
	return t
}
