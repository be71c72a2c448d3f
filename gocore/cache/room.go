package cache

import (
	"encoding/binary"
	"net/netip"

	"mcdns/gocore/wire"
)

// A lane is a list of entries in order of their last use or arrival, and what they
// take. What this host used lies in lane 0. What peers told and it did not use lies in
// two lanes for each teller's address: what this host ranks high for, and the rest.
type lane struct {
	first, last number // the one that goes first, and the latest; 0 if it is empty
	bytes       int
}

// A class is what a host holds an answer for.
type class uint8

const (
	inUse class = iota // its programs asked for it
	high               // the group counts on it
	rest               // peers' other answers
)

// maxSeats is for how many addresses there are lanes; those beyond share one. Ids are
// no measure: a peer takes as many as it likes.
const maxSeats = 1024

// seats number the addresses of tellers; 0 is this host's own.
type seats struct {
	of  map[netip.Addr]uint16
	all []netip.Addr
}

func newSeats() seats { return seats{of: make(map[netip.Addr]uint16), all: make([]netip.Addr, 1)} }

// seat is that of an arrival. A saved answer comes from no address: its teller's id
// stands for one.
func (c *Cache) seat(in Arrival) uint16 {
	via := in.Via
	if in.From == (wire.Peer{}) {
		return 0
	}
	if !via.IsValid() {
		via = standIn(in.From.ID)
	}
	if i, ok := c.seats.of[via]; ok {
		return i
	}
	i := c.vacantSeat()
	delete(c.seats.of, c.seats.all[i])
	c.seats.of[via], c.seats.all[i] = i, via
	return i
}

// standIn is an address that no peer has.
func standIn(id uint64) netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[8:], id)
	return netip.AddrFrom16(b).WithZone("id")
}

// vacantSeat is a new one, or one whose lanes are empty, or the last.
func (c *Cache) vacantSeat() uint16 {
	if len(c.seats.all) < maxSeats {
		c.seats.all = append(c.seats.all, netip.Addr{})
		return uint16(len(c.seats.all) - 1)
	}
	for i := 1; i < maxSeats-1; i++ {
		if c.takes(uint16(i)) == 0 {
			return uint16(i)
		}
	}
	return maxSeats - 1
}

// laneAt is the number of a seat's lane of a class, made when it is first asked for.
func (c *Cache) laneAt(seat uint16, of class) int {
	i := 0
	if of != inUse {
		i = 2*int(seat) + int(of)
	}
	for len(c.lanes) <= i {
		c.lanes = append(c.lanes, lane{})
	}
	return i
}

// laneOf is where a slot belongs.
func (c *Cache) laneOf(s *slot) int {
	of := rest
	switch {
	case s.asked != 0:
		of = inUse
	case s.has(ranked):
		of = high
	}
	return c.laneAt(c.origins.all[s.origin].seat, of)
}

// link puts a slot at the end of its lane that goes last.
func (c *Cache) link(n number) {
	c.append(c.laneOf(c.table.at(n)), n)
	c.weigh(n, c.weight(n))
}

// unlink takes a slot out of its lane. Nothing that its lane follows from may have
// changed since it was put there.
func (c *Cache) unlink(n number) {
	c.weigh(n, -c.weight(n))
	c.cut(c.laneOf(c.table.at(n)), n)
}

func (c *Cache) append(to int, n number) {
	l, s := &c.lanes[to], c.table.at(n)
	s.prev, s.next = l.last, 0
	if l.last != 0 {
		c.table.at(l.last).next = n
	} else {
		l.first = n
	}
	l.last = n
}

func (c *Cache) cut(from int, n number) {
	l, s := &c.lanes[from], c.table.at(n)
	if s.prev != 0 {
		c.table.at(s.prev).next = s.next
	} else {
		l.first = s.next
	}
	if s.next != 0 {
		c.table.at(s.next).prev = s.prev
	} else {
		l.last = s.prev
	}
}

// renew puts an entry at the end of its lane that goes last.
func (c *Cache) renew(n number) {
	i := c.laneOf(c.table.at(n))
	c.cut(i, n)
	c.append(i, n)
}

// weigh counts bytes of a slot that is in its lane.
func (c *Cache) weigh(n number, bytes int) {
	i := c.laneOf(c.table.at(n))
	c.lanes[i].bytes += bytes
	if i != 0 {
		c.told += bytes
	}
}

// weight is what a slot takes, with what it hides and what waits behind it.
func (c *Cache) weight(n number) int {
	s := c.table.at(n)
	size := s.size()
	if s.has(hides) {
		size += c.hidden[n].size() + hiddenOverhead
	}
	if s.has(awaited) {
		size += c.waiting[n].size() + hiddenOverhead
	}
	return size
}

// shrink drops entries until the budget holds, and returns how many.
func (c *Cache) shrink() (dropped int) {
	for c.Bytes() > c.limit && c.Len() > 0 {
		i, of := c.fullest()
		n := c.lanes[i].first
		if s := c.table.at(n); of == rest && c.host.RanksHigh(s.answer.Question) {
			c.unlink(n)
			s.set(ranked, true)
			c.link(n)
			continue
		}
		c.remove(n)
		dropped++
	}
	return dropped
}

// fullest is the lane whose oldest answer has to go. What is used has half of the room,
// what was told the other half, and either what the other leaves. Who told most loses
// first, so that a flood pushes out itself, and what this host ranks high for last.
func (c *Cache) fullest() (int, class) {
	if c.lanes[0].bytes > 0 && c.told <= c.limit/2 {
		return 0, inUse
	}
	seat, _ := c.richest()
	if i := c.laneAt(seat, rest); c.lanes[i].first != 0 {
		return i, rest
	}
	return c.laneAt(seat, high), high
}

// richest is the seat whose answers take most, and how much.
func (c *Cache) richest() (seat uint16, most int) {
	for i := range c.seats.all {
		if bytes := c.takes(uint16(i)); bytes > most {
			seat, most = uint16(i), bytes
		}
	}
	return seat, most
}

// takes is what was told from a seat takes.
func (c *Cache) takes(seat uint16) (bytes int) {
	for i := 2*int(seat) + int(high); i <= 2*int(seat)+int(rest) && i < len(c.lanes); i++ {
		bytes += c.lanes[i].bytes
	}
	return bytes
}

// Fills returns the address from which more than half of the room was told, if any.
func (c *Cache) Fills() (netip.Addr, bool) {
	seat, most := c.richest()
	who := c.seats.all[seat]
	return who, most > c.limit/2 && who.IsValid() && who.Zone() == ""
}

// each calls f for the slots that are held, what this host used first, those of a lane
// in order, until f returns false. f may ask for them, no more.
func (c *Cache) each(f func(number) bool) {
	for i := range c.lanes {
		for n := c.lanes[i].first; n != 0; {
			next := c.table.at(n).next
			if !f(n) {
				return
			}
			n = next
		}
	}
}
