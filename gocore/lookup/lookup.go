package lookup

import (
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/fetch"
	"mcdns/gocore/names"
)

// staleTTL is what programs may keep a stale answer for (RFC 8767 section 4), if its
// own TTL is not less.
const staleTTL = 30 * time.Second

// Lookup takes in a question of a program.
func (l *Lookups) Lookup(now time.Duration, in Lookup) {
	if l.answerHere(now, in) {
		return
	}
	q := in.Question
	e := l.held.Usable(now, q)
	switch {
	case e.Held() && e.Fresh(now) && !in.Fresh:
		l.serve(now, in.ID, e)
		l.renewals.Consider(now, e)
	case l.order.DownFor(q):
		l.lookupWhileDown(now, in, e)
	case in.Fresh:
		l.lookupWhileUp(now, in, e)
	case l.failures.Active(now, q) && !l.upstream.All().CutOff(now) && !l.fetch.TriesMore(in.Own):
		l.serveOrFail(now, in.ID, in.Question, e)
	case l.order.Outlived(e):
		l.serveOutlived(now, in.ID, e)
	default:
		l.lookupWhileUp(now, in, e)
	}
}

// lookupWhileUp waits for a DNS server; a stale answer is served when the
// fetch fails or overruns the wait (RFC 8767 section 5, PROTOCOL 5.2).
func (l *Lookups) lookupWhileUp(now time.Duration, in Lookup, e cache.Entry) {
	p := l.wait(now, in)
	if p == nil {
		return
	}
	if _, under := l.fetch.Under(in.Question); under {
		l.fetch.Joined(now, in.Question, in.Own, p.agreed())
	} else {
		l.order.Servers(in.Question).DoubtEarlier(now)
		l.Start(now, in.Question, fetch.Demand)
	}
	if l.upstream.All().CutOff(now) && len(p.waiters) == 1 {
		l.help.Ask(now, p.made, p.q)
	}
	if !in.Fresh {
		l.host.After(now, l.staleWait(now), Timer{Due: overrunDue, Key: in.ID})
	}
}

// lookupWhileDown serves what there is: fresh, stale, what a fallback server
// or the group says, failure (PROTOCOL 5.10).
func (l *Lookups) lookupWhileDown(now time.Duration, in Lookup, e cache.Entry) {
	if l.upstream.All().DoubtsDown() || !e.Held() && l.upstream.All().Hearsay() {
		l.fetchFor(now, in)
	}
	if e.Held() {
		l.serve(now, in.ID, e)
		l.wantYounger(now, e)
		return
	}
	l.probeWith(now, in.Question)
	if l.failures.Active(now, in.Question) && !in.Own.TCP {
		l.fail(now, in.ID, in.Question)
		return
	}
	p := l.wait(now, in)
	if p == nil {
		return
	}
	switch _, under := l.fetch.Under(in.Question); {
	case under:
		l.fetch.Joined(now, in.Question, in.Own, p.agreed())
	case (in.Own.TCP || l.order.Young(now, in.Question)) && !l.order.Fallback(in.Question):
		l.Start(now, in.Question, fetch.Demand)
	}
	l.resolveWhileDown(now, p)
}

// resolveWhileDown is the way on for a question that no held answer ends.
func (l *Lookups) resolveWhileDown(now time.Duration, p *pending) {
	if e := l.held.Usable(now, p.q); e.Held() {
		l.end(now, p, outcome{held: e})
		l.wantYounger(now, e)
		return
	}
	switch why, under := l.fetch.Under(p.q); {
	case under && why == fetch.Fallback:
	case l.order.Fallback(p.q):
		l.Start(now, p.q, fetch.Fallback)
	case !l.share.IsPut(p.q):
		l.askGroup(now, p)
	}
}

// wantYounger looks for something younger than a stale answer that was served
// in an outage, in the background.
func (l *Lookups) wantYounger(now time.Duration, e cache.Entry) {
	q := e.Answer.Question
	if e.Fresh(now) {
		return
	}
	if l.order.Fallback(q) && !l.failures.Active(now, q) {
		l.Start(now, q, fetch.Fallback)
	}
	l.share.AskYounger(now, e.Answer)
}

// serveOutlived serves such an answer at once, as in an outage, and asks the server that
// stands in behind it: its address, if it has one, is the next program's.
func (l *Lookups) serveOutlived(now time.Duration, id uint64, e cache.Entry) {
	q := e.Answer.Question
	l.serve(now, id, e)
	l.order.Servers(q).DoubtEarlier(now)
	if _, under := l.fetch.Under(q); !under {
		l.Start(now, q, fetch.Renewing)
	}
}

// staleWait is how long a lookup waits for a server before it is served stale
// (PROTOCOL 5.2).
func (l *Lookups) staleWait(now time.Duration) time.Duration {
	if l.upstream.All().CutOff(now) {
		return 250 * time.Millisecond
	}
	return min(time.Second, max(250*time.Millisecond, 3*l.upstream.Usual()))
}

// overrun serves one waiting query stale: its refresh took too long. If nothing
// is held the group is asked, while the fetch goes on.
func (l *Lookups) overrun(now time.Duration, id uint64) {
	p := l.waiting[id]
	if p == nil {
		return
	}
	e := l.held.Usable(now, p.q)
	if !e.Held() {
		l.askGroup(now, p)
		return
	}
	l.serve(now, id, e)
	l.release(id)
}

// expired ends one waiting query at its deadline, stale rather than failed; it is
// later if a server came up meanwhile.
func (l *Lookups) expired(now time.Duration, id uint64) {
	p := l.waiting[id]
	if p == nil {
		return
	}
	i := slices.IndexFunc(p.waiters, func(w waiter) bool { return w.id == id })
	if w := p.waiters[i]; now < w.began+l.fetch.Deadline(now, w.allowed) {
		l.endInTime(now, w)
		return
	}
	l.serveOrFail(now, id, p.q, l.held.Usable(now, p.q))
	l.release(id)
}

func (l *Lookups) serveOrFail(now time.Duration, id uint64, q dns.Question, e cache.Entry) {
	if !e.Held() {
		l.fail(now, id, q)
		return
	}
	l.serve(now, id, e)
}

func (l *Lookups) serve(now time.Duration, id uint64, e cache.Entry) {
	r := Result{Answer: e.Answer, Age: e.Age(now), Life: e.Life, Source: FromCache}
	if !e.Own() {
		r.Source, r.Peer = FromPeer, e.From
	}
	if e.Fresh(now) {
		r.TTL = (e.Expires() - now).Truncate(time.Second)
	} else {
		r.TTL, r.Stale = min(staleTTL, e.Answer.TTL), true
	}
	l.held.Touch(now, e.Answer.Question)
	l.respond(now, id, r)
}

// fail says that nobody can say, and what a server said if that is why.
func (l *Lookups) fail(now time.Duration, id uint64, q dns.Question) {
	r := Result{}
	if !l.order.DownFor(q) {
		r.Said = l.failures.Said(now, q)
	}
	l.respond(now, id, r)
}

// answerHere answers a question that may not leave this host.
func (l *Lookups) answerHere(now time.Duration, in Lookup) bool {
	if l.order.Reach(in.Question) != names.Here {
		return false
	}
	a := names.Answer(in.Question)
	l.respond(now, in.ID, Result{Answer: a, TTL: a.TTL, Life: a.TTL, Source: FromHere})
	return true
}

// probeWith lets a question that nobody holds be a probe, if the outage is old.
func (l *Lookups) probeWith(now time.Duration, q dns.Question) {
	if !l.order.Young(now, q) {
		l.order.Servers(q).LookWith(now, q)
	}
}
