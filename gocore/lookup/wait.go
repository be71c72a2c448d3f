package lookup

import (
	"cmp"
	"slices"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/fetch"
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
	// subs are the sub-questions that it waits for, by Lookup.ID; it asked subsAsked, and is
	// asked for others at this depth.
	subs             []uint64
	subsAsked, depth int
	apart            bool // that fetch went a way of its askers' own
}

// A waiter is a query that waits.
type waiter struct {
	id      uint64
	own     fetch.Options
	began   time.Duration
	allowed time.Duration
}

// Bounds on what waits: a flood of unanswerable names must not grow the node.
const (
	MaxPending = 16384
	// MaxWaiters are those of one question: as many as the daemon serves programs.
	MaxWaiters = 4096
)

// mayPend reports whether a question that an asker is the first with finds room. An
// asker may have as much of it as is left: alone half of it, and whoever comes next finds
// some, however many have come before.
func (l *Lookups) mayPend(asker uint32) bool { return l.asking[asker] < MaxPending-len(l.pending) }

// pend makes a question one that is pending.
func (l *Lookups) pend(q dns.Question, asker uint32) *pending {
	p := &pending{q: q, asker: asker, made: l.host.ID()}
	l.pending[q], l.numbered[p.made] = p, p
	l.asking[asker]++
	return p
}

// fetchFor asks the servers on behalf of an asker, if there is room.
func (l *Lookups) fetchFor(now time.Duration, in Lookup) {
	if l.pending[in.Question] == nil {
		if !l.mayPend(in.Asker) {
			return
		}
		l.pend(in.Question, in.Asker)
	}
	l.Start(now, in.Question, fetch.Demand)
}

// wait makes a query wait; nil means that there was no room, and that it got what
// is held, if anything.
func (l *Lookups) wait(now time.Duration, in Lookup) *pending {
	p := l.pending[in.Question]
	if p == nil && !l.mayPend(in.Asker) || p != nil && len(p.waiters) >= MaxWaiters {
		l.serveOrFail(now, in.ID, in.Question, l.held.Usable(now, in.Question))
		return nil
	}
	if p == nil {
		p = l.pend(in.Question, in.Asker)
	}
	w := waiter{in.ID, in.Own, now, l.fetch.Allowed(in.Own, l.order.Servers(in.Question).Len())}
	p.waiters = append(p.waiters, w)
	l.waiting[in.ID] = p
	l.endInTime(now, w)
	return p
}

func (l *Lookups) endInTime(now time.Duration, w waiter) {
	l.host.After(now, w.began+l.fetch.Deadline(now, w.allowed)-now, Timer{Due: expiredDue, Key: w.id})
}

// release takes one query off its pending question.
func (l *Lookups) release(id uint64) {
	p := l.waiting[id]
	delete(l.waiting, id)
	p.waiters = slices.DeleteFunc(p.waiters, func(w waiter) bool { return w.id == id })
	l.drop(p)
}

// drop forgets a pending question that nobody and nothing waits for.
func (l *Lookups) drop(p *pending) {
	if len(p.waiters) > 0 {
		return
	}
	l.forgetSubs(p)
	if _, under := l.fetch.Under(p.q); !under && l.pending[p.q] == p && !l.share.IsPut(p.q) {
		delete(l.pending, p.q)
		delete(l.numbered, p.made)
		l.help.Forget(p.made)
		if l.asking[p.asker]--; l.asking[p.asker] == 0 {
			delete(l.asking, p.asker)
		}
	}
}

// Forget says that nobody waits for a lookup any more.
func (l *Lookups) Forget(id uint64) {
	if l.waiting[id] != nil {
		l.release(id)
	}
}

// agreed are the options of all who wait.
func (p *pending) agreed() (own fetch.Options) {
	for i, w := range p.waiters {
		if i > 0 && w.own != own {
			return fetch.Options{}
		}
		own = w.own
	}
	return own
}

func (l *Lookups) longest(p *pending, servers int) time.Duration {
	most := l.fetch.Allowed(fetch.Options{}, servers)
	for _, w := range p.waiters {
		most = max(most, l.fetch.Allowed(w.own, servers))
	}
	return most
}

// Start has the servers asked, unless they are being asked the same already.
func (l *Lookups) Start(now time.Duration, q dns.Question, why fetch.Purpose) {
	p := l.pending[q]
	if p == nil {
		p = l.pend(q, fetch.Itself)
	}
	p.said = dns.RcodeError{}
	l.fetch.Start(now, q, why, p.asker)
}

// inOrder lists the pending questions in order of arrival: the order of a map
// would make two runs of one seed differ.
func (l *Lookups) inOrder() []*pending {
	var all []*pending
	for _, p := range l.pending {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *pending) int { return cmp.Compare(a.made, b.made) })
	return all
}
