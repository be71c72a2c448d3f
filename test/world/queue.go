package world

import "time"

// A Queue is what will happen, earliest first, and of one moment in the order of Push. The
// zero Queue is empty.
type Queue[E any] struct {
	heap []due[E] // of four
	made uint64
}

type due[E any] struct {
	at   time.Duration
	made uint64
	what E
}

func (d *due[E]) before(o *due[E]) bool {
	return d.at < o.at || d.at == o.at && d.made < o.made
}

// Len is how much will happen.
func (q *Queue[E]) Len() int { return len(q.heap) }

// Next is when the next thing happens, ok if there is one.
func (q *Queue[E]) Next() (at time.Duration, ok bool) {
	if len(q.heap) == 0 {
		return 0, false
	}
	return q.heap[0].at, true
}

// Push lets something happen at a time.
func (q *Queue[E]) Push(at time.Duration, what E) {
	q.made++
	q.heap = append(q.heap, due[E]{at, q.made, what})
	q.rise(len(q.heap) - 1)
}

// Pop takes the next thing out; there must be one.
func (q *Queue[E]) Pop() (at time.Duration, what E) {
	top := q.heap[0]
	last := len(q.heap) - 1
	q.heap[0] = q.heap[last]
	q.heap[last] = due[E]{} // let go of what it held
	q.heap = q.heap[:last]
	q.sink(0)
	return top.at, top.what
}

// All calls do for all that will happen, in no order, until it says no.
func (q *Queue[E]) All(do func(at time.Duration, what E) bool) {
	for _, d := range q.heap {
		if !do(d.at, d.what) {
			return
		}
	}
}

// Without is a copy without what gone says.
func (q *Queue[E]) Without(gone func(E) bool) Queue[E] {
	out := Queue[E]{made: q.made}
	for _, d := range q.heap {
		if !gone(d.what) {
			out.heap = append(out.heap, d)
			out.rise(len(out.heap) - 1)
		}
	}
	return out
}

func (q *Queue[E]) rise(i int) {
	for i > 0 {
		up := (i - 1) / 4
		if !q.heap[i].before(&q.heap[up]) {
			return
		}
		q.heap[i], q.heap[up] = q.heap[up], q.heap[i]
		i = up
	}
}

func (q *Queue[E]) sink(i int) {
	for {
		least := i
		for c := 4*i + 1; c <= 4*i+4 && c < len(q.heap); c++ {
			if q.heap[c].before(&q.heap[least]) {
				least = c
			}
		}
		if least == i {
			return
		}
		q.heap[i], q.heap[least] = q.heap[least], q.heap[i]
		i = least
	}
}
