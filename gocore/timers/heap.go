package timers

import (
	"slices"
	"time"
)

// A Waiting is a timer in a heap.
type Waiting struct {
	At   time.Duration
	made uint64 // timers of one time run in the order they were made
	Room uint8  // whose it is
	due  uint8
	key  uint64
	gen  uint64
}

// Timer is the timer as the room set it.
func Timer[Due ~uint8](w Waiting) Of[Due] { return Of[Due]{Due(w.due), w.key, w.gen} }

// A Heap has what waits, the next first. Those that can tell that they are over are thrown
// out when it has doubled, or a flood of lookups, each over in milliseconds, would leave ten
// seconds' worth of deadlines behind. The zero Heap is empty.
type Heap struct {
	all   []Waiting
	made  uint64
	limit int
}

// Least may always wait: below, throwing out is not worth the walk.
const Least = 1024

// Set has t, of a room, wait until a time. over reports whether one that waits would do
// nothing.
func Set[Due ~uint8](h *Heap, at time.Duration, room uint8, t Of[Due], over func(Waiting) bool) {
	h.made++
	if len(h.all) >= max(h.limit, Least) {
		h.all = slices.DeleteFunc(h.all, over)
		for i := len(h.all)/2 - 1; i >= 0; i-- {
			h.sink(i)
		}
		h.limit = 2 * len(h.all)
	}
	h.push(Waiting{At: at, made: h.made, Room: room, due: uint8(t.Due), key: t.Key, gen: t.Gen})
}

// Len is how many wait.
func (h *Heap) Len() int { return len(h.all) }

// Next is when the next is due; false if none waits.
func (h *Heap) Next() (time.Duration, bool) {
	if len(h.all) == 0 {
		return 0, false
	}
	return h.all[0].At, true
}

// Copy is for simulators alone: see node.Copy.
func (h *Heap) Copy() Heap { return Heap{slices.Clone(h.all), h.made, h.limit} }

// The heap is written out: container/heap hands each timer around as an interface,
// which costs two allocations for every lookup.

func (h *Heap) before(i, j int) bool {
	a, b := &h.all[i], &h.all[j]
	return a.At < b.At || a.At == b.At && a.made < b.made
}

func (h *Heap) push(one Waiting) {
	h.all = append(h.all, one)
	for i := len(h.all) - 1; i > 0; {
		up := (i - 1) / 2
		if !h.before(i, up) {
			return
		}
		h.all[i], h.all[up] = h.all[up], h.all[i]
		i = up
	}
}

// Pop takes the next one out; there must be one.
func (h *Heap) Pop() Waiting {
	top, last := h.all[0], len(h.all)-1
	h.all[0] = h.all[last]
	h.all = h.all[:last]
	h.sink(0)
	return top
}

func (h *Heap) sink(i int) {
	for {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(h.all); c++ {
			if h.before(c, least) {
				least = c
			}
		}
		if least == i {
			return
		}
		h.all[i], h.all[least] = h.all[least], h.all[i]
		i = least
	}
}
