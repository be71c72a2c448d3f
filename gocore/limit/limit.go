// Package limit bounds how often something is done.
package limit

import "time"

// A Bucket of tokens. The zero one is full. What it allows is told at each use, for
// a group's share of a rate changes with the group.
//
// Three counts are none, for each has keys that others choose: bytes that an address makes
// this host send (query), proofs to an id (group), names looked up for a peer. A window
// forgets all its keys when it ends. A bucket for each would have to be kept until it is
// full again, and the keys be bounded. trust.Floods, one word for each of 8,192 sources, has a form of its own, too.
type Bucket struct {
	tokens float64
	filled time.Duration // 0 before the first use: then it is full
}

// Take takes a token and returns 0, or says how long until there is one. rate is
// in tokens a second, burst how many a full bucket holds.
func (b *Bucket) Take(now time.Duration, rate, burst float64) time.Duration {
	return b.Spend(now, rate, burst, 1)
}

// Spend takes so many at once.
func (b *Bucket) Spend(now time.Duration, rate, burst, tokens float64) time.Duration {
	if b.filled == 0 {
		b.tokens = burst
	}
	b.tokens = min(burst, b.tokens+rate*(now-b.filled).Seconds())
	b.filled = now
	if b.tokens < tokens {
		return time.Duration((tokens-b.tokens)/rate*float64(time.Second)) + time.Millisecond
	}
	b.tokens -= tokens
	return 0
}
