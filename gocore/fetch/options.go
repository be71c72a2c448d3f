package fetch

import (
	"cmp"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/upstream"
)

// Programs may have options of their own. All who ask the same question share one fetch,
// and nobody's options may change what another gets: where those who wait differ, what
// resolv.conf says counts. Only time adds up: a fetch lasts while any of them waits.

// Options are what a program wants otherwise than resolv.conf has it (RES_OPTIONS); the
// zero value is nothing. The driver bounds them: 30 s, 5 attempts, as glibc does.
type Options struct {
	Timeout     time.Duration
	Attempts    int
	TCP, Rotate bool
}

// apart reports whether the question goes another way than others'. What becomes of it
// there is no failure of the name for them.
func (o Options) apart() bool { return o.TCP || o.Rotate }

// Allowed is how long a lookup may take at most: what resolv.conf or the program allows,
// and a turn of each of the servers.
func (x *Fetcher) Allowed(own Options, servers int) time.Duration {
	return cmp.Or(own.Timeout, x.set.Timeout) * time.Duration(max(1, cmp.Or(own.Attempts, x.set.Attempts), servers))
}

// Deadline is how long a lookup may take now: all that is allowed while some server is
// up, or is yet to speak, else 3 s.
func (x *Fetcher) Deadline(now, allowed time.Duration) time.Duration {
	if x.upstream.All().Best() == upstream.Up || x.upstream.All().YetToSpeak(now) {
		return allowed
	}
	return min(3*time.Second, allowed)
}

// TriesMore reports whether a program's question may end otherwise than that of another
// which failed a moment ago.
func (x *Fetcher) TriesMore(own Options) bool {
	return own.apart() || x.Allowed(own, 1) > x.Allowed(Options{}, 1)
}

// wanted are the options that a fetch begins with, and how long it may last: no less
// than for a program without any, which may come and share it.
func (x *Fetcher) wanted(q dns.Question, why Purpose, servers int) (Options, time.Duration) {
	if why != Demand {
		return Options{}, x.Allowed(Options{}, servers)
	}
	return x.host.Wanted(q, servers)
}

// Joined reckons with one more who waits for a fetch that is under way. Without a way of
// its own it has the fetch begin anew where all ask; over TCP it asks once, beside.
// agreed are the options of all who wait now.
func (x *Fetcher) Joined(now time.Duration, q dns.Question, own, agreed Options) {
	f := x.of[q]
	switch {
	case f.own == agreed:
	case f.own.apart():
		x.restart(now, f)
		return
	case f.own != Options{}:
		f.own = Options{}
		x.timeTurnAnew(now, f)
	}
	if own.TCP && !f.own.TCP && f.at != 0 {
		x.putTo(now, f, x.host.ID(), f.asked(), true)
	}
}

// timeTurnAnew gives the server that is being asked the time of resolv.conf.
func (x *Fetcher) timeTurnAnew(now time.Duration, f *fetch) {
	for i := range f.tries {
		t := &f.tries[i]
		if t.turn = 0; t.server == f.at {
			x.timeTurn(now, f, t)
		}
	}
}

// beside reports whether an ask is one over TCP beside those of its fetch.
func (a *ask) beside() bool { return a.tcp && !a.fetch.own.TCP }

// goOnForPatient begins a fetch anew whose time is up where somebody wants to wait for
// longer. Those who do not end by themselves.
func (x *Fetcher) goOnForPatient(now time.Duration, f *fetch) bool {
	if x.of[f.q] != f || f.kind == Fallback {
		return false
	}
	if _, longest := x.host.Wanted(f.q, len(f.tries)); longest <= f.allowed {
		return false
	}
	x.restart(now, f)
	return true
}
