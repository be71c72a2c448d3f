package node

import (
	"time"

	"mcdns/gocore/wire"
)

// failures remembers questions that nobody could answer, so that they are not
// asked again at once (RFC 9520): 1 s, doubling to 5 min.
type failures struct {
	of map[wire.Question]failure
}

type failure struct {
	until time.Duration
	held  time.Duration // how long it was remembered this time
}

const (
	minFailure  = time.Second
	maxFailure  = 5 * time.Minute
	maxFailures = 8192
)

// active reports whether the question failed a moment ago.
func (f *failures) active(now time.Duration, q wire.Question) bool {
	return now < f.of[q].until
}

func (f *failures) remember(now time.Duration, q wire.Question) {
	last, again := f.of[q]
	if !again && len(f.of) >= maxFailures {
		return // a flood: the rest is asked again
	}
	held := minFailure
	if again {
		held = min(maxFailure, 2*last.held)
	}
	if f.of == nil {
		f.of = make(map[wire.Question]failure)
	}
	f.of[q] = failure{until: now + held, held: held}
}

// heard remembers for the shortest time what a peer asked the group in vain. It
// does not lengthen what is remembered: a peer's word blocks nobody for long.
func (f *failures) heard(now time.Duration, q wire.Question) {
	if _, again := f.of[q]; !again {
		f.remember(now, q)
	}
}

func (f *failures) clear(q wire.Question) { delete(f.of, q) }

func (f *failures) clearAll() { clear(f.of) }

// expire forgets failures so old that the next one starts anew.
func (f *failures) expire(now time.Duration) {
	for q, last := range f.of {
		if now > last.until+maxFailure {
			delete(f.of, q)
		}
	}
}
