package node

import (
	"cmp"
	"slices"
	"time"

	"mcdns/gocore/dns"
)

// What waits when an outage begins, while it is young, and when it ends.

// askAgain puts what programs wait for to the servers as soon as they are back: the
// time-outs have grown meanwhile, by up to two seconds in a silence of one.
func (n *Node) askAgain(now time.Duration) {
	if n.upstream.down {
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
		if len(p.waiters) == 0 || !n.downFor(p.q) {
			continue
		}
		if f := p.fetch; f != nil {
			n.after(now, f.began+lateAnswer-now, timer{kind: giveUpTimer, key: f.no})
		}
		n.resolveWhileDown(now, p)
	}
}

// lateAnswer is how long a question asked before the outage was known may still
// be answered by a server: names that a resolver must look up itself take it
// half a second and more, all at once after a quiet hour. Failed at once, each
// such hour began with a failed lookup. What is left of the three seconds that a
// lookup may take is the group's, and a busy machine's.
const lateAnswer = 3*time.Second - 5*queryWait

// young reports whether the outage has just begun. What a program asks for now may
// be answered late, as what it asked for a moment ago: a server that says nothing
// for a second, or a host that a busy machine did not run, is no outage to anybody
// without mcdns. A server that the network cannot reach is not waited for.
func (n *Node) young(now time.Duration, q dns.Question) bool {
	since, down := n.upstream.downSince(q, n.serversFor(q))
	return down && now < since+lateAnswer
}

// giveUpNowhere ends a question of a young outage that reached no server, once the
// group has had its turn.
func (n *Node) giveUpNowhere(now time.Duration, f *fetch) {
	p := n.pending[f.q]
	since, _ := n.upstream.downSince(f.q, n.serversFor(f.q))
	if p != nil && p.fetch == f && p.query == nil && f.kind == demand && f.began >= since && f.nowhere() && !n.upstream.byHearsay() {
		n.giveUp(now, f, timer{})
	}
}

func (n *Node) giveUp(now time.Duration, f *fetch, _ timer) {
	if n.downFor(f.q) && !slices.ContainsFunc(n.serversFor(f.q), func(s *server) bool { return n.upstream.yetToSpeak(now, s) }) {
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
