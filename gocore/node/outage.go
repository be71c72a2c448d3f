package node

import (
	"cmp"
	"slices"
	"time"

	"mcdns/gocore/upstream"
)

// What waits when an outage begins, while it is young, and when it ends.

// askAgain puts what programs wait for to the servers as soon as they are back: the
// time-outs have grown meanwhile, by up to two seconds in a silence of one.
func (n *Node) askAgain(now time.Duration) {
	if n.allDown() {
		return
	}
	for _, p := range n.inOrder() {
		switch {
		case len(p.waiters) == 0:
		case p.fetch == nil || p.fetch.kind == viaFallback: // which are asked in outages only
			n.abandon(now, p)
			n.startFetch(now, p.q, demand)
		default:
			n.sendNext(now, p.fetch)
		}
	}
}

// resolvePending ends the waiting of all questions when an outage begins.
func (n *Node) resolvePending(now time.Duration) {
	for _, p := range n.inOrder() {
		if len(p.waiters) == 0 || !n.order.DownFor(p.q) {
			continue
		}
		if f := p.fetch; f != nil {
			n.after(now, f.began+upstream.LateAnswer-now, timer{kind: giveUpTimer, key: f.no})
		}
		n.resolveWhileDown(now, p)
	}
}

// giveUpNowhere ends a question of a young outage that reached no server, once the
// group has had its turn.
func (n *Node) giveUpNowhere(now time.Duration, f *fetch) {
	p := n.pending[f.q]
	since, _ := n.order.Down(f.q)
	if p != nil && p.fetch == f && !n.share.Asking(p.q) && f.kind == demand && f.began >= since && f.nowhere() && !n.upstream.Hearsay() {
		n.giveUp(now, f, timer{})
	}
}

func (n *Node) giveUp(now time.Duration, f *fetch, _ timer) {
	if n.order.DownFor(f.q) && !n.upstream.YetToSpeak(now, n.order.Servers(f.q)) {
		n.fetchFailed(now, f)
	}
}

// inOrder lists the pending questions in order of arrival: the order of a map
// would make two runs of one seed differ.
func (n *Node) inOrder() []*pending {
	var all []*pending
	for _, p := range n.pending {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *pending) int { return cmp.Compare(a.made, b.made) })
	return all
}
