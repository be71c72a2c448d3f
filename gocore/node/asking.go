package node

import (
	"time"
)

// The group is asked for what no DNS server answers and this host does not hold.

// askGroup puts a pending question to the group, or ends it if there is none.
func (n *Node) askGroup(now time.Duration, p *pending) {
	if n.share.Asking(p.q) {
		return
	}
	since, down := n.order.Down(p.q)
	switch {
	case !n.share.MayAsk(now, p.q):
		n.nobodyKnows(now, p)
	case p.queried != 0 && now-p.queried < time.Second:
		n.nobodyKnows(now, p) // a moment ago nobody did
	case down && n.failures.InVain(now, since, n.share.Patience(), p.q):
		n.nobodyKnows(now, p)
	default:
		p.queried = now
		n.share.Ask(now, p.q, p.asker)
	}
}
