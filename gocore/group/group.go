package group

import (
	"net/netip"
	"slices"
	"time"

	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
)

// MaxMembers bounds the table. More hosts than any LAN has; a host without the
// key cannot fill it, since only datagrams that opened are heard.
const MaxMembers = 20000

// A Member is a peer that was heard lately.
type Member struct {
	Peer wire.Peer
	Addr netip.AddrPort // where it answers by unicast
	Link int
	// First and Last are when it was first and last heard; Group4 and Group6
	// when it was last heard by multicast over each family (0 = never).
	First, Last, Group4, Group6 time.Duration
	// Clock ties its clock to ours, once Proven.
	Clock  trust.Offset
	Proven bool
	// Nonce of the PROVE under way, 0 if none, and when it left.
	Nonce uint64
	Asked time.Duration
	// HearsUs is when it last listed this host among those it hears.
	HearsUs time.Duration
	// Missed counts its HELLOs since then; Named: it was logged as deaf.
	Missed  int
	Named   bool
	Version string
	Names   uint32
	// Told and Contradicted are counted by the node.
	Told, Contradicted uint64
	// Heard counts the new answers heard of it as its HELLOs count those it told,
	// from the first one (Counted) on; Lost is how many more it had told by the
	// last one.
	Heard   uint32
	Lost    int32
	Counted bool
	// Servers is the evidence it gave last, moved to this host's clock.
	Servers []Evidence

	seen   trust.Window
	tokens float64 // answers it may still tell
	filled time.Duration
}

// Evidence is what a peer saw of a DNS server, on this host's clock; a time
// before boot is negative, Unseen is never.
type Evidence struct {
	Server           wire.ServerID
	Success, Failure time.Duration
}

// Unseen is the time of what never happened.
const Unseen = time.Duration(-1 << 62)

// A Group is the table of the other hosts.
type Group struct {
	self    uint64
	members []*Member // in order of arrival
	byPeer  map[wire.Peer]*Member
	// patience is how long a member may have been silent, at the time it was
	// last reckoned: it falls no faster than time passes (Expire).
	patience, reckoned time.Duration
}

// New makes the group of one host.
func New(self uint64) *Group {
	return &Group{self: self, byPeer: make(map[wire.Peer]*Member)}
}

// N is how many hosts the group has, this one included.
func (g *Group) N() int { return len(g.members) + 1 }

// Hosts is how many other hosts there are: a host that was restarted is two
// members until the silence of the older epoch is noticed.
func (g *Group) Hosts() int {
	ids := make(map[uint64]bool, len(g.members))
	for _, m := range g.members {
		ids[m.Peer.ID] = true
	}
	return len(ids)
}

// Members lists the others in order of arrival. The slice is the group's own.
func (g *Group) Members() []*Member { return g.members }

// Get returns a member, or nil.
func (g *Group) Get(p wire.Peer) *Member { return g.byPeer[p] }

// Hear notes a datagram that opened. It returns the member and whether the
// datagram is new (and not a replay or a duplicate); nil if the table is full
// of proven members. That the datagram was sent now is not known yet: the
// caller sets Last.
func (g *Group) Hear(now time.Duration, p wire.Peer, seq uint64) (*Member, bool) {
	m := g.byPeer[p]
	if m == nil {
		if len(g.members) >= MaxMembers && !g.makeRoom() {
			return nil, false
		}
		m = &Member{Peer: p, First: now, Last: now, filled: now, tokens: unprovenRate}
		g.byPeer[p] = m
		g.members = append(g.members, m)
	}
	return m, m.seen.Accept(seq)
}

// makeRoom forgets the member that has been unproven for longest: recordings
// of hosts that are gone must not shut out the living.
func (g *Group) makeRoom() bool {
	i := slices.IndexFunc(g.members, func(m *Member) bool { return !m.Proven })
	if i < 0 {
		return false
	}
	g.Remove(g.members[i].Peer)
	return true
}

// Remove forgets a member.
func (g *Group) Remove(p wire.Peer) {
	delete(g.byPeer, p)
	g.members = slices.DeleteFunc(g.members, func(m *Member) bool { return m.Peer == p })
}

// Expire removes the members that were silent for three of the longest HELLO
// intervals, and returns them. When many go at once the intervals of the rest
// shorten, but only from their next HELLO on: until then the old one counts,
// or a group of which half was switched off would forget the other half too.
func (g *Group) Expire(now time.Duration) []*Member {
	var gone []*Member
	g.patience = max(g.Silence(), g.patience-(now-g.reckoned))
	g.reckoned = now
	limit := now - g.patience
	g.members = slices.DeleteFunc(g.members, func(m *Member) bool {
		if m.Last >= limit {
			return false
		}
		delete(g.byPeer, m.Peer)
		gone = append(gone, m)
		return true
	})
	return gone
}

// Keep removes the members that f does not accept.
func (g *Group) Keep(f func(*Member) bool) {
	g.members = slices.DeleteFunc(g.members, func(m *Member) bool {
		if f(m) {
			return false
		}
		delete(g.byPeer, m.Peer)
		return true
	})
}

// Sleep says that this host was away for so long: nobody was silent meanwhile,
// this host was deaf.
func (g *Group) Sleep(away time.Duration) {
	for _, m := range g.members {
		for _, at := range []*time.Duration{&m.Last, &m.Group4, &m.Group6, &m.HearsUs} {
			if *at != 0 {
				*at += away
			}
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
func (m *Member) Allow(now time.Duration) bool {
	rate := float64(unprovenRate)
	if m.Proven {
		rate = provenRate
	}
	m.tokens = min(rate, m.tokens+rate*(now-m.filled).Seconds())
	m.filled = now
	if m.tokens < 1 {
		return false
	}
	m.tokens--
	return true
}
