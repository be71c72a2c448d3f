package upstream

import (
	"log/slog"
	"net/netip"
	"time"

	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// A success that peers claim and this host does not see means that the fault is this
// host's. Claimed by one insider in an outage it made each host take itself for cut off:
// held names waited for that peer, and then were what it said. So a claim that one peer
// alone makes and another denies is used only for names that nobody holds (PROTOCOL 5.12).

// claims are what peers say of a server.
type claims struct {
	claimer sayer // the first that had success since the server was last doubted
	denier  sayer // the last other whose last word of the server is a failure
	// second: another than the claimer has success, too.
	second bool
	// vain: this host looked for the claimer's sake and found what the denier says.
	vain bool
}

// A sayer is a peer and where it spoke from: ids are cheap to an insider, and one host
// has several addresses.
type sayer struct {
	peer wire.Peer
	addr netip.Addr
}

func sayerOf(m *group.Member) sayer { return sayer{m.Peer, m.Addr().Addr()} }

func (a sayer) same(b sayer) bool {
	return a.peer.ID == b.peer.ID || a.addr.IsValid() && a.addr == b.addr
}

// note notes what a proven peer says of the server.
func (s *server) note(who sayer, st wire.ServerState, at time.Duration) {
	c, success, failure := &s.claims, ago(at, st.Success), ago(at, st.Failure)
	if c.denier.same(who) {
		c.denier = sayer{}
	}
	switch {
	case success >= s.judge && success != group.Unseen:
		c.second = c.second || c.claimer != sayer{} && !c.claimer.same(who)
		if !c.second {
			c.claimer = who
		}
	case failure > success && !c.claimer.same(who):
		c.denier = who
	}
}

// contested reports whether one peer alone has success, and another that is still there
// has none.
func (s *server) contested() bool {
	c := &s.claims
	return c.claimer != sayer{} && !c.second && s.u.host.Member(c.denier.peer) != nil
}

// failed reports whether this host's own looks have failed since the doubt.
func (s *server) failed() bool { return s.failure >= max(s.judge-recent, s.success) }

// lookedInVain keeps a server that only one peer reaches "down", if that is contested.
func (s *server) lookedInVain() bool {
	if !s.contested() || !s.failed() {
		return false
	}
	if !s.claims.vain {
		s.claims.vain = true
		s.u.host.Log(slog.LevelWarn, "one peer says that the server answers, this host and others find that it does not: "+
			"asking that peer for names that nobody holds, and for nothing else",
			"peer", s.claims.claimer.addr.String(), "server", s.Addr.String())
	}
	return true
}

// heardDenial ends "cut off" if the denial that came was missing: the host is in an outage
// with the others.
func (s *server) heardDenial(now time.Duration) {
	if s.life == cutOff && !s.judging && s.lookedInVain() {
		s.setDown(now, nobody)
	}
}

// alone reports whether the server is down but for one peer.
func (s *server) alone() bool { return s.state() == Down && s.claims.vain && !s.claims.second }

// Doubts reports whether a member is such a peer: what it tells takes no held answer's place.
func (l List) Doubts(m *group.Member) bool {
	for _, s := range l.servers {
		if s.alone() && s.claims.claimer.same(sayerOf(m)) {
			return true
		}
	}
	return false
}

// Claimer is the first member that claims success with a server which is down, nil if there
// is none. A host looks for three seconds before it believes a claim, and asks meanwhile.
func (l List) Claimer() *group.Member {
	for _, s := range l.servers {
		if s.state() != Down {
			continue
		}
		if m := l.u.host.Member(s.claims.claimer.peer); m != nil && m.Addr().IsValid() {
			return m
		}
	}
	return nil
}
