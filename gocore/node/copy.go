package node

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"mcdns/gocore/dns"
)

// Copy makes another node that goes on from here in the same run: it holds the
// same answers, knows the same peers as well as this one does, and speaks next when
// this one will. It is there for simulators, which branch a world. What is under way
// with others, from questions to streams, is timed by functions and cannot be
// copied: it is left out (Idle).
func (n *Node) Copy(now time.Duration, r *rand.Rand) *Node {
	c := *n
	c.rand, c.timers, c.out = r, timers{}, nil
	c.pending, c.waiting, c.asks = make(map[dns.Question]*pending), make(map[uint64]*pending), make(map[uint64]*ask)
	c.asking = make(map[uint32]int)
	c.refresh, c.answers = make(map[dns.Question]bool), make(map[dns.Question]*due)
	c.pulls, c.exports = make(map[uint64]*stream), make(map[uint64]*export)
	c.queries = querier{own: n.queries.own, background: n.queries.background, replies: n.queries.replies}
	c.queries.replies.asker = nil
	c.session.telling = false // the next proof begins anew
	c.repair.pull = nil
	c.help = helped{}
	c.failures.of, c.failures.heard = maps.Clone(n.failures.of), slices.Clone(n.failures.heard)
	c.deafPeers = slices.Clone(n.deafPeers)
	c.cache, c.group = n.cache.Copy(c.ranksHigh), n.group.Copy()
	c.prover = n.prover.Copy(c.group, proving{&c}, r)
	c.cache.SetOrder(c.standing)
	c.loans = maps.Clone(n.loans)
	c.upstream = n.upstream.copy(&c)
	c.announce.queue, c.announce.queued = slices.Clone(n.announce.queue), maps.Clone(n.announce.queued)
	c.loops(now)
	return &c
}

// loops sets anew the timers that never end.
func (n *Node) loops(now time.Duration) {
	if n.started {
		n.after(now, n.session.expires-now, n.expire)
	}
	if n.set.Shares {
		n.helloIn(now, n.session.hello-now, n.session.sharing)
	}
	if n.announce.timed {
		n.announce.timed = false
		n.timeAnnouncements(now, n.announce.due-now)
	}
	n.upstream.keepLooking(now)
}

// Idle reports whether nothing is under way, so that a Copy lacks nothing.
func (n *Node) Idle() bool {
	waits := len(n.pending) + len(n.waiting) + len(n.asks) + len(n.refresh) + len(n.answers) + len(n.pulls) + len(n.exports) +
		len(n.queries.queue) + len(n.queries.sent)
	return waits == 0 && n.prover.Idle() && n.upstream.idle()
}
