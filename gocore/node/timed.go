package node

import (
	"time"

	"mcdns/gocore/fetch"
	"mcdns/gocore/sharing"
	"mcdns/gocore/upstream"
)

// A timerKind is why a node wants to be woken.
type timerKind uint8

const (
	expireTimer timerKind = iota

	// Of lookups; key is Lookup.ID.
	overrunTimer
	expiredTimer
	fetchTimer // a fetch.Timer
	// Of what is pending; key is its number.
	helperTimer // gen is the row of helpers
	claimerTimer
	// Of answers; key is the question's hash.
	renewTimer   // gen is when the answer was born
	loanTimer    // gen is when it was lent
	recoverTimer // key is its place among what is stale, gen the outage

	upstreamTimer // an upstream.Timer
	goOnTimer
	askAgainTimer

	// Of the group: a sharing.Timer.
	shareTimer

	timerKinds
)

// A duty is what a node does when a timer of a kind is due. over, if there is one,
// reports whether it would do nothing.
type duty struct {
	run  func(n *Node, now time.Duration, t timer)
	over func(n *Node, t timer) bool
}

// timed has a row for each kind of timer (TestEveryKindOfTimerHasARow). It is made at the
// start, for what it leads to leads back to it.
var timed [timerKinds]duty

func init() {
	timed = [timerKinds]duty{
		expireTimer: {run: plain((*Node).expire)},

		overrunTimer: {run: (*Node).overrun, over: nobodyWaits},
		expiredTimer: {run: (*Node).expired, over: nobodyWaits},
		fetchTimer:   {run: (*Node).fetchDue, over: (*Node).fetchOver},
		helperTimer:  {run: ofPending((*Node).askHelperAgain)},
		claimerTimer: {run: ofPending((*Node).claimerSilent)},
		renewTimer:   {run: (*Node).renewDue},
		loanTimer:    {run: (*Node).loanOver},
		recoverTimer: {run: (*Node).recoverOne, over: recoveryOver},

		upstreamTimer: {run: (*Node).upstreamDue},
		goOnTimer:     {run: plain((*Node).goOnAll)},
		askAgainTimer: {run: plain((*Node).askAgain)},

		shareTimer: {run: (*Node).shareDue},
	}
}

func (n *Node) shareDue(now time.Duration, t timer) {
	n.share.Fire(now, t.at, sharing.Timer{Due: sharing.Due(t.of), Key: t.key, Gen: t.gen})
}

// plain is what needs the time alone.
func plain(f func(*Node, time.Duration)) func(*Node, time.Duration, timer) {
	return func(n *Node, now time.Duration, _ timer) { f(n, now) }
}

// ofPending finds the pending question.
func ofPending(f func(*Node, time.Duration, *pending, timer)) func(*Node, time.Duration, timer) {
	return func(n *Node, now time.Duration, t timer) {
		if p := n.numbered[t.key]; p != nil {
			f(n, now, p, t)
		}
	}
}

func (n *Node) upstreamDue(now time.Duration, t timer) {
	n.upstream.Fire(now, upstream.Timer{Due: upstream.Due(t.of), ID: upstream.ID(t.key), Gen: t.gen})
}

func fetchTimed(t timer) fetch.Timer {
	return fetch.Timer{Due: fetch.Due(t.of), Key: t.key, Gen: t.gen}
}

func (n *Node) fetchDue(now time.Duration, t timer) { n.fetch.Fire(now, fetchTimed(t)) }

func (n *Node) fetchOver(t timer) bool { return n.fetch.Over(fetchTimed(t)) }
