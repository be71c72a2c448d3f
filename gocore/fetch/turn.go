package fetch

import (
	"cmp"
	"slices"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/upstream"
)

// A fetch that keeps to the order asks one server until its turn ends, by failure,
// judgement or time.

// timeTurn ends the turn of a server that is asked for the first time: after a second,
// or three times what answers take, if it has said nothing at all since, else after the
// timeout of resolv.conf, or the programs' own. Its answer counts when it comes.
func (x *Fetcher) timeTurn(now time.Duration, f *fetch, t *try) {
	t.began = now
	if !f.ordered || len(f.tries) == 1 {
		return
	}
	f.turns++
	t.turn = f.turns
	timeout := cmp.Or(f.own.Timeout, x.set.Timeout)
	x.after(now, timeout, Timer{Due: turnDue, Key: f.no, Gen: t.turn})
	if quiet := max(upstream.Turn, 3*x.upstream.Usual()); quiet < timeout {
		x.after(now, quiet, Timer{Due: quietDue, Key: f.no, Gen: t.turn})
	}
}

func (x *Fetcher) turnOver(now time.Duration, f *fetch, due Timer) {
	if t := f.inTurn(due.Gen); t != nil {
		t.passed = true
		x.goOn(now, f)
	}
}

func (x *Fetcher) turnQuiet(now time.Duration, f *fetch, due Timer) {
	if t := f.inTurn(due.Gen); t != nil && !x.upstream.Server(t.server).Spoke(t.began) {
		t.passed = true
		x.goOn(now, f)
	}
}

// inTurn is the server that a turn was given to, nil if its time is another by now.
func (f *fetch) inTurn(no uint64) *try {
	if i := slices.IndexFunc(f.tries, func(t try) bool { return t.turn == no }); i >= 0 {
		return &f.tries[i]
	}
	return nil
}

// GoOn moves a question on, once a server was judged.
func (x *Fetcher) GoOn(now time.Duration, q dns.Question) {
	if f := x.of[q]; f != nil {
		x.goOn(now, f)
	}
}

// goOn asks another server if it is another's turn.
func (x *Fetcher) goOn(now time.Duration, f *fetch) {
	if f.done || !f.ordered {
		return
	}
	if t := x.next(now, f); t != nil && t.server != f.at && x.upstream.Server(t.server).Askable(now) {
		x.sendNext(now, f)
	}
}

// ofNoUse reports whether the answer of the server whose turn it is would be: nobody
// waits, and it could not be kept.
func (x *Fetcher) ofNoUse(f *fetch, t *try) bool {
	return f.ordered && !x.host.Waits(f.q) && !x.order.Now(t.server, f.q).Good
}
