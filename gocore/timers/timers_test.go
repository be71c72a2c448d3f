package timers

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

type due uint8

func never(Waiting) bool { return false }

// Timers of one time run in the order they were set, whatever came between.
func TestTimersComeInTheOrderOfTheirTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h Heap
		var last Waiting
		times := rapid.SliceOf(rapid.IntRange(-1, 5)).Draw(t, "times; -1 takes one out")
		take := func() {
			one := h.Pop()
			if len(times) > 0 && one.At == last.At && one.made < last.made {
				t.Fatalf("of %v the one made as number %d came after number %d", one.At, one.made, last.made)
			}
			for _, w := range h.all {
				if w.At < one.At || w.At == one.At && w.made < one.made {
					t.Fatalf("%+v came before %+v", one, w)
				}
			}
			last = one
		}
		for i, at := range times {
			if at >= 0 {
				Set(&h, time.Duration(at), 1, Of[due]{Key: uint64(i)}, never)
			} else if h.Len() > 0 {
				take()
			}
		}
		for h.Len() > 0 {
			take()
		}
	})
}

func TestTimerComesOutAsItWasSet(t *testing.T) {
	var h Heap
	set := Of[due]{Due: 7, Key: 1 << 63, Gen: 1<<64 - 1}
	Set(&h, time.Second, 3, set, never)
	if at, ok := h.Next(); at != time.Second || !ok {
		t.Errorf("the next is at %v, %v", at, ok)
	}
	w := h.Pop()
	if got := Timer[due](w); got != set || w.Room != 3 || w.At != time.Second {
		t.Errorf("%+v of room %d at %v; want %+v", got, w.Room, w.At, set)
	}
	if _, ok := h.Next(); ok {
		t.Error("one more waits")
	}
}

// A flood leaves what is over behind; what is not keeps its order.
func TestTimersThatAreOverAreThrownOutAndTheOthersKept(t *testing.T) {
	var h Heap
	over := func(w Waiting) bool { return Timer[due](w).Key%100 != 0 }
	for i := range uint64(20 * Least) {
		Set(&h, time.Duration(20*Least-i), 1, Of[due]{Key: i}, over)
		if h.Len() > 2*Least {
			t.Fatalf("%d timers wait; want %d at most", h.Len(), 2*Least)
		}
	}
	kept, before := 0, time.Duration(0)
	for h.Len() > 0 {
		w := h.Pop()
		if w.At < before {
			t.Fatalf("%v came after %v", w.At, before)
		}
		if before = w.At; !over(w) {
			kept++
		}
	}
	if kept != 20*Least/100+1 {
		t.Errorf("%d that are wanted were kept; want %d", kept, 20*Least/100+1)
	}
}

func TestCopyOfAHeapIsItsOwn(t *testing.T) {
	var h Heap
	for key := range uint64(3) {
		Set(&h, 2, 1, Of[due]{Key: key}, never)
	}
	h.Pop() // there is room for one more in place
	c := h.Copy()
	Set(&c, 1, 1, Of[due]{Key: 9}, never)
	for want := range uint64(2) {
		if w := h.Pop(); Timer[due](w).Key != want+1 {
			t.Errorf("the copy changed the heap: %+v", w)
		}
	}
}
