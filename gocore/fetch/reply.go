package fetch

import (
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/upstream"
)

// Replied takes in what became of a question.
func (x *Fetcher) Replied(now time.Duration, in Replied) {
	a := x.asks[in.Ask]
	if a == nil {
		return
	}
	delete(x.asks, in.Ask)
	if !a.tcp {
		x.noteSaid(now, in, a)
	}
	switch {
	case in.Answer != nil:
		if a.fetch.done && a.fetch.by == 0 && !a.fetch.failed {
			return // abandoned: it shows that the server answers, no more
		}
		if x.order.Rebinds(in.Answer) {
			x.endFetch(a.fetch)
			x.host.HeldBack(now, a.fetch.q)
			return
		}
		x.fetched(now, a, in.Answer)
	case a.beside(): // its fetch goes on by UDP
	case in.Failure == Refused:
		a.fetch.said = in.Said
		a.fetch.fail(a.server)
		if a.fetch.at == a.server || a.fetch.refused() {
			x.sendNext(now, a.fetch)
		}
	case in.Failure == Unreachable:
		x.unreachable(now, in.Ask, a)
	}
}

// noteSaid takes a reply as evidence.
func (x *Fetcher) noteSaid(now time.Duration, in Replied, a *ask) {
	switch {
	case in.Answer != nil:
		x.upstream.Replied(now, a.server, a.became(upstream.Answered))
	case in.Failure == Refused:
		x.upstream.Replied(now, a.server, a.became(upstream.Refused))
	}
}

// became says what became of an ask.
func (a *ask) became(what upstream.Outcome) upstream.Reply {
	return upstream.Reply{
		Outcome: what, Question: a.fetch.q, Sent: a.sent, Began: a.fetch.askedAt(a.server), Probe: a.fetch.kind == Probe,
	}
}

// miss notes that a server cannot be reached: its turn is over.
func (f *fetch) miss(id upstream.ID) {
	for i := range f.tries {
		if f.tries[i].server == id {
			f.tries[i].nowhere, f.tries[i].passed = true, true
		}
	}
}

// nowhere reports whether no server can be reached.
func (f *fetch) nowhere() bool {
	return !slices.ContainsFunc(f.tries, func(t try) bool { return !t.nowhere })
}

func (f *fetch) fail(id upstream.ID) {
	for i := range f.tries {
		if f.tries[i].server == id {
			f.tries[i].failed = true
		}
	}
}

// unreachable is a send error or an ICMP error. Another server is asked at
// once; the same one only when its time-out would have come, since it would
// fail as fast again.
func (x *Fetcher) unreachable(now time.Duration, id uint64, a *ask) {
	if a.over {
		return
	}
	a.over = true
	x.asks[id] = a // its timer is still to come
	a.fetch.miss(a.server)
	if !a.tcp {
		x.upstream.Replied(now, a.server, a.became(upstream.Unreachable))
	}
	x.giveUpNowhere(now, a.fetch)
	if t := x.next(now, a.fetch); !a.fetch.done && t != nil && t.server != a.server && a.fetch.last == id {
		delete(x.asks, id)
		x.sendNext(now, a.fetch)
	}
}

// fetched takes in what a server said, unless it comes too late.
func (x *Fetcher) fetched(now time.Duration, a *ask, answer *dns.Answer) {
	f := a.fetch
	stands := x.order.Now(a.server, f.q)
	if f.done && !x.isLate(f, stands) {
		return
	}
	x.endBy(now, f, a.server, stands)
	x.host.Answered(now, Got{
		Question: f.q, Answer: answer, Server: a.to.ID, Why: f.kind, Stands: stands, Rotates: f.own.Rotate,
	})
}

// isLate reports whether an answer that comes after the end of its fetch is of use.
func (x *Fetcher) isLate(f *fetch, stands cache.Standing) bool {
	if f.by != 0 {
		return stands.Nth < x.order.Now(f.by, f.q).Nth
	}
	return f.failed && stands.Good
}
