package node

import (
	"cmp"
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/upstream"
)

// A fetch that keeps to the order asks one server until its turn ends, by failure,
// judgement or time.

// timeTurn ends the turn of a server that is asked for the first time: after a second,
// or three times what answers take, if it has said nothing at all since, else after the
// timeout of resolv.conf, or the programs' own. Its answer counts when it comes.
func (n *Node) timeTurn(now time.Duration, f *fetch, t *try) {
	t.began = now
	if !f.ordered || len(f.tries) == 1 {
		return
	}
	f.turns++
	t.turn = f.turns
	timeout := cmp.Or(f.own.Timeout, n.set.Timeout)
	n.after(now, timeout, timer{kind: turnTimer, key: f.no, gen: t.turn})
	if quiet := max(upstream.Turn, 3*n.upstream.Usual()); quiet < timeout {
		n.after(now, quiet, timer{kind: quietTimer, key: f.no, gen: t.turn})
	}
}

func (n *Node) turnOver(now time.Duration, f *fetch, due timer) {
	if t := f.inTurn(due.gen); t != nil {
		t.passed = true
		n.goOn(now, f)
	}
}

func (n *Node) turnQuiet(now time.Duration, f *fetch, due timer) {
	if t := f.inTurn(due.gen); t != nil && !n.upstream.Spoke(t.server, t.began) {
		t.passed = true
		n.goOn(now, f)
	}
}

// inTurn is the server that a turn was given to, nil if its time is another by now.
func (f *fetch) inTurn(no uint64) *try {
	if i := slices.IndexFunc(f.tries, func(t try) bool { return t.turn == no }); i >= 0 {
		return &f.tries[i]
	}
	return nil
}

// goOn asks another server if it is another's turn.
func (n *Node) goOn(now time.Duration, f *fetch) {
	if f.done || !f.ordered {
		return
	}
	if t := n.next(now, f); t != nil && t.server != f.at && n.upstream.Askable(now, t.server) {
		n.sendNext(now, f)
	}
}

// goOnAll moves all that waits, once a server was judged.
func (n *Node) goOnAll(now time.Duration) {
	for _, p := range n.inOrder() {
		if p.fetch != nil {
			n.goOn(now, p.fetch)
		}
	}
}

// ofNoUse reports whether the answer of the server whose turn it is would be: nobody
// waits, and it could not be kept.
func (n *Node) ofNoUse(f *fetch, t *try) bool {
	p := n.pending[f.q]
	waits := p != nil && len(p.waiters) > 0
	return f.ordered && !waits && !n.order.Now(t.server, f.q).Good
}

// serveOutlived serves such an answer at once, as in an outage, and asks the server that
// stands in behind it: its address, if it has one, is the next program's.
func (n *Node) serveOutlived(now time.Duration, id uint64, e cache.Entry) {
	q := e.Answer.Question
	n.serve(now, id, e)
	n.upstream.DoubtEarlier(now, n.order.Servers(q))
	if p := n.pending[q]; p == nil || p.fetch == nil {
		n.startFetch(now, q, renewing)
	}
}
