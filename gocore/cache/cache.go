package cache

import (
	"math"
	"time"

	"mcdns/gocore/dns"
)

// A Cache holds at most one visible answer for each question. Lanes of entries in
// order of their last use or arrival order eviction, and everything that is ranged.
type Cache struct {
	table   table
	origins origins
	// hidden are the positive answers behind visible negative ones.
	hidden map[number]*hidden
	// waiting are what peers told of what this host fetched itself, until that ends.
	waiting map[number]*slot
	lanes   []lane
	seats   seats
	told    int // bytes of what is not in use
	limit   int
	// changes counts them; those up to base are no longer told apart.
	changes, base uint64
	host          Host
}

// A Host says what answers are worth to the host that holds them. It is asked each time,
// so what it says may change whenever it likes.
type Host interface {
	// RanksHigh reports whether the group counts on this host to keep a question (PROTOCOL 6.1).
	RanksHigh(q dns.Question) bool
	// Standing says where an answer stands: own if this host fetched it, learnt in a place.
	Standing(a *dns.Answer, own bool, place uint64) Standing
}

// New makes a cache of at most limit bytes.
func New(limit int, key Key, host Host) *Cache {
	return &Cache{
		table: newTable(key), origins: newOrigins(),
		hidden: make(map[number]*hidden), waiting: make(map[number]*slot),
		lanes: make([]lane, 1), seats: newSeats(), limit: limit, host: host, changes: SavedMark,
	}
}

// Len is the number of questions with an answer, Bytes what they take.
func (c *Cache) Len() int   { return c.table.len() }
func (c *Cache) Bytes() int { return c.lanes[0].bytes + c.told + c.origins.used()*originOverhead }

// SetLimit changes the byte budget. It returns how many entries it dropped.
func (c *Cache) SetLimit(limit int) int {
	c.limit = limit
	return c.shrink()
}

// Get returns what is held for a question: the visible answer, or the positive
// one it hides if that is of an earlier server, or of the same one and the visible
// negative is stale (PROTOCOL 2.4: a stale positive is worth more than a stale negative).
func (c *Cache) Get(now time.Duration, q dns.Question) Entry {
	s := c.seen(now, q)
	if s == nil {
		return Entry{}
	}
	return c.entry(s)
}

// seen is the slot of which Get tells, or nil.
func (c *Cache) seen(now time.Duration, q dns.Question) *slot {
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
// what is known of a name, which nobody's denial takes back (PROTOCOL 7.2).
func (c *Cache) Positive(q dns.Question) *dns.Answer {
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
		since: s.since.time(),
	}
}

// Touch notes that this host's programs asked for the entry of q.
func (c *Cache) Touch(now time.Duration, q dns.Question) {
	n := c.find(now, q)
	if n == 0 {
		return
	}
	s := c.table.at(n)
	c.unlink(n)
	s.used = max(ticks(now), 1)
	s.asked = max(s.asked+1, s.asked)
	s.set(ranked, false)
	c.link(n)
}

// Query notes that the group is asked for something younger than what Get tells
// of q, and reports whether that is the first time in the outage of this number.
func (c *Cache) Query(now time.Duration, q dns.Question, outage uint32) bool {
	s, this := c.seen(now, q), uint16(1+outage%math.MaxUint16)
	if s == nil || s.queried == this {
		return false
	}
	s.queried = this
	return true
}

// Drop forgets a question.
func (c *Cache) Drop(q dns.Question) {
	if n := c.table.find(q); n != 0 {
		c.remove(n)
	}
}

// All calls f for each visible entry, what this host used first and its oldest use
// before that, until f returns false. f may ask for them, no more.
func (c *Cache) All(f func(Entry) bool) {
	c.each(func(n number) bool { return f(c.entry(c.table.at(n))) })
}

// Recent calls f for at most count visible entries, latest use first, and then for
// what was never used.
func (c *Cache) Recent(count int, f func(Entry)) {
	for i := range c.lanes {
		for n := c.lanes[i].last; n != 0; n = c.table.at(n).prev {
			if count == 0 {
				return
			}
			f(c.entry(c.table.at(n)))
			count--
		}
	}
}

// SavedMark is the mark of what the file has when a run begins: after it, all that this
// run learnt is new. The first change has the number after it.
const SavedMark = 1

// Changed calls f for each entry that changed after the given mark, hidden
// ones first, and returns the mark for the next call. Mark 0 is everything; any other
// leaves out what is as it came from the file.
func (c *Cache) Changed(mark uint64, f func(Entry)) uint64 {
	c.each(func(n number) bool {
		s := c.table.at(n)
		if c.base+uint64(s.changed) <= mark || mark != 0 && s.has(saved) {
			return true
		}
		if under := c.hidden[n]; under != nil {
			f(c.entry(&under.slot))
		}
		f(c.entry(s))
		return true
	})
	return c.changes
}

// Grow makes all answers older.
func (c *Cache) Grow(by time.Duration) {
	c.each(func(n number) bool {
		for _, s := range c.behind(n) {
			s.born -= by
		}
		c.note(n)
		return true
	})
}

// behind are the slots of a question: what is held, what that hides, what waits.
func (c *Cache) behind(n number) []*slot {
	all := []*slot{c.table.at(n)}
	if under := c.hidden[n]; under != nil {
		all = append(all, &under.slot)
	}
	if next := c.waiting[n]; next != nil {
		all = append(all, next)
	}
	return all
}

// Expire drops answers that are stale for longer than maxStale, hidden ones
// too. The driver of time calls it now and then; Get may return an entry that
// it would drop.
func (c *Cache) Expire(now, maxStale time.Duration) {
	for i := range c.lanes {
		for n := c.lanes[i].first; n != 0; {
			next := c.table.at(n).next
			if moved := c.expire(n, now, maxStale); next == moved && next != 0 {
				next = n
			}
			n = next
		}
	}
}

// expire looks after one entry. It returns the number of the entry that has its number
// now, if it had to go, else 0.
func (c *Cache) expire(n number, now, maxStale time.Duration) (moved number) {
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
		return c.remove(n)
	}
	return 0
}

// Sleep says that this host was not up from one time to another: it does not
// count against max-stale (PROTOCOL 1.4).
func (c *Cache) Sleep(from, to time.Duration) {
	c.each(func(n number) bool {
		for _, s := range c.behind(n) {
			s.sleep(from, to)
		}
		return true
	})
}
