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
	// Nonce of the PROVE under way, 0 if none.
	Nonce uint64
	// HearsUs is when it last listed this host among those it hears.
	HearsUs time.Duration
	// Missed counts its HELLOs since then; Named: it was logged as deaf.
	Missed  int
	Named   bool
	Version string
	Names   uint32
	// Told and Contradicted are counted by the node.
	Told, Contradicted uint64
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
}

// New makes the group of one host.
func New(self uint64) *Group {
	return &Group{self: self, byPeer: make(map[wire.Peer]*Member)}
}

// N is how many hosts the group has, this one included.
func (g *Group) N() int { return len(g.members) + 1 }

// Members lists the others in order of arrival. The slice is the group's own.
func (g *Group) Members() []*Member { return g.members }

// Get returns a member, or nil.
func (g *Group) Get(p wire.Peer) *Member { return g.byPeer[p] }

// Hear notes a datagram that opened. It returns the member, whether the
// datagram is new (and not a replay or a duplicate), and nil if the table is
// full.
func (g *Group) Hear(now time.Duration, p wire.Peer, seq uint64) (*Member, bool) {
	m := g.byPeer[p]
	if m == nil {
		if len(g.members) >= MaxMembers {
			return nil, false
		}
		m = &Member{Peer: p, First: now, Last: now, filled: now, tokens: unprovenRate}
		g.byPeer[p] = m
		g.members = append(g.members, m)
	}
	if !m.seen.Accept(seq) {
		return m, false
	}
	m.Last = now
	return m, true
}

// Remove forgets a member.
func (g *Group) Remove(p wire.Peer) {
	delete(g.byPeer, p)
	g.members = slices.DeleteFunc(g.members, func(m *Member) bool { return m.Peer == p })
}

// Expire removes the members that were silent for three of the longest HELLO
// intervals, and returns them.
func (g *Group) Expire(now time.Duration) []*Member {
	var gone []*Member
	limit := now - g.Silence()
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
