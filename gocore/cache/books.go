package cache

import "math"

// What follows keeps the lanes, the table, the origins and the bytes in step. Each
// slot that is held, hidden or not, holds its origin once.

// insert takes in an answer to a question that has none.
func (c *Cache) insert(s slot) number {
	c.origins.hold(s.origin)
	n := c.table.add(s)
	c.link(n)
	c.note(n)
	return n
}

// replace puts another answer in the place of what is held and of what that hides, or
// what waits behind it. It stays where it is in its lane if it belongs there: whoever
// ranges over the entries and asks for them makes some give way.
func (c *Cache) replace(n number, s slot, under *hidden) {
	c.origins.hold(s.origin)
	c.weigh(n, -c.weight(n))
	held := c.table.at(n)
	was, from := *held, c.laneOf(held)
	*held = s
	held.prev, held.next, held.chain, held.tag = was.prev, was.next, was.chain, was.tag
	held.set(ranked, was.has(ranked) && s.asked == 0)
	held.set(hides, was.has(hides)) // until they are put right below
	held.set(awaited, was.has(awaited))
	if to := c.laneOf(held); to != from {
		c.cut(from, n)
		c.append(to, n)
	}
	c.weigh(n, c.weight(n))
	c.hide(n, under)
	c.await(n, nil)
	c.origins.drop(was.origin)
	c.note(n)
}

// hide puts a positive answer, or none, behind what is held.
func (c *Cache) hide(n number, under *hidden) {
	was := c.hidden[n]
	if under != nil {
		c.origins.hold(under.origin)
		c.weigh(n, under.size()+hiddenOverhead)
		c.hidden[n] = under
	}
	if was != nil {
		c.origins.drop(was.origin)
		c.weigh(n, -was.size()-hiddenOverhead)
	}
	if under == nil && was != nil {
		delete(c.hidden, n)
	}
	c.table.at(n).set(hides, under != nil)
}

// remove forgets what is held and what that hides. It returns the number of the
// entry that has its number now.
func (c *Cache) remove(n number) (moved number) {
	c.hide(n, nil)
	c.await(n, nil)
	c.unlink(n)
	c.origins.drop(c.table.at(n).origin)
	if moved = c.table.remove(n); moved == n {
		return n
	}
	c.moved(moved, n)
	return moved
}

// moved follows an entry that has another number now.
func (c *Cache) moved(from, to number) {
	s := c.table.at(to)
	l := &c.lanes[c.laneOf(s)]
	if s.prev != 0 {
		c.table.at(s.prev).next = to
	} else {
		l.first = to
	}
	if s.next != 0 {
		c.table.at(s.next).prev = to
	} else {
		l.last = to
	}
	if under := c.hidden[from]; under != nil {
		delete(c.hidden, from)
		c.hidden[to] = under
	}
	if next := c.waiting[from]; next != nil {
		delete(c.waiting, from)
		c.waiting[to] = next
	}
}

// note numbers a change. In the 32 bits of a slot that is done once in months:
// whoever asks with a mark from before is told everything once more.
func (c *Cache) note(n number) {
	c.changes++
	if c.changes-c.base > math.MaxUint32 {
		c.base = c.changes - 1
		c.each(func(i number) bool { c.table.at(i).changed = 0; return true })
	}
	s := c.table.at(n)
	s.changed = uint32(c.changes - c.base)
	s.set(saved, false)
}

// number returns that of an origin. Once most are free, as after a flood of
// peers, they are given out anew.
func (c *Cache) number(of origin) uint32 {
	if c.origins.sparse() {
		was := c.origins
		c.origins = newOrigins()
		c.each(func(n number) bool {
			for _, s := range c.behind(n) {
				c.renumber(s, was)
			}
			return true
		})
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
