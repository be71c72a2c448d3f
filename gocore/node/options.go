package node

import (
	"cmp"
	"time"
)

// Programs may have options of their own. All who ask the same question share one fetch,
// and nobody's options may change what another gets: where those who wait differ, what
// resolv.conf says counts. Only time adds up: a fetch lasts while any of them waits.

// apart reports whether the question goes another way than others'. What becomes of it
// there is no failure of the name for them.
func (o Options) apart() bool { return o.TCP || o.Rotate }

// allowed is how long a lookup may take at most: what resolv.conf or the program allows,
// and a turn of each of the servers.
func (n *Node) allowed(own Options, servers int) time.Duration {
	return cmp.Or(own.Timeout, n.set.Timeout) * time.Duration(max(1, cmp.Or(own.Attempts, n.set.Attempts), servers))
}

// triesMore reports whether a program's question may end otherwise than that of another
// which failed a moment ago.
func (n *Node) triesMore(own Options) bool {
	return own.apart() || n.allowed(own, 1) > n.allowed(Options{}, 1)
}

// agreed are the options of all who wait.
func (p *pending) agreed() (own Options) {
	for i, w := range p.waiters {
		if i > 0 && w.own != own {
			return Options{}
		}
		own = w.own
	}
	return own
}

// wanted are the options that a fetch begins with, and how long it may last: no less
// than for a program without any, which may come and share it.
func (n *Node) wanted(p *pending, kind purpose, servers int) (Options, time.Duration) {
	if kind != demand || p == nil {
		return Options{}, n.allowed(Options{}, servers)
	}
	return p.agreed(), n.longest(p, servers)
}

func (n *Node) longest(p *pending, servers int) time.Duration {
	most := n.allowed(Options{}, servers)
	for _, w := range p.waiters {
		most = max(most, n.allowed(w.own, servers))
	}
	return most
}

// joined reckons with one more who waits for a fetch that is under way. Without a way of
// its own it has the fetch begin anew where all ask; over TCP it asks once, beside.
func (n *Node) joined(now time.Duration, p *pending, own Options) {
	f := p.fetch
	agreed := p.agreed()
	switch {
	case f.own == agreed:
	case f.own.apart():
		n.abandon(now, p)
		n.startFetch(now, p.q, demand)
		return
	case f.own != Options{}:
		f.own = Options{}
		n.timeTurnAnew(now, f)
	}
	if own.TCP && !f.own.TCP && f.at != 0 {
		n.emitAsk(now, f, n.id(), f.asked(), true)
	}
}

// timeTurnAnew gives the server that is being asked the time of resolv.conf.
func (n *Node) timeTurnAnew(now time.Duration, f *fetch) {
	for i := range f.tries {
		t := &f.tries[i]
		if t.turn = 0; t.server == f.at {
			n.timeTurn(now, f, t)
		}
	}
}

// beside reports whether an ask is one over TCP beside those of its fetch.
func (a *ask) beside() bool { return a.tcp && !a.fetch.own.TCP }

// goOnForPatient begins a fetch anew whose time is up where somebody wants to wait for
// longer. Those who do not end by themselves.
func (n *Node) goOnForPatient(now time.Duration, f *fetch) bool {
	p := n.pending[f.q]
	if p == nil || p.fetch != f || f.kind == viaFallback || n.longest(p, len(f.tries)) <= f.allowed {
		return false
	}
	n.abandon(now, p)
	n.startFetch(now, f.q, demand)
	return true
}

// rememberFailure keeps a question from being asked again at once, unless it was asked
// in a way that others do not ask.
func (n *Node) rememberFailure(now time.Duration, p *pending) {
	if !p.apart {
		n.failures.Remember(now, p.q, p.said)
	}
}
