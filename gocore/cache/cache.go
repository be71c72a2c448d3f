package cache

import (
	"time"

	"mcdns/gocore/wire"
)

// A Cache holds at most one visible answer for each question.
type Cache struct {
	entries map[wire.Question]*Entry
	// newest and oldest are the ends of the list of entries in order of their
	// last use or arrival: it orders eviction, and everything that is ranged.
	newest, oldest *Entry
	bytes, limit   int
	changes        uint64
	// keeps says whether the group counts on this host for a question: its
	// entry is dropped a round later than others.
	keeps func(wire.Question) bool
}

// New makes a cache of at most limit bytes. keeps says which questions this
// host ranks high for (PROTOCOL 6).
func New(limit int, keeps func(wire.Question) bool) *Cache {
	return &Cache{entries: make(map[wire.Question]*Entry), limit: limit, keeps: keeps}
}

// Len is the number of questions with an answer, Bytes what they take.
func (c *Cache) Len() int   { return len(c.entries) }
func (c *Cache) Bytes() int { return c.bytes }

// SetLimit changes the byte budget. It returns how many entries it dropped.
func (c *Cache) SetLimit(limit int) int {
	c.limit = limit
	return c.shrink()
}

// Get returns what is held for a question, or nil: the visible answer, or the
// positive one it hides once the visible negative is stale (PROTOCOL 2: a
// stale positive is worth more than a stale negative).
func (c *Cache) Get(now time.Duration, q wire.Question) *Entry {
	e := c.entries[q]
	if e != nil && e.under != nil && !e.Fresh(now) {
		return e.under
	}
	return e
}

// Touch notes that this host's programs asked for the entry of q.
func (c *Cache) Touch(now time.Duration, q wire.Question) {
	e := c.entries[q]
	if e == nil {
		return
	}
	e.Used = max(now, 1)
	e.Asked++
	e.spared = false
	c.unlink(e)
	c.pushNewest(e)
}

// Drop forgets a question.
func (c *Cache) Drop(q wire.Question) {
	if e := c.entries[q]; e != nil {
		c.remove(e)
	}
}

// All calls f for each visible entry, oldest use first, until f returns false.
// f must not change the cache.
func (c *Cache) All(f func(*Entry) bool) {
	for e := c.oldest; e != nil; e = e.next {
		if !f(e) {
			return
		}
	}
}

// Recent calls f for at most count visible entries, latest use first.
func (c *Cache) Recent(count int, f func(*Entry)) {
	for e := c.newest; e != nil && count > 0; e = e.prev {
		f(e)
		count--
	}
}

// Changed calls f for each entry that changed after the given mark, hidden
// ones first, and returns the mark for the next call. Mark 0 is everything.
// Fillers are left out: saved, they would come back as a peer's word.
func (c *Cache) Changed(mark uint64, f func(*Entry)) uint64 {
	for e := c.oldest; e != nil; e = e.next {
		if e.changed <= mark {
			continue
		}
		for _, kept := range []*Entry{e.under, e} {
			if kept != nil && !kept.filler {
				f(kept)
			}
		}
	}
	return c.changes
}

// Grow makes all answers older.
func (c *Cache) Grow(by time.Duration) {
	for e := c.oldest; e != nil; e = e.next {
		e.Born -= by
		if e.under != nil {
			e.under.Born -= by
		}
		c.mark(e)
	}
}

// Expire drops answers that are stale for longer than maxStale, hidden ones
// too. The driver of time calls it now and then; Get may return an entry that
// it would drop.
func (c *Cache) Expire(now, maxStale time.Duration) {
	for e := c.oldest; e != nil; {
		next := e.next
		c.bytes -= e.size()
		if e.under != nil && e.under.Worn(now) > maxStale {
			e.under, e.refuted = nil, 0
		}
		c.bytes += e.size()
		if e.Worn(now) > maxStale {
			c.remove(e)
			if e.under != nil {
				c.insert(e.under)
			}
		}
		e = next
	}
}

// Sleep says that this host was not up from one time to another: it does not
// count against max-stale (PROTOCOL 1).
func (c *Cache) Sleep(from, to time.Duration) {
	for e := c.oldest; e != nil; e = e.next {
		e.sleep(from, to)
		if e.under != nil {
			e.under.sleep(from, to)
		}
	}
}

func (c *Cache) insert(e *Entry) {
	c.entries[e.Answer.Question] = e
	c.bytes += e.size()
	c.pushNewest(e)
	c.mark(e)
}

func (c *Cache) remove(e *Entry) {
	delete(c.entries, e.Answer.Question)
	c.bytes -= e.size()
	c.unlink(e)
}

func (c *Cache) mark(e *Entry) {
	c.changes++
	e.changed = c.changes
}

func (c *Cache) unlink(e *Entry) {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		c.oldest = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		c.newest = e.prev
	}
	e.prev, e.next = nil, nil
}

func (c *Cache) pushNewest(e *Entry) {
	e.prev = c.newest
	if c.newest != nil {
		c.newest.next = e
	} else {
		c.oldest = e
	}
	c.newest = e
}

// shrink drops entries until the budget holds. What this host used, or is
// counted on for, is passed over once, so that the group's union outlives any
// one host's budget; what was passed over goes the next time.
func (c *Cache) shrink() (dropped int) {
	for c.bytes > c.limit && c.oldest != nil {
		e := c.oldest
		if !e.spared && (e.Used != 0 || c.keeps(e.Answer.Question)) {
			e.spared = true
			c.unlink(e)
			c.pushNewest(e)
			continue
		}
		c.remove(e)
		dropped++
	}
	return dropped
}
