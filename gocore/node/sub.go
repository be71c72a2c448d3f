package node

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
	then     step
}

// A step is what its asker does with the answer. Nothing asks yet, so there is none.
type step uint8

// steps has a row for each.
var steps []func(n *Node, now time.Duration, p *pending, q dns.Question, r Result)

const (
	// subBit is that of a Lookup.ID which is a sub-question's.
	subBit = 1 << 63
	// A lookup asks at most maxSubs, and those ask on to maxDepth: who makes up names
	// must not make one question many.
	maxSubs  = 8
	maxDepth = 4
)

// askSub asks a sub-question for p; its answer comes to a step, in this call or later,
// unless p is over first. It reports false if p has asked too many, is too deep, or if its
// question is among those that wait for it.
func (n *Node) askSub(now time.Duration, p *pending, q dns.Question, then step) bool {
	if len(p.waiters) == 0 || p.subsAsked == maxSubs || !p.mayAsk(&n.lookups, q, p.depth+1) {
		return false
	}
	p.subsAsked++
	id := subBit | n.id()
	p.subs = append(p.subs, id)
	n.subs[id] = sub{p.made, q, then}
	n.lookup(now, Lookup{ID: id, Question: q, Asker: p.asker})
	deepen(&n.lookups, q, p.depth+1)
	return true
}

// mayAsk reports whether a question may be asked so deep for p, with all that it asks itself.
func (p *pending) mayAsk(l *lookups, q dns.Question, depth int) bool {
	if depth > maxDepth || q == p.q {
		return false
	}
	asked := l.pending[q]
	return asked == nil || !slices.ContainsFunc(asked.subs, func(id uint64) bool {
		return !p.mayAsk(l, l.subs[id].question, depth+1)
	})
}

// deepen notes how deep a pending question is, and all that it asks.
func deepen(l *lookups, q dns.Question, depth int) {
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
func (n *Node) respond(now time.Duration, id uint64, as Counter, r Result) {
	if id&subBit == 0 {
		n.count(as)
		n.emit(Respond{ID: id, Result: r})
		return
	}
	s, waits := n.subs[id]
	if !waits {
		return // its asker was over a moment ago
	}
	delete(n.subs, id)
	p := n.numbered[s.asker]
	p.subs = slices.DeleteFunc(p.subs, func(other uint64) bool { return other == id })
	steps[s.then](n, now, p, s.question, r)
}

// forgetSubs forgets what is asked for a question that nobody waits for any more.
func (n *Node) forgetSubs(p *pending) {
	subs := p.subs
	p.subs = nil
	for _, id := range subs {
		delete(n.subs, id)
		n.forget(id)
	}
}
