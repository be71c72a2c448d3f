package node

import (
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/wire"
)

// failures remembers questions that nobody could answer, so that they are not
// asked again at once (RFC 9520): 1 s, doubling to 5 min. In an outage all hosts of
// a big group remember thousands: so each is a hash that nobody can aim at, and a
// number.
type failures struct {
	key cache.Key
	of  map[uint64]failure
}

// A failure is the time until which it is remembered, but for the lowest bits:
// they count how often in a row, up to 15.
type failure time.Duration

const failureCount = 15

func (f failure) until() time.Duration { return time.Duration(f &^ failureCount) }

// again is the failure after f, 0 if there was none.
func (f failure) again(now time.Duration) failure {
	times := f & failureCount
	held := min(maxFailure, minFailure<<times)
	return failure(now+held)&^failureCount | min(times+1, failureCount)
}

const (
	minFailure  = time.Second
	maxFailure  = 5 * time.Minute
	maxFailures = 8192
)

// active reports whether the question failed a moment ago.
func (f *failures) active(now time.Duration, q wire.Question) bool {
	return len(f.of) > 0 && now < f.of[f.key.Hash(q)].until()
}

func (f *failures) remember(now time.Duration, q wire.Question) {
	hash := f.key.Hash(q)
	last, again := f.of[hash]
	if !again && len(f.of) >= maxFailures {
		return // a flood: the rest is asked again
	}
	if f.of == nil {
		f.of = make(map[uint64]failure)
	}
	f.of[hash] = last.again(now)
}

// heard remembers for the shortest time what a peer asked the group in vain. It
// does not lengthen what is remembered: a peer's word blocks nobody for long.
func (f *failures) heard(now time.Duration, q wire.Question) {
	if _, again := f.of[f.key.Hash(q)]; !again {
		f.remember(now, q)
	}
}

func (f *failures) clear(q wire.Question) {
	if len(f.of) > 0 {
		delete(f.of, f.key.Hash(q))
	}
}

func (f *failures) clearAll() { f.of = nil }

// expire forgets failures so old that the next one starts anew.
func (f *failures) expire(now time.Duration) {
	for hash, last := range f.of {
		if now > last.until()+maxFailure {
			delete(f.of, hash)
		}
	}
	if len(f.of) == 0 {
		f.of = nil // a map stays as big as it was
	}
}
