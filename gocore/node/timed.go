package node

import (
	"time"

	"mcdns/gocore/fetch"
	"mcdns/gocore/held"
	"mcdns/gocore/help"
	"mcdns/gocore/lookup"
	"mcdns/gocore/renewal"
	"mcdns/gocore/sharing"
	"mcdns/gocore/upstream"
)

// A timerKind is why a node wants to be woken.
type timerKind uint8

const (
	expireTimer   timerKind = iota
	lookupTimer             // a lookup.Timer
	fetchTimer              // a fetch.Timer
	helpTimer               // a help.Timer
	renewTimer              // a renewal.Timer
	loanTimer               // a held.Timer
	upstreamTimer           // an upstream.Timer
	goOnTimer
	askAgainTimer
	shareTimer // a sharing.Timer

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
		expireTimer: {run: func(n *Node, now time.Duration, _ timer) { n.expire(now) }},
		lookupTimer: {
			run:  func(n *Node, now time.Duration, t timer) { n.lookups.Fire(now, t.ofLookup()) },
			over: func(n *Node, t timer) bool { return n.lookups.Over(t.ofLookup()) },
		},
		fetchTimer: {
			run:  func(n *Node, now time.Duration, t timer) { n.fetch.Fire(now, t.ofFetch()) },
			over: func(n *Node, t timer) bool { return n.fetch.Over(t.ofFetch()) },
		},
		helpTimer: {run: func(n *Node, now time.Duration, t timer) {
			n.help.Fire(now, help.Timer{Due: help.Due(t.of), Key: t.key, Gen: t.gen})
		}},
		renewTimer: {
			run:  func(n *Node, now time.Duration, t timer) { n.renewals.Fire(now, t.ofRenewal()) },
			over: func(n *Node, t timer) bool { return n.renewals.Over(t.ofRenewal()) },
		},
		loanTimer: {run: func(n *Node, _ time.Duration, t timer) {
			n.held.Fire(held.Timer{Hash: t.key, Lent: time.Duration(t.gen)})
		}},
		upstreamTimer: {run: func(n *Node, now time.Duration, t timer) {
			n.upstream.Fire(now, upstream.Timer{Due: upstream.Due(t.of), ID: upstream.ID(t.key), Gen: t.gen})
		}},
		goOnTimer:     {run: func(n *Node, now time.Duration, _ timer) { n.lookups.GoOn(now) }},
		askAgainTimer: {run: func(n *Node, now time.Duration, _ timer) { n.lookups.AskAgain(now) }},
		shareTimer: {run: func(n *Node, now time.Duration, t timer) {
			n.share.Fire(now, t.at, sharing.Timer{Due: sharing.Due(t.of), Key: t.key, Gen: t.gen})
		}},
	}
}

func (t timer) ofLookup() lookup.Timer { return lookup.Timer{Due: lookup.Due(t.of), ID: t.key} }

func (t timer) ofFetch() fetch.Timer {
	return fetch.Timer{Due: fetch.Due(t.of), Key: t.key, Gen: t.gen}
}

func (t timer) ofRenewal() renewal.Timer {
	return renewal.Timer{Due: renewal.Due(t.of), Key: t.key, Gen: t.gen}
}
