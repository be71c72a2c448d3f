package node

import (
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
)

// What ends the waiting for a question: an answer of a server, one that a peer told, or
// that nobody knows. Whoever finds out says so here, and here alone programs that wait
// are answered.

// An outcome is an answer, held or just fetched; the zero one is none.
type outcome struct {
	held    cache.Entry
	fetched *dns.Answer // by a server; it need not be kept
	ttl     time.Duration
}

// end ends all queries that wait for a question. The group need not say any more.
func (n *Node) end(now time.Duration, p *pending, o outcome) {
	n.share.EndAsk(p.q)
	waiters := p.waiters
	p.waiters = nil
	for _, w := range waiters {
		delete(n.waiting, w.id)
	}
	n.drop(p)
	for _, w := range waiters {
		switch {
		case o.fetched != nil:
			n.respond(now, w.id, LookupServer, Result{Answer: o.fetched, TTL: o.ttl, Life: o.ttl, Source: FromServer})
		case o.held.Held():
			n.serve(now, w.id, o.held)
		default:
			n.fail(now, w.id, p.q)
		}
	}
}

// answered comes when a peer told an answer. A fresh one that may be served ends the
// waiting always, a stale one if that is all there will be.
func (n *Node) answered(now time.Duration, q dns.Question) {
	n.failures.Clear(q)
	p := n.pending[q]
	if p == nil || len(p.waiters) == 0 {
		return
	}
	if e := n.usable(now, q); e.Held() && (e.Fresh(now) || n.order.DownFor(q) || n.share.Asking(q)) {
		n.end(now, p, outcome{held: e})
	}
}

// nobodyKnows comes when the group has said nothing. It ends the waiting, unless a server
// may still answer; the failure is remembered so that it is not asked again at once.
func (n *Node) nobodyKnows(now time.Duration, p *pending) {
	n.share.EndAsk(p.q)
	if n.askClaimer(now, p) || n.fetch.MayCome(now, p.q) {
		return
	}
	n.rememberFailure(now, p)
	n.end(now, p, outcome{})
}

// lifeOf is how long programs may keep an answer that was just fetched, kept here or not.
func (n *Node) lifeOf(now time.Duration, a *dns.Answer) time.Duration {
	if e := n.cache.Get(now, a.Question); e.Answer == a {
		return e.Life
	}
	if n.loans[n.key.Hash(a.Question)].answer == a {
		return loanLife(a)
	}
	return a.TTL
}
