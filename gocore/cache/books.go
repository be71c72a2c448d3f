package cache

import "math"

// What follows keeps the list, the table, the origins and the bytes in step. Each
// slot that is held, hidden or not, holds its origin once.

func (c *Cache) oldest() number { return c.table.at(0).next }
func (c *Cache) newest() number { return c.table.at(0).prev }

// insert takes in an answer to a question that has none.
func (c *Cache) insert(s slot) {
	c.origins.hold(s.origin)
	c.bytes += s.size()
	n := c.table.add(s)
	c.pushNewest(n)
	c.note(n)
}

// replace puts another answer in the place of what is held and of what that
// hides, or what waits behind it.
func (c *Cache) replace(n number, s slot, under *hidden) {
	held := c.table.at(n)
	was := *held
	c.origins.hold(s.origin)
	c.bytes += s.size() - was.size()
	*held = s
	held.prev, held.next, held.chain, held.tag = was.prev, was.next, was.chain, was.tag
	c.hide(n, under)
	c.await(n, nil)
	c.origins.drop(was.origin)
	c.renew(n)
	c.note(n)
}

// hide puts a positive answer, or none, behind what is held.
func (c *Cache) hide(n number, under *hidden) {
	was := c.hidden[n]
	if under != nil {
		c.origins.hold(under.origin)
		c.bytes += under.size() + hiddenOverhead
		c.hidden[n] = under
	}
	if was != nil {
		c.origins.drop(was.origin)
		c.bytes -= was.size() + hiddenOverhead
	}
	if under == nil && was != nil {
		delete(c.hidden, n)
	}
}

// remove forgets what is held and what that hides. It returns the number of the
// entry that has its number now.
func (c *Cache) remove(n number) (moved number) {
	c.hide(n, nil)
	c.await(n, nil)
	s := c.table.at(n)
	c.bytes -= s.size()
	c.origins.drop(s.origin)
	c.unlink(n)
	if moved = c.table.remove(n); moved == n {
		return n
	}
	s = c.table.at(n)
	c.table.at(s.prev).next, c.table.at(s.next).prev = n, n
	if under := c.hidden[moved]; under != nil {
		delete(c.hidden, moved)
		c.hidden[n] = under
	}
	if next := c.waiting[moved]; next != nil {
		delete(c.waiting, moved)
		c.waiting[n] = next
	}
	return moved
}

func (c *Cache) unlink(n number) {
	s := c.table.at(n)
	c.table.at(s.prev).next, c.table.at(s.next).prev = s.next, s.prev
}

func (c *Cache) pushNewest(n number) {
	ends, s := c.table.at(0), c.table.at(n)
	s.prev, s.next = ends.prev, 0
	c.table.at(ends.prev).next = n
	ends.prev = n
}

// renew puts an entry at the end that is evicted last.
func (c *Cache) renew(n number) {
	c.unlink(n)
	c.pushNewest(n)
}

// note numbers a change. In the 32 bits of a slot that is done once in months:
// whoever asks with a mark from before is told everything once more.
func (c *Cache) note(n number) {
	c.changes++
	if c.changes-c.base > math.MaxUint32 {
		c.base = c.changes - 1
		for i := c.oldest(); i != 0; i = c.table.at(i).next {
			c.table.at(i).changed = 0
		}
	}
	c.table.at(n).changed = uint32(c.changes - c.base)
}

// number returns that of an origin. Once most are free, as after a flood of
// peers, they are given out anew.
func (c *Cache) number(of origin) uint32 {
	if c.origins.sparse() {
		was := c.origins
		c.origins = newOrigins()
		for n := c.oldest(); n != 0; n = c.table.at(n).next {
			c.renumber(c.table.at(n), was)
			if under := c.hidden[n]; under != nil {
				c.renumber(&under.slot, was)
			}
			if next := c.waiting[n]; next != nil {
				c.renumber(next, was)
			}
		}
	}
	return c.origins.number(of)
}

func (c *Cache) renumber(s *slot, was origins) {
	s.origin = c.origins.number(was.all[s.origin])
	c.origins.hold(s.origin)
}

func (s *slot) size() int { return entryOverhead + s.answer.Size() }

const (
	// entryOverhead is what an entry takes beside its answer: a slot, a head, and
	// what is spare (measured).
	entryOverhead = 88
	// hiddenOverhead is what an answer that is hidden or waits takes more: its record and a place in
	// the map.
	hiddenOverhead = 64
)
