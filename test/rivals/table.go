package main

import (
	"slices"
	"time"
)

// A table says until when a host's copy of each name is fresh. A thousand hosts
// have millions of copies: eight bytes each, not a map's fifty.
type table struct {
	slots []copied // a power of two of them, at least a third free
	n     int
}

type copied struct {
	name  uint32 // and one; 0 is a free slot
	until uint32 // in milliseconds: of 49 days
}

// find is the slot of a name, or the free one where it belongs.
func (t *table) find(name int) *copied {
	mask := uint32(len(t.slots) - 1)
	for i := uint32(weigh(uint64(name), 0)) & mask; ; i = (i + 1) & mask {
		if s := &t.slots[i]; s.name == 0 || s.name == uint32(name)+1 {
			return s
		}
	}
}

func (t *table) get(name int) (until time.Duration, ok bool) {
	if t.n == 0 {
		return 0, false
	}
	s := t.find(name)
	return time.Duration(s.until) * time.Millisecond, s.name != 0
}

func (t *table) put(name int, until time.Duration) {
	if 3*t.n >= 2*len(t.slots) {
		t.grow()
	}
	s := t.find(name)
	if s.name == 0 {
		t.n++
	}
	*s = copied{uint32(name) + 1, uint32((until + time.Millisecond - 1) / time.Millisecond)}
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]copied, max(8, 2*len(old)))
	for _, s := range old {
		if s.name != 0 {
			*t.find(int(s.name) - 1) = s
		}
	}
}

func (t *table) clone() table { return table{slices.Clone(t.slots), t.n} }
