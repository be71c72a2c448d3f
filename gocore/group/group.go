package group

import (
	"iter"
	"time"

	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
)

// MaxMembers bounds the table. More hosts than any LAN has; a host without the
// key cannot fill it, since nobody joins it unproven.
const MaxMembers = 20000

// Many is how many hosts a group may have in which what one host needs, and all
// the others are bothered with, counts more than what that costs the others.
const Many = 100

// Unseen is the time of what never happened.
const Unseen = time.Duration(-1 << 62)

// A Group is the table of the other hosts: those that have shown to be alive.
type Group struct {
	self uint64
	// members lie in order of arrival.
	members members
	once    trust.Once
	notes   []*Notes // notes[0] is nobody's
	free    []uint16 // of those, which are
	// patience is how long a member may have been silent, at the time it was
	// last reckoned: it falls no faster than time passes (Expire).
	patience, reckoned time.Duration
}

// New makes the group of one host. secret are random bits that no peer can guess;
// what a group does is the same with any.
func New(self uint64, secret [2]uint64) *Group {
	return &Group{self: self, members: members{secret: secret}, notes: []*Notes{nil}}
}

// Clear forgets everybody.
func (g *Group) Clear() { *g = *New(g.self, g.members.secret) }

// N is how many hosts the group has, this one included.
func (g *Group) N() int { return g.members.len() + 1 }

// Hosts is how many other hosts there are: a host that was restarted is two
// members until the silence of the older epoch is noticed.
func (g *Group) Hosts() int {
	ids := make(map[uint64]bool, g.members.len())
	for m := range g.Members() {
		ids[m.Peer.ID] = true
	}
	return len(ids)
}

// Members are the others in order of arrival. None may be removed meanwhile.
func (g *Group) Members() iter.Seq[*Member] { return g.members.all }

// At returns the i-th of them, from 0 to N()-2.
func (g *Group) At(i int) *Member { return g.members.at(i) }

// Get returns a member, or nil.
func (g *Group) Get(p wire.Peer) *Member {
	if i := g.members.find(p); i >= 0 {
		return g.members.at(i)
	}
	return nil
}

// Once reports whether a datagram that opened is heard for the first time, and
// notes it. Copies come by both address families, and from whoever plays again
// what he recorded. They are told by all of (peer, seq, tag): by the number alone,
// a member that speaks in another's name would have used it up before its owner.
func (g *Group) Once(now time.Duration, m *wire.Message) bool {
	return g.once.First(now, product(g.members.hash(m.From)^m.Seq, m.Tag^0x9fb21c651e98df25))
}

// Join takes in a peer that is proven by asked and sent (trust.Offset.Prove), first
// heard at a time. It returns nil if the table is full.
func (g *Group) Join(p wire.Peer, first, asked, sent time.Duration) *Member {
	if m := g.Get(p); m != nil {
		return m
	}
	if g.members.len() >= MaxMembers {
		return nil
	}
	m := Member{Peer: p, about: newAbout(), first: tickOf(first), last: stampOf(asked)}
	m.Clock.Prove(asked, sent)
	return g.members.add(m)
}

// Remove forgets a member.
func (g *Group) Remove(p wire.Peer) {
	if g.members.find(p) >= 0 {
		g.Keep(func(m *Member) bool { return m.Peer != p })
	}
}

// Keep removes the members that f does not accept.
func (g *Group) Keep(f func(*Member) bool) {
	g.members.keep(func(m *Member) bool {
		if f(m) {
			return true
		}
		g.forgetNotes(m)
		return false
	})
}

// Expire removes the members that were silent for three of the longest HELLO
// intervals, and returns them. When many go at once the intervals of the rest
// shorten, but only from their next HELLO on: until then the old one counts,
// or a group of which half was switched off would forget the other half too.
func (g *Group) Expire(now time.Duration) (gone []wire.Peer) {
	g.patience = max(g.Silence(), g.patience-(now-g.reckoned))
	g.reckoned = now
	limit := now - g.patience
	g.Keep(func(m *Member) bool {
		four, six := m.Multicast(now, limit)
		m.heard4, m.heard6 = m.heard4.only(four), m.heard6.only(six)
		if m.Last(now) < limit {
			gone = append(gone, m.Peer)
			return false
		}
		return true
	})
	return gone
}

// Sleep says that this host was away for so long: nobody was silent meanwhile,
// this host did not listen.
func (g *Group) Sleep(away time.Duration) {
	for m := range g.Members() {
		m.last, m.heard4, m.heard6 = m.last.moved(away), m.heard4.moved(away), m.heard6.moved(away)
		if n := g.noted(m); n != nil && n.HearsUs != 0 {
			n.HearsUs += away
		}
	}
	g.reckoned += away
}

// Interval is the mean time between two HELLOs of one host: the whole group
// sends at most about two a second, whatever its size (PROTOCOL 3.8).
func (g *Group) Interval() time.Duration { return IntervalOf(g.N()) }

// IntervalOf is that of a group of n hosts.
func IntervalOf(n int) time.Duration {
	return max(10*time.Second, time.Duration(n)*time.Second/2)
}

// Silence is how long a member may be silent: three intervals, each of which
// may be half as long again.
func (g *Group) Silence() time.Duration { return g.Interval() * 9 / 2 }

// tellRate is how many answers a second one member may tell (PROTOCOL 6.1).
const tellRate = 200

// Allow reports whether the member may tell one more answer now.
func (g *Group) Allow(now time.Duration, m *Member) bool {
	return g.notesOn(m).tells.Take(now, tellRate, tellRate) == 0
}

// Note writes down what is noted on a member in place of what was.
func (g *Group) Note(m *Member, n Notes) { *g.notesOn(m) = n }

// notesOn makes them when they are first asked for.
func (g *Group) notesOn(m *Member) *Notes {
	if m.notes == 0 {
		m.notes = g.vacant()
		g.notes[m.notes] = &Notes{}
	}
	return g.notes[m.notes]
}

func (g *Group) vacant() uint16 {
	if end := len(g.free) - 1; end >= 0 {
		i := g.free[end]
		g.free = g.free[:end]
		return i
	}
	g.notes = append(g.notes, nil)
	return uint16(len(g.notes) - 1)
}

// Noted is a copy of the notes on a member, empty if there are none.
func (g *Group) Noted(m *Member) Notes {
	if n := g.noted(m); n != nil {
		return *n
	}
	return Notes{}
}

func (g *Group) noted(m *Member) *Notes { return g.notes[m.notes] }

func (g *Group) forgetNotes(m *Member) {
	if m.notes != 0 {
		g.notes[m.notes] = nil
		g.free = append(g.free, m.notes)
	}
}
