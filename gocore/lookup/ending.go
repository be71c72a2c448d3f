package lookup

import (
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/fetch"
	"mcdns/gocore/upstream"
)

// What ends the waiting for a question: an answer of a server, one that a peer told, or
// that nobody knows. Whoever finds out says so here, and all programs that wait for it
// are answered. What ends by the clock, for one program, is in lookup.go.

// An outcome is an answer, held or just fetched; the zero one is none.
type outcome struct {
	held    cache.Entry
	fetched *dns.Answer // by a server; it need not be kept
	ttl     time.Duration
}

// end ends all queries that wait for a question. The group need not say any more.
func (l *Lookups) end(now time.Duration, p *pending, o outcome) {
	l.share.EndPut(p.q)
	waiters := p.waiters
	p.waiters = nil
	for _, w := range waiters {
		delete(l.waiting, w.id)
	}
	l.drop(p)
	for _, w := range waiters {
		switch {
		case o.fetched != nil:
			l.respond(now, w.id, Result{Answer: o.fetched, TTL: o.ttl, Life: o.ttl, Source: FromServer})
		case o.held.Held():
			l.serve(now, w.id, o.held)
		default:
			l.fail(now, w.id, p.q)
		}
	}
}

// Told comes when a peer told an answer. A fresh one that may be served ends the
// waiting always, a stale one if that is all there will be.
func (l *Lookups) Told(now time.Duration, q dns.Question) {
	l.failures.Clear(q)
	p := l.pending[q]
	if p == nil || len(p.waiters) == 0 {
		return
	}
	if e := l.held.Usable(now, q); e.Held() && (e.Fresh(now) || l.order.DownFor(q) || l.share.IsPut(q)) {
		l.end(now, p, outcome{held: e})
	}
}

// nobodyKnows comes when the group has said nothing. It ends the waiting, unless a server
// may still answer; the failure is remembered so that it is not asked again at once.
func (l *Lookups) nobodyKnows(now time.Duration, p *pending) {
	l.share.EndPut(p.q)
	if l.help.AskClaimer(now, p.made, p.q) || l.fetch.MayCome(now, p.q) {
		return
	}
	l.rememberFailure(now, p)
	l.end(now, p, outcome{})
}

// Fetched takes in what a server said. Of a later server than the current one it is
// lent alone, and a probe of such a one was no question.
func (l *Lookups) Fetched(now time.Duration, g fetch.Got) {
	answer := *g.Answer
	answer.Birth = dns.Birth{Peer: l.share.Self(), Clock: now.Truncate(time.Millisecond)}
	answer.Server = g.Server
	switch {
	case g.Why == fetch.Probe && (!g.Stands.Good || g.Question == upstream.RootSOA && l.pending[g.Question] == nil):
		return // nobody asked for it
	case l.denied(now, &answer, g.Stands):
		return
	case g.Stands.Good:
		known := l.held.Keep(now, &answer)
		l.share.Fetched(now, &answer, g.Why == fetch.Renewing, known)
	case !g.Rotates:
		l.held.Lend(now, &answer)
	}
	l.failures.Clear(g.Question)
	if p := l.pending[g.Question]; p != nil {
		waited := len(p.waiters)
		for range waited {
			l.held.Touch(now, answer.Question) // its first use is one: room is kept by use
		}
		l.end(now, p, outcome{fetched: &answer, ttl: l.held.Life(now, &answer)}) // even if it is not kept
		if waited > 0 {
			l.renewals.Ahead(now, &answer)
		}
	}
}

// denied serves a positive answer of an earlier server in the place of a later one's
// denial, and takes that for a failure: the name is not asked for again at once.
func (l *Lookups) denied(now time.Duration, a *dns.Answer, stands cache.Standing) bool {
	e := l.held.Usable(now, a.Question)
	if a.Kind == dns.Positive || !e.Held() || e.Answer.Kind != dns.Positive || l.order.Of(e).Nth >= stands.Nth {
		return false
	}
	l.failures.Remember(now, a.Question, dns.RcodeError{})
	if p := l.pending[a.Question]; p != nil {
		l.end(now, p, outcome{held: e})
	}
	return true
}

// Failed goes on where a fetch brought no answer. It deletes and shortens
// nothing: what is held is worth more than nothing.
func (l *Lookups) Failed(now time.Duration, f fetch.Failed) {
	q := f.Question
	p := l.pending[q]
	if p == nil {
		return
	}
	if f.Why == fetch.Probe || len(p.waiters) == 0 {
		l.drop(p) // nobody waits: the group is not asked either
		return
	}
	p.said, p.apart = f.Said, f.Apart
	if e := l.held.Usable(now, q); e.Held() {
		l.rememberFailure(now, p)
		l.end(now, p, outcome{held: e})
		return
	}
	if l.order.DownFor(q) && f.Why != fetch.Fallback {
		l.resolveWhileDown(now, p)
		return
	}
	if f.Why == fetch.Fallback && l.order.Young(now, q) {
		l.Start(now, q, fetch.Demand) // a fallback server that refuses is not to cost what the own may say yet
	}
	l.askGroup(now, p)
}

// HeldBack answers those who wait for a rebinding answer that the name has no
// such record. It is neither kept nor shared: the rule is this host's own.
func (l *Lookups) HeldBack(now time.Duration, q dns.Question) {
	p := l.pending[q]
	if p == nil {
		return
	}
	none, err := dns.ParseAnswer(q, dns.RcodeSuccess, nil)
	if err != nil {
		l.end(now, p, outcome{})
		return
	}
	l.end(now, p, outcome{fetched: none})
}

// rememberFailure keeps a question from being asked again at once, unless it was asked
// in a way that others do not ask.
func (l *Lookups) rememberFailure(now time.Duration, p *pending) {
	if !p.apart {
		l.failures.Remember(now, p.q, p.said)
	}
}
