package node

import (
	"log/slog"
	"net/netip"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/trust"
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
func (n *Node) contested(s *server) bool {
	c := &s.claims
	return c.claimer != sayer{} && !c.second && n.group.Get(c.denier.peer) != nil
}

// failed reports whether this host's own looks have failed since the doubt.
func (s *server) failed() bool { return s.failure >= max(s.judge-recent, s.success) }

// lookedInVain keeps a server that only one peer reaches "down", if that is contested.
func (n *Node) lookedInVain(s *server) bool {
	if !n.contested(s) || !s.failed() {
		return false
	}
	if !s.claims.vain {
		s.claims.vain = true
		n.log(slog.LevelWarn, "one peer says that the server answers, this host and others find that it does not: "+
			"asking that peer for names that nobody holds, and for nothing else",
			"peer", s.claims.claimer.addr.String(), "server", s.Addr.String())
	}
	return true
}

// heardDenial ends "cut off" if the denial that came was missing: the host is in an outage
// with the others.
func (n *Node) heardDenial(now time.Duration, s *server) {
	if s.life == cutOff && !s.judging && n.lookedInVain(s) {
		n.setDown(now, s, nobody)
	}
}

// alone reports whether the server is down but for one peer.
func (s *server) alone() bool { return s.state() == Down && s.claims.vain && !s.claims.second }

// doubts reports whether a member is such a peer: what it tells takes no held answer's place.
func (n *Node) doubts(m *group.Member) bool {
	for _, s := range n.servers {
		if s.alone() && s.claims.claimer.same(sayerOf(m)) {
			return true
		}
	}
	return false
}

// contradictsHeld reports whether an answer says other than what may be served.
func (n *Node) contradictsHeld(now time.Duration, a *dns.Answer) bool {
	e := n.usable(now, a.Question)
	return e.Held() && !e.Answer.SameData(a)
}

// loneTries is how often the one peer is asked for a name: with a fifth of all datagrams
// lost a try fails one time in three. It is the last that is asked, and a lookup takes
// three seconds at most.
const loneTries = 8

// askClaimer puts a question that nobody holds to the one peer that claims success, and
// reports whether its answer is to be awaited.
func (n *Node) askClaimer(now time.Duration, p *pending) bool {
	if p.lone > 0 && now < p.loneAt+askAgain {
		return true
	}
	m := n.claimer()
	if m == nil || p.lone == loneTries || len(p.waiters) == 0 || !n.mayAsk(p.q) {
		return false
	}
	p.lone, p.loneAt = p.lone+1, now
	n.sendTo(now, m.Addr(), &wire.Ask{Question: p.q})
	n.after(now, askAgain, func(now time.Duration) {
		if n.pending[p.q] == p && len(p.waiters) > 0 && p.query == nil {
			n.nobodyKnows(now, p)
		}
	})
	return true
}

// claimer is the member that claims success with a server which is down, nil if there is
// none. After a second claim this host looks for three seconds, and asks it meanwhile.
func (n *Node) claimer() *group.Member {
	for _, s := range n.servers {
		if s.state() != Down || !s.claims.vain {
			continue
		}
		if m := n.group.Get(s.claims.claimer.peer); m != nil && m.Addr().IsValid() {
			return m
		}
	}
	return nil
}

// mayAsk reports whether peers may be asked to look up a name for this host.
func (n *Node) mayAsk(q dns.Question) bool {
	return !n.secret(q) && !trust.Covered(n.set.LocalOnly, q.Name) && !n.ownDomain(q)
}
