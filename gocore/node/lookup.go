package node

import (
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/fetch"
	"mcdns/gocore/wire"
)

// A pending question is one that somebody waits for: this host's programs, or
// the node itself. All who ask the same question share one fetch.
type pending struct {
	q       dns.Question
	asker   uint32 // who asked first
	made    uint64 // its number, in order of arrival, for a stable order of effects
	waiters []waiter
	queried time.Duration  // when the group was last asked, 0 if never
	said    dns.RcodeError // what a server said to the last fetch that failed
	lone    int            // how often the one peer that claims success was asked
	loneAt  time.Duration  // when it last was
	helpers [][]wire.Peer  // those that were asked to look it up, in each row of them
	// subs are the sub-questions that it waits for, by Lookup.ID; it asked subsAsked, and is
	// asked for others at this depth.
	subs             []uint64
	subsAsked, depth int
	apart            bool // that fetch went a way of its askers' own
}

// A waiter is a query that waits.
type waiter struct {
	id      uint64
	own     Options
	began   time.Duration
	allowed time.Duration
}

// Bounds on what waits: a flood of unanswerable names must not grow the node.
const (
	maxPending = 16384
	// maxWaiters are those of one question: as many as the daemon serves programs.
	maxWaiters = 4096
)

// staleTTL is what programs may keep a stale answer for (RFC 8767 section 4), if its
// own TTL is not less.
const staleTTL = 30 * time.Second

func (n *Node) lookup(now time.Duration, in Lookup) {
	if n.answerHere(now, in) {
		return
	}
	q := in.Question
	e := n.usable(now, q)
	switch {
	case e.Held() && e.Fresh(now):
		n.serve(now, in.ID, e)
		n.considerRefresh(now, e)
	case n.order.DownFor(q):
		n.lookupWhileDown(now, in, e)
	case n.failures.Active(now, q) && !n.upstream.CutOff(now) && !n.fetch.TriesMore(in.Own):
		n.serveOrFail(now, in.ID, in.Question, e)
	case n.order.Outlived(e):
		n.serveOutlived(now, in.ID, e)
	default:
		n.lookupWhileUp(now, in, e)
	}
}

// lookupWhileUp waits for a DNS server; a stale answer is served when the
// fetch fails or overruns the wait (RFC 8767 section 5, PROTOCOL 5.2).
func (n *Node) lookupWhileUp(now time.Duration, in Lookup, e cache.Entry) {
	p := n.wait(now, in)
	if p == nil {
		return
	}
	if _, under := n.fetch.Under(in.Question); under {
		n.fetch.Joined(now, in.Question, in.Own, p.agreed())
	} else {
		n.upstream.DoubtEarlier(now, n.order.Servers(in.Question))
		n.start(now, in.Question, fetch.Demand)
	}
	if n.upstream.CutOff(now) && len(p.waiters) == 1 {
		n.askHelper(now, p)
	}
	n.after(now, n.staleWait(now), timer{kind: overrunTimer, key: in.ID})
}

// lookupWhileDown serves what there is: fresh, stale, what a fallback server
// or the group says, failure (PROTOCOL 5.10).
func (n *Node) lookupWhileDown(now time.Duration, in Lookup, e cache.Entry) {
	if n.upstream.DoubtsDown() || !e.Held() && n.upstream.Hearsay() {
		n.fetchFor(now, in)
	}
	if e.Held() {
		n.serve(now, in.ID, e)
		n.wantYounger(now, e)
		return
	}
	n.probeWith(now, in.Question)
	if n.failures.Active(now, in.Question) && !in.Own.TCP {
		n.fail(now, in.ID, in.Question)
		return
	}
	p := n.wait(now, in)
	if p == nil {
		return
	}
	switch _, under := n.fetch.Under(in.Question); {
	case under:
		n.fetch.Joined(now, in.Question, in.Own, p.agreed())
	case (in.Own.TCP || n.order.Young(now, in.Question)) && !n.order.Fallback(in.Question):
		n.start(now, in.Question, fetch.Demand)
	}
	n.resolveWhileDown(now, p)
}

// resolveWhileDown is the way on for a question that no held answer ends.
func (n *Node) resolveWhileDown(now time.Duration, p *pending) {
	if e := n.usable(now, p.q); e.Held() {
		n.end(now, p, outcome{held: e})
		n.wantYounger(now, e)
		return
	}
	switch why, under := n.fetch.Under(p.q); {
	case under && why == fetch.Fallback:
	case n.order.Fallback(p.q):
		n.start(now, p.q, fetch.Fallback)
	case !n.share.Asking(p.q):
		n.askGroup(now, p)
	}
}

// wantYounger looks for something younger than a stale answer that was served
// in an outage, in the background.
func (n *Node) wantYounger(now time.Duration, e cache.Entry) {
	q := e.Answer.Question
	if e.Fresh(now) {
		return
	}
	if n.order.Fallback(q) && !n.failures.Active(now, q) {
		n.start(now, q, fetch.Fallback)
	}
	n.share.AskYounger(now, e.Answer)
}

// serveOutlived serves such an answer at once, as in an outage, and asks the server that
// stands in behind it: its address, if it has one, is the next program's.
func (n *Node) serveOutlived(now time.Duration, id uint64, e cache.Entry) {
	q := e.Answer.Question
	n.serve(now, id, e)
	n.upstream.DoubtEarlier(now, n.order.Servers(q))
	if _, under := n.fetch.Under(q); !under {
		n.start(now, q, fetch.Renewing)
	}
}

