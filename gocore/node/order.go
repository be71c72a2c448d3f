package node

import (
	"cmp"
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/upstream"
)

// The servers of a list are not equal: the first may know names that the second
// denies. What follows is all that is decided by their order; the lists themselves are
// in upstream/list.go. Whoever asks, serves, keeps or probes asks here (PROTOCOL 2.6, 2.7,
// 5.3).

// stands says what is worth an answer of the nth server of the list that a question
// goes to. That of the current server, or of one before it, is good, and while all
// are down every server's is, but for other servers' under the host's own domains.
func (n *Node) stands(list upstream.List, q dns.Question, nth int) cache.Standing {
	switch {
	case nth == list.Len():
		return cache.Standing{Nth: nth, Good: nth > 0 && list.Current() == nth && !n.set.Own(q.Name)}
	case n.set.Rotate:
		nth = 0
	}
	return cache.Standing{Nth: nth, Good: nth <= list.Current()}
}

// standing is that of an answer that is or may be held. What came through a loopback
// stub that names no servers counts only for the host that asked it, and only where
// it was asked.
func (n *Node) standing(a *dns.Answer, own bool, place uint64) cache.Standing {
	list := n.serversFor(a.Question)
	nth := list.Len()
	if a.Server != 0 || own && place == n.set.Place {
		nth = list.Number(a.Server)
	}
	return n.stands(list, a.Question, nth)
}

func (n *Node) standingOf(e cache.Entry) cache.Standing {
	return n.standing(e.Answer, e.Own(), e.Place)
}

// standingNow is that of what a server says now.
func (n *Node) standingNow(id upstream.ID, q dns.Question) cache.Standing {
	list := n.serversFor(q)
	return n.stands(list, q, list.Place(id))
}

// mine reports whether one of the servers that a question goes to gave the answer.
func (n *Node) mine(e cache.Entry) bool {
	return n.standingOf(e).Nth < n.serversFor(e.Answer.Question).Len()
}

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
	return f.ordered && !waits && !n.standingNow(t.server, f.q).Good
}

// outlived reports whether an address is held of a server that is down while a later one
// stands in. It may know nothing of the name; what it says is looked at behind the answer.
func (n *Node) outlived(e cache.Entry) bool {
	if !e.Held() || n.set.Rotate || e.Answer.Kind != dns.Positive {
		return false
	}
	return n.standingOf(e).Nth < n.serversFor(e.Answer.Question).Current()
}

// serveOutlived serves such an answer at once, as in an outage, and asks the server that
// stands in behind it: its address, if it has one, is the next program's.
func (n *Node) serveOutlived(now time.Duration, id uint64, e cache.Entry) {
	q := e.Answer.Question
	n.serve(now, id, e)
	n.upstream.DoubtEarlier(now, n.serversFor(q))
	if p := n.pending[q]; p == nil || p.fetch == nil {
		n.startFetch(now, q, renewing)
	}
}
