// For simulators alone: a world that branches copies its nodes. A case of 1000 hosts ends
// in three outages; without copies its two hours of work would be played three times.

package node

import (
	"maps"
	"math/rand/v2"
	"slices"

	"mcdns/gocore/fetch"
	"mcdns/gocore/sharing"
)

// Copy makes another node that goes on from here in the same run: it holds the same
// answers, knows the same peers, waits for the same and is woken when this one is. Answers
// and messages are shared, for nobody writes to them.
func (n *Node) Copy(r *rand.Rand) *Node {
	c := *n
	c.rand, c.out, c.timers.heap = r, slices.Clone(n.out), slices.Clone(n.timers.heap)
	c.cache, c.group = n.cache.Copy(worth{&c}), n.group.Copy()
	c.upstream = n.upstream.Copy(serving{&c})
	c.order = n.order.Copy(c.upstream)
	c.fetch = n.fetch.Copy(fetch.Config{Host: fetching{&c}, Upstream: c.upstream, Order: c.order, Rand: r})
	c.copyLookups(n)
	c.failures = n.failures.Copy()
	c.refresh, c.loans, c.recovery = maps.Clone(n.refresh), maps.Clone(n.loans), slices.Clone(n.recovery)
	c.help.asker, c.help.name = maps.Clone(n.help.asker), maps.Clone(n.help.name)

	c.share = n.share.Copy(sharing.Config{Host: sharer{&c}, Store: store{&c}, Group: c.group, Rand: r})
	return &c
}

// copyLookups copies what waits.
func (n *Node) copyLookups(of *Node) {
	n.asking, n.subs = maps.Clone(of.asking), maps.Clone(of.subs)
	n.pending, n.numbered, n.waiting = maps.Clone(of.pending), maps.Clone(of.numbered), maps.Clone(of.waiting)
	for q, p := range of.pending {
		one := *p
		one.waiters, one.helpers, one.subs = slices.Clone(p.waiters), slices.Clone(p.helpers), slices.Clone(p.subs)
		for i := range one.helpers {
			one.helpers[i] = slices.Clone(p.helpers[i])
		}
		n.pending[q], n.numbered[p.made] = &one, &one
		for _, w := range one.waiters {
			n.waiting[w.id] = &one
		}
	}
}
