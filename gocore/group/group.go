package group

import (
	"iter"
	"time"

	"mcdns/gocore/wire"
)

// MaxMembers bounds the table. More hosts than any LAN has; a host without the
// key cannot fill it, since only datagrams that opened are heard.
const MaxMembers = 20000

// Unseen is the time of what never happened.
const Unseen = time.Duration(-1 << 62)

// A Group is the table of the other hosts.
type Group struct {
	self uint64
	// members lie in order of arrival.
	members members
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

// Hear notes a datagram that opened. It returns the member and whether the
// datagram is new (and not a replay or a duplicate); nil if the table is full
// of proven members. That the datagram was sent now is not known yet: the
// caller says so by Member.Came.
func (g *Group) Hear(now time.Duration, p wire.Peer, seq uint64) (*Member, bool) {
	m := g.Get(p)
	if m == nil {
		if g.members.len() >= MaxMembers && !g.makeRoom() {
			return nil, false
		}
		m = g.members.add(Member{Peer: p, about: newAbout(), first: tickOf(now), last: stampOf(now)})
	}
	return m, g.accept(m, seq)
}

// makeRoom forgets the member that has been unproven for longest: recordings
// of hosts that are gone must not shut out the living.
func (g *Group) makeRoom() bool {
	for m := range g.Members() {
		if !m.Proven() {
			g.Remove(m.Peer)
			return true
		}
	}
	return false
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
// this host was deaf.
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
// sends at most about two a second, whatever its size (PROTOCOL 3).
func (g *Group) Interval() time.Duration {
	return max(10*time.Second, time.Duration(g.N())*time.Second/2)
}

// Silence is how long a member may be silent: three intervals, each of which
// may be half as long again.
func (g *Group) Silence() time.Duration { return g.Interval() * 9 / 2 }

// Per-sender limits on told answers, a second (PROTOCOL 6).
const (
	provenRate   = 200
	unprovenRate = 20
)

// Allow reports whether the member may tell one more answer now.
func (g *Group) Allow(now time.Duration, m *Member) bool {
	rate, n := float64(unprovenRate), g.Notes(m)
	if m.Proven() {
		rate = provenRate
	}
	n.tokens = min(rate, n.tokens+rate*(now-n.filled).Seconds())
	n.filled = now
	if n.tokens < 1 {
		return false
	}
	n.tokens--
	return true
}

// Notes are those on a member. They are made when they are first asked for.
func (g *Group) Notes(m *Member) *Notes {
	if m.notes == 0 {
		m.notes = g.vacant()
		g.notes[m.notes] = &Notes{tokens: unprovenRate, filled: m.First()}
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
