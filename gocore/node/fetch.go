package node

import (
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/fetch"
	"mcdns/gocore/upstream"
)

// start has the servers asked, unless they are being asked the same already.
func (n *Node) start(now time.Duration, q dns.Question, why fetch.Purpose) {
	p := n.pending[q]
	if p == nil {
		p = n.pend(q, Itself)
	}
	p.said = dns.RcodeError{}
	n.fetch.Start(now, q, why, p.asker)
}

// fetching is a node as the host of its fetches.
type fetching struct{ n *Node }

func (h fetching) After(now, d time.Duration, t fetch.Timer) {
	h.n.after(now, d, timer{kind: fetchTimer, of: uint8(t.Due), key: t.Key, gen: t.Gen})
}

func (h fetching) ID() uint64 { return h.n.id() }

// asked are the counters of what is asked.
var asked = [fetch.Purposes]Counter{
	fetch.Demand: UpstreamAsked, fetch.Renewing: UpstreamRefresh, fetch.Probe: UpstreamProbe,
	fetch.Fallback: UpstreamAsked, fetch.Ahead: UpstreamAhead,
}

func (h fetching) Ask(why fetch.Purpose, a fetch.Ask) {
	h.n.count(asked[why])
	h.n.emit(Ask(a))
}

func (h fetching) Waits(q dns.Question) bool {
	p := h.n.pending[q]
	return p != nil && len(p.waiters) > 0
}

func (h fetching) Wanted(q dns.Question, servers int) (Options, time.Duration) {
	p := h.n.pending[q]
	return p.agreed(), h.n.longest(p, servers)
}

func (h fetching) Asking(q dns.Question) bool { return h.n.share.Asking(q) }

func (h fetching) Patience() time.Duration { return h.n.share.Patience() }

func (h fetching) Renewed(q dns.Question) { delete(h.n.refresh, h.n.key.Hash(q)) }

func (h fetching) Answered(now time.Duration, g fetch.Got) { h.n.fetched(now, g) }

func (h fetching) HeldBack(now time.Duration, q dns.Question) { h.n.holdBack(now, q) }

func (h fetching) Failed(now time.Duration, f fetch.Failed) { h.n.fetchFailed(now, f) }

// fetched takes in what a server said. Of a later server than the current one it is
// lent alone, and a probe of such a one was no question.
func (n *Node) fetched(now time.Duration, g fetch.Got) {
	answer := *g.Answer
	answer.Birth = dns.Birth{Peer: n.share.Self(), Clock: now.Truncate(time.Millisecond)}
	answer.Server = g.Server
	switch {
	case g.Why == fetch.Probe && (!g.Stands.Good || g.Question == upstream.RootSOA && n.pending[g.Question] == nil):
		return // nobody asked for it
	case n.denied(now, &answer, g.Stands):
		return
	case g.Stands.Good:
		n.keep(now, &answer, g.Why)
	case !g.Rotates:
		n.lend(now, &answer)
	}
	n.failures.Clear(g.Question)
	if p := n.pending[g.Question]; p != nil {
		asked := len(p.waiters)
		for range asked {
			n.cache.Touch(now, answer.Question) // its first use is one: room is kept by use
		}
		n.end(now, p, outcome{fetched: &answer, ttl: n.lifeOf(now, &answer)}) // even if it is not kept
		if asked > 0 {
			n.fetchAhead(now, &answer)
		}
	}
}

// durable is how long the group is taken to hold what it was told.
const durable = 6 * time.Hour

// keep puts what a server said into the cache and tells the group.
func (n *Node) keep(now time.Duration, a *dns.Answer, why fetch.Purpose) {
	held := n.cache.Get(now, a.Question)
	n.compare(held, a)
	known := held.Held() && held.Age(now) < durable
	n.put(now, cache.Arrival{Answer: a, Place: n.set.Place, Mine: true})
	delete(n.loans, n.key.Hash(a.Question))
	n.share.Fetched(now, a, why == fetch.Renewing, known)
}

// denied serves a positive answer of an earlier server in the place of a later one's
// denial, and takes that for a failure: the name is not asked for again at once.
func (n *Node) denied(now time.Duration, a *dns.Answer, stands cache.Standing) bool {
	e := n.usable(now, a.Question)
	if a.Kind == dns.Positive || !e.Held() || e.Answer.Kind != dns.Positive || n.order.Of(e).Nth >= stands.Nth {
		return false
	}
	n.failures.Remember(now, a.Question, dns.RcodeError{})
	if p := n.pending[a.Question]; p != nil {
		n.end(now, p, outcome{held: e})
	}
	return true
}

// fetchFailed goes on where a fetch brought no answer. It deletes and shortens
// nothing: what is held is worth more than nothing.
func (n *Node) fetchFailed(now time.Duration, f fetch.Failed) {
	q := f.Question
	p := n.pending[q]
	if p == nil {
		return
	}
	if f.Why == fetch.Probe || len(p.waiters) == 0 {
		n.drop(p) // nobody waits: the group is not asked either
		return
	}
	p.said, p.apart = f.Said, f.Apart
	if e := n.usable(now, q); e.Held() {
		n.rememberFailure(now, p)
		n.end(now, p, outcome{held: e})
		return
	}
	if n.order.DownFor(q) && f.Why != fetch.Fallback {
		n.resolveWhileDown(now, p)
		return
	}
	if f.Why == fetch.Fallback && n.order.Young(now, q) {
		n.start(now, q, fetch.Demand) // a fallback server that refuses is not to cost what the own may say yet
	}
	n.askGroup(now, p)
}

// put hands an answer to the cache.
func (n *Node) put(now time.Duration, in cache.Arrival) cache.Outcome {
	out, dropped := n.cache.Put(now, in, n.limits())
	for range dropped {
		n.count(Evicted)
	}
	if dropped > 0 {
		n.noteFull()
	}
	return out
}
