package node

// A table gives what it holds numbers that are never used again, so that a timer
// can name it.
type table[T any] struct {
	of   map[uint64]*T
	last uint64
}

func (t *table[T]) add(one *T) uint64 {
	if t.of == nil {
		t.of = make(map[uint64]*T)
	}
	t.last++
	t.of[t.last] = one
	return t.last
}
