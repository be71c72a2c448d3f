// For simulators alone: a world that branches copies its nodes. A case of 1000 hosts ends
// in three outages; without copies its two hours of work would be played three times.

package node

import (
	"math/rand/v2"
	"slices"

	"mcdns/gocore/held"
	"mcdns/gocore/sharing"
)

// Copy makes another node that goes on from here in the same run: it holds the same
// answers, knows the same peers, waits for the same and is woken when this one is. Answers
// and messages are shared, for nobody writes to them.
func (n *Node) Copy(r *rand.Rand) *Node {
	c := *n
	c.rand, c.out, c.timers = r, slices.Clone(n.out), n.timers.Copy()
	c.group, c.failures = n.group.Copy(), n.failures.Copy()
	c.upstream = n.upstream.Copy(serving{&c})
	c.order = n.order.Copy(c.upstream)
	c.held = n.held.Copy(held.Config{Host: holding{&c}, Group: c.group, Order: c.order})
	c.fetch = n.fetch.Copy(c.fetchConfig())
	c.share = n.share.Copy(sharing.Config{Host: sharer{&c}, Store: store{c.held, &c}, Group: c.group, Rand: r})
	c.help = n.help.Copy(c.helpConfig())
	c.renewals = n.renewals.Copy(c.renewalConfig())
	c.lookups = n.lookups.Copy(c.lookupConfig())
	return &c
}
