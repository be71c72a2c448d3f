package cache

import (
	"time"

	"mcdns/gocore/wire"
)

// Limits bound lives (PROTOCOL 2).
type Limits struct {
	Min, Max, Negative time.Duration
}

// PeerMax is the longest life of an answer that a peer told.
const PeerMax = 4 * time.Hour

// life is the TTL that counts for an answer.
func (l Limits) life(a *wire.Answer, own bool) time.Duration {
	ttl := min(max(a.TTL, l.Min), l.Max)
	if a.Kind != wire.Positive {
		ttl = min(ttl, l.Negative)
	}
	if !own {
		ttl = min(ttl, PeerMax)
	}
	return ttl
}

// An Arrival is an answer on its way into the cache.
type Arrival struct {
	Answer *wire.Answer
	// Age is how old it is now.
	Age time.Duration
	// From is who told it; the zero Peer if this host fetched it.
	From  wire.Peer
	Place uint64
	// Filler may only fill a gap, and only as stale: who told it is not proven
	// to be alive (PROTOCOL 3).
	Filler bool
	// Worn and Asked are those of a saved entry.
	Worn  time.Duration
	Asked uint32
	// Mine: this run fetched it just now.
	Mine bool
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
)

// Put decides which answer stands for the arrival's question, and returns how
// many entries were dropped for room.
func (c *Cache) Put(now time.Duration, in Arrival, l Limits) (Outcome, int) {
	e := l.entry(now, in)
	if e.Life <= 0 {
		return Kept, 0 // TTL 0 is used once, never kept
	}
	held := c.entries[in.Answer.Question]
	if held == nil {
		c.insert(e)
		return Taken, c.shrink()
	}
	if in.Filler {
		return Kept, 0 // who says it may be a recording: it moves no age either
	}
	if out, done := c.sameBirth(held, e); done {
		return out, 0
	}
	if !stands(now, held, e) {
		return Kept, 0
	}
	c.replace(now, held, e)
	return Taken, c.shrink()
}

func (l Limits) entry(now time.Duration, in Arrival) *Entry {
	e := &Entry{
		Answer: in.Answer, Born: now - in.Age, From: in.From, Place: in.Place,
		Asked: in.Asked, worn: in.Worn, kept: now, filler: in.Filler, mine: in.Mine,
	}
	e.Life = l.life(in.Answer, e.Own())
	if in.Filler {
		e.Born = now - max(in.Age, fillerAge)
	}
	return e
}

// fillerAge is what a filler is taken for: a recording may be of any time. Taken
// for just past its TTL it would be served as younger than it is, and stand
// against stale answers that are in truth younger.
const fillerAge = 30 * 24 * time.Hour

// sameBirth deals with a copy of what is held: the older age stands, so that
// duplicates, relays and replays never make an answer younger. The age of a
// filler is nobody's word; a proven peer's takes its place, whatever it is. Of what
// this run fetched itself nobody knows the age better: a peer whose wall clock
// jumped before a reboot would else age everybody's copy.
func (c *Cache) sameBirth(held, e *Entry) (Outcome, bool) {
	for h := held; h != nil; h = h.under {
		if h.Answer.Birth != e.Answer.Birth {
			continue
		}
		if h.filler {
			h.Born, h.From, h.filler = e.Born, e.From, false
			c.mark(held)
			return Taken, true
		}
		if e.Born < h.Born && !h.mine {
			h.Born = e.Born
			c.mark(held)
		}
		return Same, true
	}
	return Kept, false
}

// together is how close two births with different data may lie for neither to
// win: rotating answers fetched at the same time by two hosts (PROTOCOL 2).
const together = 2 * time.Second

// stands reports whether e, of another birth, takes the place of held.
func stands(now time.Duration, held, e *Entry) bool {
	switch {
	case e.Own():
		return e.Born >= held.Born
	case e.negative() && held.freshPositive(now):
		return false
	case e.Answer.SameData(held.Answer):
		return e.Born > held.Born
	case held.Own() && now < held.Expires()-held.Window():
		return false
	default:
		return e.Born > held.Born+together
	}
}

// freshPositive reports whether a positive answer is held that is fresh, even
// if a negative hides it.
func (e *Entry) freshPositive(now time.Duration) bool {
	if e.negative() {
		return e.under != nil && e.under.Fresh(now)
	}
	return e.Fresh(now)
}

// replace puts e in the place of held and keeps a positive answer that a
// negative one hides.
func (c *Cache) replace(now time.Duration, held, e *Entry) {
	e.Used, e.Asked = held.Used, max(e.Asked, held.Asked)
	e.Queried = held.Queried
	if e.negative() {
		c.hide(now, held, e)
	}
	c.remove(held)
	c.insert(e)
}

// refutedFor is how far apart two own negatives must lie to delete a positive
// (PROTOCOL 2): one wrong NXDOMAIN must not cost an outage its answer.
const refutedFor = 15 * time.Minute

func (c *Cache) hide(now time.Duration, held, e *Entry) {
	e.under, e.refuted = held.under, held.refuted
	if !held.negative() {
		e.under, e.refuted = held.alone(), 0
	}
	if e.under == nil || !e.Own() {
		return
	}
	switch {
	case e.refuted == 0:
		e.refuted = max(now, 1)
	case now-e.refuted >= refutedFor:
		e.under, e.refuted = nil, 0
	}
}

// alone is a copy of a positive entry that is in no list.
func (e *Entry) alone() *Entry {
	u := *e
	u.under, u.prev, u.next = nil, nil, nil
	return &u
}
