package node

import (
	"net/netip"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// What upstream wants of the node around it (host), and what the node does when its
// servers change.

// setServers follows a change of configuration.
func (n *Node) setServers(now time.Duration) {
	changed := n.upstream.configure(now, &n.set)
	n.failures.clearAll() // the settings may name servers that know what these did not
	n.loans = nil         // lent by the old list
	if changed {
		n.askAnew(now)
	}
	n.upstream.updateDown(now)
}

// askAnew puts what is under way to the new servers: those before may be out of
// reach, and a lookup would wait for them to its deadline.
func (n *Node) askAnew(now time.Duration) {
	for _, p := range n.inOrder() {
		if p.fetch == nil || p.fetch.kind == viaFallback {
			continue
		}
		n.abandon(now, p)
		if len(p.waiters) > 0 {
			n.startFetch(now, p.q, demand)
		}
		n.drop(p)
	}
}

// downFor reports whether all servers that may be asked a question are down.
func (n *Node) downFor(q dns.Question) bool {
	_, down := n.upstream.downSince(q, n.serversFor(q))
	return down
}

// serverIsBack lets all that waits ask anew.
func (n *Node) serverIsBack(now time.Duration) {
	n.failures.clearAll()
	n.after(now, 0, timer{kind: goOnTimer}) // the reply that shows it may be what is waited for
}

func (n *Node) outageIsOver(now time.Duration) {
	n.failures.clearAll()
	n.after(now, 0, timer{kind: askAgainTimer}) // the reply that shows it may be what is waited for
	n.recoverPopular(now)
}

// rankOf is this host's place for a server among those that use it, or most.
func (n *Node) rankOf(id dns.ServerID, most int) int {
	return n.group.RankAmong(uint64(id), most, func(m *group.Member) bool { return m.Uses(id) })
}

func (n *Node) groupSize() int { return n.group.N() }

func (n *Node) member(p wire.Peer) *group.Member { return n.group.Get(p) }

// forgetAsks takes it that nothing which is under way counts against a server.
func (n *Node) forgetAsks() {
	for _, a := range n.asks {
		a.over = true
	}
}

// proving is a node as the host of its prover.
type proving struct{ n *Node }

func (h proving) After(now, d time.Duration, t group.Timer) {
	h.n.after(now, d, timer{kind: proverTimer, of: uint8(t.Due), key: t.Key, gen: t.Gen})
}

func (h proving) Prove(now time.Duration, to netip.AddrPort, nonce uint64) {
	h.n.sendTo(now, to, &wire.Prove{Nonce: nonce})
}

func (h proving) Left(wire.Peer) { h.n.noteGroup() }
