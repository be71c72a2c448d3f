package node

import (
	"cmp"
	"slices"
	"time"

	"mcdns/gocore/dns"
)

// What waits when an outage begins, while it is young, and when it ends.

// askAgain puts what programs wait for to the servers as soon as they are back.
func (n *Node) askAgain(now time.Duration) {
	if n.allDown() {
		return
	}
	for _, p := range n.inOrder() {
		if len(p.waiters) > 0 {
			p.said = dns.RcodeError{}
			n.fetch.Again(now, p.q, p.asker)
		}
	}
}

// resolvePending ends the waiting of all questions when an outage begins.
func (n *Node) resolvePending(now time.Duration) {
	for _, p := range n.inOrder() {
		if len(p.waiters) == 0 || !n.order.DownFor(p.q) {
			continue
		}
		n.fetch.EndLate(now, p.q)
		n.resolveWhileDown(now, p)
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

// goOnAll moves all that waits, once a server was judged.
func (n *Node) goOnAll(now time.Duration) {
	for _, p := range n.inOrder() {
		n.fetch.GoOn(now, p.q)
	}
}
