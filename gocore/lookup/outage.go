package lookup

import (
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/fetch"
)

// What waits when an outage begins, while it is young, and when it ends.

// AskAgain puts what programs wait for to the servers as soon as they are back.
func (l *Lookups) AskAgain(now time.Duration) {
	if _, down := l.upstream.Outage(); down {
		return
	}
	for _, p := range l.inOrder() {
		if len(p.waiters) > 0 {
			p.said = dns.RcodeError{}
			l.fetch.Again(now, p.q, p.asker)
		}
	}
}

// ResolvePending ends the waiting of all questions when an outage begins.
func (l *Lookups) ResolvePending(now time.Duration) {
	for _, p := range l.inOrder() {
		if len(p.waiters) == 0 || !l.order.DownFor(p.q) {
			continue
		}
		l.fetch.EndLate(now, p.q)
		l.resolveWhileDown(now, p)
	}
}

// GoOn moves all that waits, once a server was judged.
func (l *Lookups) GoOn(now time.Duration) {
	for _, p := range l.inOrder() {
		l.fetch.GoOn(now, p.q)
	}
}

// askGroup puts a pending question to the group, or ends it if there is none.
func (l *Lookups) askGroup(now time.Duration, p *pending) {
	if l.share.IsPut(p.q) {
		return
	}
	since, down := l.order.Down(p.q)
	switch {
	case !l.share.MayPut(now, p.q):
		l.nobodyKnows(now, p)
	case p.queried != 0 && now-p.queried < time.Second:
		l.nobodyKnows(now, p) // a moment ago nobody did
	case down && l.failures.InVain(now, since, l.share.Patience(), p.q):
		l.nobodyKnows(now, p)
	default:
		p.queried = now
		l.share.Put(now, p.q, p.asker)
	}
}

// AskAnew puts what is under way to the new servers: those before may be out of
// reach, and a lookup would wait for them to its deadline.
func (l *Lookups) AskAnew(now time.Duration) {
	for _, p := range l.inOrder() {
		if why, under := l.fetch.Under(p.q); !under || why == fetch.Fallback {
			continue
		}
		l.fetch.Abandon(now, p.q)
		if len(p.waiters) > 0 {
			l.Start(now, p.q, fetch.Demand)
		}
		l.drop(p)
	}
}

// AskHelpers puts everything that waits to helpers, when this host learns that
// it is cut off.
func (l *Lookups) AskHelpers(now time.Duration) {
	if !l.upstream.All().CutOff(now) {
		return
	}
	for _, p := range l.inOrder() {
		if len(p.waiters) > 0 {
			l.help.Ask(now, p.made, p.q)
		}
	}
}