// usable returns the answer that may be served for a question, or none:
// whoever asks decides about fresh and stale.
func (n *Node) usable(now time.Duration, q dns.Question) cache.Entry {
	e := n.cache.Get(now, q)
	if !e.Held() || e.Worn(now) > n.set.MaxStale || n.order.Rebinds(e.Answer) || !n.order.Of(e).Good {
		e = cache.Entry{}
	}
	if len(n.loans) > 0 && !(e.Held() && e.Fresh(now)) {
		if lent := n.lent(now, q); lent.Held() {
			return lent
		}
	}
	return e
}

// mayPend reports whether a question that an asker is the first with finds room. An
// asker may have as much of it as is left: alone half of it, and whoever comes next finds
// some, however many have come before.
func (n *Node) mayPend(asker uint32) bool { return n.asking[asker] < maxPending-len(n.pending) }

// pend makes a question one that is pending.
func (n *Node) pend(q dns.Question, asker uint32) *pending {
	p := &pending{q: q, asker: asker, made: n.id()}
	n.pending[q], n.numbered[p.made] = p, p
	n.asking[asker]++
	return p
}

// fetchFor asks the servers on behalf of an asker, if there is room.
func (n *Node) fetchFor(now time.Duration, in Lookup) {
	if n.pending[in.Question] == nil {
		if !n.mayPend(in.Asker) {
			return
		}
		n.pend(in.Question, in.Asker)
	}
	n.start(now, in.Question, fetch.Demand)
}

// wait makes a query wait; nil means that there was no room, and that it got what
// is held, if anything.
func (n *Node) wait(now time.Duration, in Lookup) *pending {
	p := n.pending[in.Question]
	if p == nil && !n.mayPend(in.Asker) || p != nil && len(p.waiters) >= maxWaiters {
		n.serveOrFail(now, in.ID, in.Question, n.usable(now, in.Question))
		return nil
	}
	if p == nil {
		p = n.pend(in.Question, in.Asker)
	}
	w := waiter{in.ID, in.Own, now, n.fetch.Allowed(in.Own, n.order.Servers(in.Question).Len())}
	p.waiters = append(p.waiters, w)
	n.waiting[in.ID] = p
	n.endInTime(now, w)
	return p
}

func (n *Node) endInTime(now time.Duration, w waiter) {
	n.after(now, w.began+n.fetch.Deadline(now, w.allowed)-now, timer{kind: expiredTimer, key: w.id})
}

func nobodyWaits(n *Node, t timer) bool { return n.waiting[t.key] == nil }

// staleWait is how long a lookup waits for a server before it is served stale
// (PROTOCOL 5.2).
func (n *Node) staleWait(now time.Duration) time.Duration {
	if n.upstream.CutOff(now) {
		return 250 * time.Millisecond
	}
	return min(time.Second, max(250*time.Millisecond, 3*n.upstream.Usual()))
}

// overrun serves one waiting query stale: its refresh took too long. If nothing
// is held the group is asked, while the fetch goes on.
func (n *Node) overrun(now time.Duration, t timer) {
	p := n.waiting[t.key]
	if p == nil {
		return
	}
	e := n.usable(now, p.q)
	if !e.Held() {
		n.askGroup(now, p)
		return
	}
	n.serve(now, t.key, e)
	n.release(t.key)
}

// expired ends one waiting query at its deadline, stale rather than failed; it is
// later if a server came up meanwhile.
func (n *Node) expired(now time.Duration, t timer) {
	p := n.waiting[t.key]
	if p == nil {
		return
	}
	i := slices.IndexFunc(p.waiters, func(w waiter) bool { return w.id == t.key })
	if w := p.waiters[i]; now < w.began+n.fetch.Deadline(now, w.allowed) {
		n.endInTime(now, w)
		return
	}
	n.serveOrFail(now, t.key, p.q, n.usable(now, p.q))
	n.release(t.key)
}

func (n *Node) forget(id uint64) {
	if n.waiting[id] != nil {
		n.release(id)
	}
}

// release takes one query off its pending question.
func (n *Node) release(id uint64) {
	p := n.waiting[id]
	delete(n.waiting, id)
	p.waiters = slices.DeleteFunc(p.waiters, func(w waiter) bool { return w.id == id })
	n.drop(p)
}

// drop forgets a pending question that nobody and nothing waits for.
func (n *Node) drop(p *pending) {
	if len(p.waiters) > 0 {
		return
	}
	n.forgetSubs(p)
	if _, under := n.fetch.Under(p.q); !under && n.pending[p.q] == p && !n.share.Asking(p.q) {
		delete(n.pending, p.q)
		delete(n.numbered, p.made)
		if n.asking[p.asker]--; n.asking[p.asker] == 0 {
			delete(n.asking, p.asker)
		}
	}
}

func (n *Node) serveOrFail(now time.Duration, id uint64, q dns.Question, e cache.Entry) {
	if !e.Held() {
		n.fail(now, id, q)
		return
	}
	n.serve(now, id, e)
}

func (n *Node) serve(now time.Duration, id uint64, e cache.Entry) {
	r := Result{Answer: e.Answer, Age: e.Age(now), Life: e.Life, Source: FromCache}
	counter := LookupCache
	if !e.Own() {
		r.Source, r.Peer = FromPeer, e.From
		counter = LookupPeer
	}
	if e.Fresh(now) {
		r.TTL = (e.Expires() - now).Truncate(time.Second)
	} else {
		r.TTL, r.Stale = min(staleTTL, e.Answer.TTL), true
		counter = LookupStale
	}
	n.cache.Touch(now, e.Answer.Question)
	n.respond(now, id, counter, r)
}

// fail says that nobody can say, and what a server said if that is why.
func (n *Node) fail(now time.Duration, id uint64, q dns.Question) {
	r := Result{}
	if !n.order.DownFor(q) {
		r.Said = n.failures.Said(now, q)
	}
	n.respond(now, id, LookupFailed, r)
}
