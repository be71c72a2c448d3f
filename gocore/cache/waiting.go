package cache

import (
	"time"

	"mcdns/gocore/dns"
)

// What this host fetched itself stands for its TTL. What peers tell of it meanwhile
// waits behind it and takes its place at its end (PROTOCOL 2.3): one datagram of a peer,
// told in the refresh window, would else change it for four hours.

// Waiting returns what waits behind this host's own answer to a question, if anything.
func (c *Cache) Waiting(now time.Duration, q dns.Question) Entry {
	n := c.find(now, q)
	if n == 0 || !c.table.at(n).has(awaited) {
		return Entry{}
	}
	return c.entry(c.waiting[n])
}

// find is the number of a question's slot, or 0. Whoever waited for the end of what is
// held has its place by then.
func (c *Cache) find(now time.Duration, q dns.Question) number {
	n := c.table.find(q)
	if n != 0 {
		c.succeed(now, n)
	}
	return n
}

func (c *Cache) succeed(now time.Duration, n number) {
	held := c.table.at(n)
	if !held.has(awaited) || held.fresh(now) {
		return
	}
	next := c.waiting[n]
	came := c.held(next)
	if c.held(held).Good && !came.Good || next.negative() && c.precedes(n, came.Nth) {
		c.await(n, nil) // the servers have changed meanwhile
		return
	}
	c.supersede(now, n, *next)
}

// mayWait reports whether s, told by a peer, is to wait behind what this host fetched
// itself: the same data at any time, other data in the refresh window alone.
func (c *Cache) mayWait(now time.Duration, n number, s slot) bool {
	held, first := c.table.at(n), c.waiting[n]
	same := s.answer.SameData(held.answer)
	switch {
	case s.expires() <= held.expires():
		return false // it would be stale when its turn comes
	case same && s.born <= held.born, !same && s.born <= held.born+together:
		return false
	case !same && now < held.expires()-window(held.lives()):
		return false
	case first == nil:
		return true
	}
	// Who confirms what this host got itself goes before who contradicts it: births of
	// one window lie too near to each other for the younger to win.
	if confirmed := first.answer.SameData(held.answer); same != confirmed {
		return same
	}
	if s.answer.SameData(first.answer) {
		return s.born > first.born
	}
	return s.born > first.born+together
}

// await puts an answer, or none, behind what this host fetched itself.
func (c *Cache) await(n number, s *slot) {
	was := c.waiting[n]
	if s != nil {
		c.origins.hold(s.origin)
		c.weigh(n, s.size()+hiddenOverhead)
		c.waiting[n] = s
	}
	if was != nil {
		c.origins.drop(was.origin)
		c.weigh(n, -was.size()-hiddenOverhead)
	}
	if s == nil && was != nil {
		delete(c.waiting, n)
	}
	c.table.at(n).set(awaited, s != nil)
}
