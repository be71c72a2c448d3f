package fetch

import (
	"slices"
	"time"

	"mcdns/gocore/upstream"
)

// timeIsUp ends a fetch, unless a server came up meanwhile: then it may take longer. It
// was asked again when it came up, and is listened to.
func (x *Fetcher) timeIsUp(now time.Duration, f *fetch) {
	if f.kind == Probe {
		x.fetchFailed(now, f)
		return
	}
	f.deadline = f.began + x.fetchTime(now, f)
	if now >= f.deadline {
		if !x.goOnForPatient(now, f) {
			x.fetchFailed(now, f)
		}
		return
	}
	f.sends = maxSends
	x.after(now, f.deadline-now, Timer{Due: timeDue, Key: f.no})
}

// fetchTime is how long a fetch may take: a lookup's time leaves the group its turn.
func (x *Fetcher) fetchTime(now time.Duration, f *fetch) time.Duration {
	return x.Deadline(now, f.allowed) - 2*x.host.Patience()
}

// sendNext asks the next server. When all have been asked often enough, late
// replies are waited for until the deadline: a slow answer is an answer.
func (x *Fetcher) sendNext(now time.Duration, f *fetch) {
	t := x.next(now, f)
	if f.done || t == nil || x.ofNoUse(f, t) {
		if !f.done && (t != nil || f.refused()) {
			x.fetchFailed(now, f)
		}
		return
	}
	t.sent++
	f.sends++
	id := x.host.ID()
	f.at, f.last = t.server, id
	if t.sent == 1 {
		x.timeTurn(now, f, t)
	}
	x.putTo(now, f, id, t, f.own.TCP)
	x.after(now, x.upstream.Server(t.server).Wait(t.sent), Timer{Due: overdueDue, Key: id})
}

// putTo puts a fetch's question to a server.
func (x *Fetcher) putTo(now time.Duration, f *fetch, id uint64, t *try, tcp bool) {
	x.asks[id] = &ask{fetch: f, server: t.server, to: t.to, sent: now, tcp: tcp}
	f.asks = append(f.asks, id)
	x.host.Ask(f.kind, Ask{ID: id, Server: t.to.Addr, Question: f.q, Asker: f.asker, Patience: f.listens - now, TCP: tcp})
}

// asked is the server that was asked last.
func (f *fetch) asked() *try {
	i := slices.IndexFunc(f.tries, func(t try) bool { return t.server == f.at })
	return &f.tries[i]
}

// askedAt is when a server was first asked.
func (f *fetch) askedAt(id upstream.ID) time.Duration {
	for i := range f.tries {
		if f.tries[i].server == id && f.tries[i].began != 0 {
			return f.tries[i].began
		}
	}
	return f.began
}

// next picks the first server of the list whose turn it is. Where there is none, or no
// order, it is the one in the best state that was asked least.
func (x *Fetcher) next(now time.Duration, f *fetch) *try {
	if f.sends >= maxSends {
		return nil
	}
	for i := range f.tries {
		switch t := &f.tries[i]; {
		case !f.ordered || t.failed || t.passed || !x.upstream.Server(t.server).Askable(now):
		case t.sent >= maxTries:
			return nil // it has time to answer until its turn ends
		default:
			return t
		}
	}
	return x.leastAsked(f)
}

func (x *Fetcher) leastAsked(f *fetch) *try {
	var best *try
	var bestState upstream.State
	for i := range f.tries {
		t := &f.tries[i]
		if t.failed || t.sent >= f.mostTries() {
			continue
		}
		state := x.upstream.Server(t.server).State()
		if best == nil || state < bestState || state == bestState && t.sent < best.sent {
			best, bestState = t, state
		}
	}
	return best
}

func (f *fetch) mostTries() int {
	if f.kind == Fallback {
		return fallbackTries
	}
	return maxTries
}

// refused reports whether every server said that it has no answer.
func (f *fetch) refused() bool {
	for i := range f.tries {
		if !f.tries[i].failed {
			return false
		}
	}
	return true
}

// overdue comes when a server has taken longer than it usually does. The
// reply may still come; meanwhile the next try goes out.
func (x *Fetcher) overdue(now time.Duration, id uint64) {
	a := x.asks[id]
	if a == nil || a.fetch.done {
		return
	}
	if !a.over {
		a.over = true
		if !a.tcp {
			x.upstream.Replied(now, a.server, a.became(upstream.Silent))
		}
	}
	switch {
	case a.fetch.done || a.fetch.last != id: // it went on meanwhile
	case x.inVain(a.fetch):
		x.Abandon(now, a.fetch.q)
		x.host.Failed(now, a.fetch.failure())
	default:
		x.sendNext(now, a.fetch)
	}
}

// inVain reports whether a question is put to servers that are known to be down,
// while nobody waits. It is not repeated: what a kernel holds back until it finds
// the server's address leaves all at once when the server is back.
func (x *Fetcher) inVain(f *fetch) bool {
	return x.of[f.q] == f && !x.host.Waits(f.q) && f.kind != Fallback && x.order.DownFor(f.q) && !x.upstream.All().Hearsay()
}
