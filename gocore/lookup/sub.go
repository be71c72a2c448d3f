package lookup

import (
	"slices"
	"time"

	"mcdns/gocore/dns"
)

// A sub-question is asked by a lookup that needs its answer first, as the keys of a zone
// before what the zone says. It is a query like any other: it is answered from what is
// held, shares a fetch, and ends in time. Its asker goes on waiting meanwhile.

// A sub is one that waits.
type sub struct {
	asker    uint64 // the number of the pending question that asks
	question dns.Question
	then     Step
}

// A Step is what its asker does with the answer.
type Step uint8

const (
	// subBit is that of a Lookup.ID which is a sub-question's.
	subBit = 1 << 63
	// A lookup asks at most MaxSubs, and those ask on to MaxDepth: who makes up names
	// must not make one question many.
	MaxSubs  = 8
	MaxDepth = 4
)

// AskSub asks a sub-question for one that waits; its answer comes to a step, in this call or
// later, unless the asker is over first. It reports false if that has asked too many, is too
// deep, or if the question is among those that wait for it.
func (l *Lookups) AskSub(now time.Duration, asker, q dns.Question, then Step) bool {
	p := l.pending[asker]
	if p == nil || len(p.waiters) == 0 || p.subsAsked == MaxSubs || !p.mayAsk(l, q, p.depth+1) {
		return false
	}
	p.subsAsked++
	id := subBit | l.host.ID()
	p.subs = append(p.subs, id)
	l.subs[id] = sub{p.made, q, then}
	l.Lookup(now, Lookup{ID: id, Question: q, Asker: p.asker})
	deepen(l, q, p.depth+1)
	return true
}

// mayAsk reports whether a question may be asked so deep for p, with all that it asks itself.
func (p *pending) mayAsk(l *Lookups, q dns.Question, depth int) bool {
	if depth > MaxDepth || q == p.q {
		return false
	}
	asked := l.pending[q]
	return asked == nil || !slices.ContainsFunc(asked.subs, func(id uint64) bool {
		return !p.mayAsk(l, l.subs[id].question, depth+1)
	})
}

// deepen notes how deep a pending question is, and all that it asks.
func deepen(l *Lookups, q dns.Question, depth int) {
	p := l.pending[q]
	if p == nil || p.depth >= depth {
		return
	}
	p.depth = depth
	for _, id := range p.subs {
		deepen(l, l.subs[id].question, depth+1)
	}
}

// respond hands a result to who asked: a program, or the asker of a sub-question.
func (l *Lookups) respond(now time.Duration, id uint64, r Result) {
	if id&subBit == 0 {
		l.host.Respond(id, r)
		return
	}
	s, waits := l.subs[id]
	if !waits {
		return // its asker was over a moment ago
	}
	delete(l.subs, id)
	p := l.numbered[s.asker]
	p.subs = slices.DeleteFunc(p.subs, func(other uint64) bool { return other == id })
	l.host.Step(now, s.then, p.q, s.question, r)
}

// forgetSubs forgets what is asked for a question that nobody waits for any more.
func (l *Lookups) forgetSubs(p *pending) {
	subs := p.subs
	p.subs = nil
	for _, id := range subs {
		delete(l.subs, id)
		l.Forget(id)
	}
}
