package cache

import (
	"math"
	"time"

	"mcdns/gocore/wire"
)

// A Cache holds at most one visible answer for each question. The list of
// entries in order of their last use or arrival, which slot 0 closes to a ring,
// orders eviction, and everything that is ranged.
type Cache struct {
	table   table
	origins origins
	// hidden are the positive answers behind visible negative ones.
	hidden map[number]*hidden
	// waiting are what peers told of what this host fetched itself, until that ends.
	waiting      map[number]*slot
	bytes, limit int
	// changes counts them; those up to base are no longer told apart.
	changes, base uint64
	// keeps says whether the group counts on this host for a question: its
	// entry is dropped a round later than others.
	keeps func(wire.Question) bool
	order Order
}

// New makes a cache of at most limit bytes. keeps says which questions this
// host ranks high for (PROTOCOL 6).
func New(limit int, key Key, keeps func(wire.Question) bool) *Cache {
	return &Cache{
		table: newTable(key), origins: newOrigins(),
		hidden: make(map[number]*hidden), waiting: make(map[number]*slot), limit: limit, keeps: keeps,
	}
}

// Len is the number of questions with an answer, Bytes what they take.
func (c *Cache) Len() int   { return c.table.len() }
func (c *Cache) Bytes() int { return c.bytes + c.origins.used()*originOverhead }

// SetLimit changes the byte budget. It returns how many entries it dropped.
func (c *Cache) SetLimit(limit int) int {
	c.limit = limit
	return c.shrink()
}

// Get returns what is held for a question: the visible answer, or the positive
// one it hides if that is of an earlier server, or of the same one and the visible
// negative is stale (PROTOCOL 2: a stale positive is worth more than a stale negative).
func (c *Cache) Get(now time.Duration, q wire.Question) Entry {
	s := c.seen(now, q)
	if s == nil {
		return Entry{}
	}
	return c.entry(s)
}

// seen is the slot of which Get tells, or nil.
func (c *Cache) seen(now time.Duration, q wire.Question) *slot {
	n := c.find(now, q)
	if n == 0 {
		return nil
	}
	s := c.table.at(n)
	if under := c.hidden[n]; under != nil && c.comesFirst(under, s, s.fresh(now)) {
		return &under.slot
	}
	return s
}

// Positive returns the positive answer that is held for a question, also one that a
// negative hides, however old; nil if there is none. Get tells what to serve; this is
// what is known of a name, which nobody's denial takes back (PROTOCOL 7).
func (c *Cache) Positive(q wire.Question) *wire.Answer {
	n := c.table.find(q)
	if n == 0 {
		return nil
	}
	if s := c.table.at(n); !s.negative() {
		return s.answer
	}
	if under := c.hidden[n]; under != nil {
		return under.answer
	}
	return nil
}

func (c *Cache) entry(s *slot) Entry {
	of := c.origins.all[s.origin]
	return Entry{
		Answer: s.answer, Born: s.born, Life: s.lives(),
		From: of.from, Place: of.place, Used: s.used.time(), Asked: s.asked,
		filler: s.has(filler), since: s.since.time(),
	}
}

// Touch notes that this host's programs asked for the entry of q.
func (c *Cache) Touch(now time.Duration, q wire.Question) {
	n := c.find(now, q)
	if n == 0 {
		return
	}
	s := c.table.at(n)
	s.used = max(ticks(now), 1)
	s.asked++
	s.is &^= spared
	c.renew(n)
}

// Query notes that the group is asked for something younger than what Get tells
// of q, and reports whether that is the first time in the outage of this number.
func (c *Cache) Query(now time.Duration, q wire.Question, outage uint32) bool {
	s, this := c.seen(now, q), uint16(1+outage%math.MaxUint16)
	if s == nil || s.queried == this {
		return false
	}
	s.queried = this
	return true
}

// Drop forgets a question.
func (c *Cache) Drop(q wire.Question) {
	if n := c.table.find(q); n != 0 {
		c.remove(n)
	}
}

// All calls f for each visible entry, oldest use first, until f returns false.
// f must not change the cache.
func (c *Cache) All(f func(Entry) bool) {
	for n := c.oldest(); n != 0; n = c.table.at(n).next {
		if !f(c.entry(c.table.at(n))) {
			return
		}
	}
}

// Recent calls f for at most count visible entries, latest use first.
func (c *Cache) Recent(count int, f func(Entry)) {
	for n := c.newest(); n != 0 && count > 0; n = c.table.at(n).prev {
		f(c.entry(c.table.at(n)))
		count--
	}
}

// Changed calls f for each entry that changed after the given mark, hidden
// ones first, and returns the mark for the next call. Mark 0 is everything.
// Fillers are left out: saved, they would come back as a peer's word.
func (c *Cache) Changed(mark uint64, f func(Entry)) uint64 {
	for n := c.oldest(); n != 0; n = c.table.at(n).next {
		s := c.table.at(n)
		if c.base+uint64(s.changed) <= mark {
			continue
		}
		if under := c.hidden[n]; under != nil && !under.has(filler) {
			f(c.entry(&under.slot))
		}
		if !s.has(filler) {
			f(c.entry(s))
		}
	}
	return c.changes
}

// Grow makes all answers older.
func (c *Cache) Grow(by time.Duration) {
	for n := c.oldest(); n != 0; n = c.table.at(n).next {
		c.table.at(n).born -= by
		if under := c.hidden[n]; under != nil {
			under.born -= by
		}
		if next := c.waiting[n]; next != nil {
			next.born -= by
		}
		c.note(n)
	}
}

// Expire drops answers that are stale for longer than maxStale, hidden ones
// too. The driver of time calls it now and then; Get may return an entry that
// it would drop.
func (c *Cache) Expire(now, maxStale time.Duration) {
	for n := c.oldest(); n != 0; {
		next := c.table.at(n).next
		c.succeed(now, n)
		under := c.hidden[n]
		if under != nil && under.worn(now) > maxStale {
			c.hide(n, nil)
			under = nil
		}
		switch {
		case c.table.at(n).worn(now) <= maxStale:
		case under != nil:
			c.replace(n, under.slot, nil)
		default:
			if moved := c.remove(n); next == moved {
				next = n
			}
		}
		n = next
	}
}

// Sleep says that this host was not up from one time to another: it does not
// count against max-stale (PROTOCOL 1).
func (c *Cache) Sleep(from, to time.Duration) {
	for n := c.oldest(); n != 0; n = c.table.at(n).next {
		c.table.at(n).sleep(from, to)
		if under := c.hidden[n]; under != nil {
			under.sleep(from, to)
		}
		if next := c.waiting[n]; next != nil {
			next.sleep(from, to)
		}
	}
}

// shrink drops entries until the budget holds. What this host used, or is
// counted on for, is passed over once, so that the group's union outlives any
// one host's budget; what was passed over goes the next time.
func (c *Cache) shrink() (dropped int) {
	for c.Bytes() > c.limit && c.Len() > 0 {
		n := c.oldest()
		s := c.table.at(n)
		if !s.has(spared) && (s.used != 0 || c.keeps(s.answer.Question)) {
			s.is |= spared
			c.renew(n)
			continue
		}
		c.remove(n)
		dropped++
	}
	return dropped
}
