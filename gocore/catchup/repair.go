package catchup

import (
	"time"

	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// A repairer notices that the group holds what this host does not: a partition
// kept hosts apart, or announcements were lost. It pulls, as a joiner does, and at
// most once in its own HELLO interval: two streams a second in the whole group,
// whatever its size, as with HELLOs.
type repairer struct {
	pull *pull // under way
	// since: what was told before then has been pulled.
	since time.Duration
	// again: the last repair brought much, in a group that is not big. What one peer
	// heard another may not have: at 20 % loss a second one brings 3 % more, a third
	// half a percent.
	again bool
	next  time.Duration // not before
	wait  time.Duration // until the one after; longer while repairs bring nothing
}

const (
	repairLack = 20 // answers, and two in a hundred, less than a peer says it holds
	// repairFew answers, and worthPulling, are worth a pull where they are known to
	// be lost: with fewer missing, p99 of all lookups stays in the cache.
	repairFew  = 3
	repairMost = 24 * time.Hour
	// repairSlack is how old an answer may be that was told just now: those of a
	// burst wait for their turn.
	repairSlack = 10 * time.Minute
)

// noteNumbers compares how many new answers a peer has told in all with how many
// of them this host heard. Its first HELLO is where the count begins, be it of a
// stranger (group.Prover): what was told before comes by catching up. Wrong numbers cost a
// pull.
func (c *Catcher) noteNumbers(m *group.Member, h *wire.Hello) {
	notes := c.group.Noted(m)
	was := notes
	if !m.Counted() {
		notes.Heard = h.Told
	}
	m.SaysNames(h.Names)
	notes.Lost = max(0, int32(h.Told-notes.Heard))
	if notes != was {
		c.group.Note(m, notes)
	}
}

// Consider comes with each HELLO of this host. Numbers differ for good
// reasons too (room, names that are not shared), so repairs that bring little
// become rare.
func (c *Catcher) Consider(now time.Duration) {
	r := &c.repair
	if !c.caught || len(c.pulls) > 0 || now < r.next || c.store.Full() {
		return
	}
	p := &pull{whole: true}
	m := c.draw(c.lacks)
	if m == nil && c.countsCompare(now) && (r.again || c.missed() > c.worthPulling()) {
		m = c.drawLost()
		if r.since != 0 {
			p.away = now - r.since + repairSlack
		}
	}
	if m != nil {
		c.number(p)
		r.pull = p
		c.pullFrom(now, m, p)
	}
}

// repairPause is how long a repair that brought much is enough for, beyond a HELLO
// interval. Each stream carries what was told since the last, so that without it the
// bytes of all grow with N times what N hosts tell: at 1000 hosts and 5 % loss they
// were 65 KB for each lookup, 3.6 MB a second. What a host of a big group lacks
// meanwhile, the others hold.
func (c *Catcher) repairPause() time.Duration {
	if c.group.N() <= group.Many {
		return 0
	}
	return c.group.Interval() * time.Duration(c.group.N()) / group.Many
}

// countsCompare reports whether the peers of a big group have said by now how much
// they told before they were proven to this host, with their second HELLO. Pulled
// before, all of it came once more when the others had said so: 549 of 1000 hosts
// pulled again within 90 minutes in which nothing was lost, 6.8 KB for each lookup.
func (c *Catcher) countsCompare(now time.Duration) bool {
	return c.group.N() <= group.Many || now-c.began >= 2*c.group.Interval()
}

// worthPulling is how many answers are too few to pull for: one in a hundred of
// those held among group.Many or more, and fewer among fewer, where what one host
// lacks few others hold. Of eight hosts that lost a datagram in twenty for a day, the
// last one alive lacked the answer of one lookup in a thousand with the hundredth.
func (c *Catcher) worthPulling() int {
	return max(repairFew, c.store.Len()*min(c.group.N(), group.Many)/(100*group.Many))
}

// lacks reports whether a peer says that it holds clearly more than this host.
func (c *Catcher) lacks(m *group.Member) bool {
	held := c.store.Len()
	return int(m.Names()) > held+held/50+repairLack
}

// missed is how many new answers were told and not heard since the last repair.
func (c *Catcher) missed() int {
	lost := 0
	for m := range c.group.Members() {
		lost += int(c.group.Noted(m).Lost)
	}
	return lost
}

// drawLost picks one of those of whom most was lost: each certainly holds what it
// told, and mostly what others did.
func (c *Catcher) drawLost() *group.Member {
	most := int32(0)
	for m := range c.group.Members() {
		most = max(most, c.group.Noted(m).Lost)
	}
	return c.draw(func(m *group.Member) bool { return c.group.Noted(m).Lost >= most/2 })
}

// caughtUp follows a catch-up that came through whole, be it a repair or not.
func (c *Catcher) caughtUp(now time.Duration, p *pull) {
	r := &c.repair
	r.since = p.began
	for m := range c.group.Members() {
		if notes := c.group.Noted(m); notes.Lost != 0 {
			notes.Heard, notes.Lost = notes.Heard+uint32(notes.Lost), 0
			c.group.Note(m, notes)
		}
	}
	if r.pull != p {
		return
	}
	r.pull = nil
	much, was := p.gained > c.worthPulling(), r.again
	// Among many hosts what is lost by the end of the pause is known without trying:
	// a second stream each was 12 KB for every lookup at 1000 hosts without any loss.
	r.again = much && c.group.N() <= group.Many
	switch {
	case much || was:
		r.wait, r.next = 0, now+c.repairPause()
	default:
		r.wait = min(repairMost, 2*max(r.wait, c.group.Interval()))
		r.next = now + r.wait
	}
}
