package node

import (
	"time"

	"mcdns/gocore/upstream"
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

// mayCome reports whether a server may still answer in time, and sees to the end of
// that time.
func (n *Node) mayCome(now time.Duration, f *fetch) bool {
	if f == nil {
		return false
	}
	since, down := n.order.Down(f.q)
	if f.kind == viaFallback || f.own.TCP || !down || n.upstream.Hearsay() {
		return true
	}
	end := f.began // asked before the outage was known
	if f.began >= since {
		end = since
	}
	if end += upstream.LateAnswer; now >= end || f.began >= since && f.nowhere() {
		return false
	}
	n.after(now, end-now, timer{kind: giveUpTimer, key: f.no})
	return true
}
