package cache

import (
	"net/netip"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// Limits bound lives (PROTOCOL 2.10).
type Limits struct {
	Min, Max, Negative time.Duration
}

// PeerMax is the longest life of an answer that a peer told.
const PeerMax = 4 * time.Hour

// life is the TTL that counts for an answer, 49 days at most.
func (l Limits) life(a *dns.Answer, own bool) time.Duration {
	ttl := min(max(a.TTL, l.Min), l.Max)
	if a.Kind != dns.Positive {
		ttl = min(ttl, l.Negative)
	}
	if !own {
		ttl = min(ttl, PeerMax)
	}
	return min(max(ttl, 0), maxLife)
}

// An Arrival is an answer on its way into the cache.
type Arrival struct {
	Answer *dns.Answer
	// Age is how old it is now.
	Age time.Duration
	// From is who told it; the zero Peer if this host fetched it.
	From  wire.Peer
	Place uint64
	// Via is the address that it was told from, if any: whose share of the room it takes.
	Via netip.Addr
	// Worn and Asked are those of a saved entry.
	Worn  time.Duration
	Asked uint32
	// Mine: this run fetched it just now.
	Mine bool
	// Saved: it lies in the file that changes are written to, so it is none.
	Saved bool
}

// Outcome is what became of an arrival.
type Outcome uint8

const (
	// Kept: what was held stands, the arrival is forgotten.
	Kept Outcome = iota
	// Taken: the arrival stands.
	Taken
	// Same: it is another copy of the birth that is held; the older age stands.
	Same
	// Waits: it takes the place of what this host fetched itself when that ends.
	Waits
)

// Put decides which answer stands for the arrival's question, and returns how
// many entries were dropped for room.
func (c *Cache) Put(now time.Duration, in Arrival, l Limits) (Outcome, int) {
	s := l.slot(now, in)
	if s.life == 0 {
		return Kept, 0 // TTL 0 is used once, never kept
	}
	of := origin{from: in.From, place: in.Place}
	n := c.find(now, in.Answer.Question)
	if n == 0 {
		of.seat = c.seat(in)
		s.origin = c.number(of)
		n = c.insert(s)
		c.table.at(n).set(saved, in.Saved)
		return Taken, c.shrink()
	}
	if c.sameBirth(now, n, s) {
		return Same, 0
	}
	out := c.stands(now, n, s, c.standing(in.Answer, s.has(own), of))
	if out == Kept {
		return Kept, 0
	}
	of.seat = c.seatAfter(n, s, in)
	s.origin = c.number(of)
	if out == Waits {
		c.await(n, &s)
	} else {
		both := in.Saved && c.table.at(n).has(saved)
		c.supersede(now, n, s)
		c.renew(n)
		c.table.at(n).set(saved, both)
	}
	return out, c.shrink()
}

// seatAfter is whose room an answer takes that follows another: the first teller's, or
// a peer that tells again what others told would have it go with its own flood. What is
// too long for a datagram is the account of whoever tells it.
func (c *Cache) seatAfter(n number, s slot, in Arrival) uint16 {
	if held := c.table.at(n); s.size() <= max(held.size(), wire.MaxDatagram) {
		return c.origins.all[held.origin].seat
	}
	return c.seat(in)
}

func (l Limits) slot(now time.Duration, in Arrival) slot {
	s := slot{answer: in.Answer, born: now - in.Age, since: ticks(now - in.Worn), asked: in.Asked}
	s.set(own, in.From == wire.Peer{})
	s.set(mine, in.Mine)
	s.life = uint32(l.life(in.Answer, s.has(own)) / time.Millisecond)
	return s
}

// sameBirth deals with a copy of what is held: the older age stands, so that
// duplicates, relays and replays never make an answer younger. Of what this run
// fetched itself, or this boot and is fresh, nobody knows the age better: a peer whose
// wall clock jumped before a reboot, or that lies, would else age it.
func (c *Cache) sameBirth(now time.Duration, n number, s slot) bool {
	held := c.table.at(n)
	if next := c.waiting[n]; next != nil && next.answer.Birth == s.answer.Birth {
		next.born = min(next.born, s.born)
		return true
	}
	if under := c.hidden[n]; under != nil && held.answer.Birth != s.answer.Birth {
		held = &under.slot
	}
	if held.answer.Birth != s.answer.Birth {
		return false
	}
	if s.born < held.born && !held.has(mine) && !(held.has(own) && held.fresh(now)) {
		held.born = s.born
		c.note(n)
	}
	return true
}

// together is how close two births with different data may lie for neither to
// win: rotating answers fetched at the same time by two hosts (PROTOCOL 2.2).
const together = 2 * time.Second

// stands says whether s, of another birth, takes the place of what is held, or waits. What
// may be served comes before what is held for an outage, whatever their ages.
func (c *Cache) stands(now time.Duration, n number, s slot, came Standing) Outcome {
	held := c.table.at(n)
	good := c.held(held).Good
	takes, out := false, Taken
	switch {
	case s.negative() && c.precedes(n, came.Nth):
	case came.Good != good:
		takes = came.Good
	case s.has(own):
		takes = s.born >= held.born
	case s.negative() && c.freshPositive(now, n):
	case held.has(own) && held.fresh(now):
		takes, out = c.mayWait(now, n, s), Waits
	case s.answer.SameData(held.answer):
		takes = s.born > held.born
	default:
		takes = s.born > held.born+together
	}
	if !takes {
		return Kept
	}
	return out
}

// freshPositive reports whether a positive answer is held that is fresh, even
// if a negative hides it.
func (c *Cache) freshPositive(now time.Duration, n number) bool {
	if s := c.table.at(n); !s.negative() {
		return s.fresh(now)
	}
	under := c.hidden[n]
	return under != nil && under.fresh(now)
}

// supersede puts s in the place of what is held and keeps a positive answer that
// a negative one hides.
func (c *Cache) supersede(now time.Duration, n number, s slot) {
	held := c.table.at(n)
	s.used, s.asked = held.used, max(s.asked, held.asked)
	s.queried = held.queried
	var under *hidden
	if s.negative() {
		under = c.refute(now, n, &s)
	}
	c.replace(n, s, under)
}

// refutedFor is how far apart two own negatives must lie to delete a positive
// (PROTOCOL 2.4): one wrong NXDOMAIN must not cost an outage its answer.
const refutedFor = 15 * time.Minute

// refute returns what a negative leaves of the positive that is held or hidden already.
// Only the server that gave the positive deletes it: with a VPN away, what its server
// said would else be gone after two looks.
func (c *Cache) refute(now time.Duration, n number, negative *slot) *hidden {
	under := c.hidden[n]
	if held := c.table.at(n); !held.negative() {
		under = &hidden{slot: *held}
	}
	if under == nil || !negative.has(own) || c.held(&under.slot).Nth != c.held(negative).Nth {
		return under
	}
	switch {
	case under.refuted == 0:
		under.refuted = max(now, 1)
	case now-under.refuted >= refutedFor:
		return nil
	}
	return under
}
