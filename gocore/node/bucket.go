package node

import "time"

// A bucket of tokens bounds how often something is done.
type bucket struct {
	tokens float64
	filled time.Duration // 0 before the first use: then it is full
}

// take takes a token and returns 0, or says how long until there is one. rate is
// in tokens a second, burst how many a full bucket holds.
func (b *bucket) take(now time.Duration, rate, burst float64) time.Duration {
	return b.spend(now, rate, burst, 1)
}

// spend takes so many at once.
func (b *bucket) spend(now time.Duration, rate, burst, tokens float64) time.Duration {
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
