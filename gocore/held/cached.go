package held

import (
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
)

// What others see of the cache, and may do to it: all but put something in, which is Keep's,
// Put's and Restore's.

// Get is what is held, of whatever age.
func (h *Held) Get(now time.Duration, q dns.Question) cache.Entry { return h.cache.Get(now, q) }

// Waiting is the answer of a peer that waits behind this host's own.
func (h *Held) Waiting(now time.Duration, q dns.Question) cache.Entry {
	return h.cache.Waiting(now, q)
}

// Positive is an answer that is held behind a denial too.
func (h *Held) Positive(q dns.Question) *dns.Answer { return h.cache.Positive(q) }

// Touch notes that a program used an answer.
func (h *Held) Touch(now time.Duration, q dns.Question) { h.cache.Touch(now, q) }

// Wanted notes that the group is asked for something younger in an outage; false if it was
// already in this one.
func (h *Held) Wanted(now time.Duration, q dns.Question, outage uint32) bool {
	return h.cache.Query(now, q, outage)
}

// All shows everything, until f returns false; Recent the last count that were used, and
// Changed what changed since a mark, and gives the next.
func (h *Held) All(f func(cache.Entry) bool) { h.cache.All(f) }

// Recent is said at All.
func (h *Held) Recent(count int, f func(cache.Entry)) { h.cache.Recent(count, f) }

// Changed is said at All.
func (h *Held) Changed(mark uint64, f func(cache.Entry)) uint64 { return h.cache.Changed(mark, f) }

// Len is how many answers there are, Bytes the room they take.
func (h *Held) Len() int { return h.cache.Len() }

// Bytes is said at Len.
func (h *Held) Bytes() int { return h.cache.Bytes() }

// Drop forgets an answer. For tests alone: what a lack of room does, of one of their choice.
func (h *Held) Drop(q dns.Question) { h.cache.Drop(q) }

// Grow makes all answers older, Sleep has them not worn while the host slept.
func (h *Held) Grow(by time.Duration) { h.cache.Grow(by) }

// Sleep is said at Grow.
func (h *Held) Sleep(from, to time.Duration) { h.cache.Sleep(from, to) }

// WarmMost is how many Warm takes at once.
const WarmMost = cache.WarmMost

// Warm is for simulators alone: see node.Warm.
func Warm(of []*Held, q dns.Question) (sum uint64) {
	var caches [WarmMost]*cache.Cache
	of = of[:min(len(of), WarmMost)]
	for i, h := range of {
		caches[i] = h.cache
	}
	return cache.Warm(caches[:len(of)], q)
}
