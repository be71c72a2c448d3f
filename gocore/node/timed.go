package node

import (
	"time"

	"mcdns/gocore/fetch"
	"mcdns/gocore/held"
	"mcdns/gocore/help"
	"mcdns/gocore/lookup"
	"mcdns/gocore/renewal"
	"mcdns/gocore/sharing"
	"mcdns/gocore/timers"
	"mcdns/gocore/upstream"
)

// A timerKind is why a node wants to be woken.
type timerKind uint8

const (
	ownTimer      timerKind = iota // an ownDue
	lookupTimer                    // a lookup.Timer
	fetchTimer                     // a fetch.Timer
	helpTimer                      // a help.Timer
	renewTimer                     // a renewal.Timer
	loanTimer                      // a held.Timer
	upstreamTimer                  // an upstream.Timer
	shareTimer                     // a sharing.Timer

	timerKinds
)

// An ownDue is what a node itself does later.
type ownDue uint8

const (
	expireDue ownDue = iota
	goOnDue
	askAgainDue
)

// A duty is what a node does when a timer of a kind is due. over, if there is one,
// reports whether it would do nothing.
type duty struct {
	run  func(n *Node, now time.Duration, w timers.Waiting)
	over func(n *Node, w timers.Waiting) bool
}

// timed has a row for each kind of timer (TestEveryKindOfTimerHasARow). It is made at the
// start, for what it leads to leads back to it.
var timed [timerKinds]duty

func init() {
	timed = [timerKinds]duty{
		ownTimer:  {run: func(n *Node, now time.Duration, w timers.Waiting) { n.fire(now, timers.Timer[ownDue](w).Due) }},
		helpTimer: {run: func(n *Node, now time.Duration, w timers.Waiting) { n.help.Fire(now, timers.Timer[help.Due](w)) }},
		loanTimer: {run: func(n *Node, _ time.Duration, w timers.Waiting) { n.held.Fire(timers.Timer[held.Due](w)) }},
		upstreamTimer: {run: func(n *Node, now time.Duration, w timers.Waiting) {
			n.upstream.Fire(now, timers.Timer[upstream.Due](w))
		}},
		shareTimer: {run: func(n *Node, now time.Duration, w timers.Waiting) {
			n.share.Fire(now, w.At, timers.Timer[sharing.Due](w))
		}},
		lookupTimer: {
			run:  func(n *Node, now time.Duration, w timers.Waiting) { n.lookups.Fire(now, timers.Timer[lookup.Due](w)) },
			over: func(n *Node, w timers.Waiting) bool { return n.lookups.Over(timers.Timer[lookup.Due](w)) },
		},
		fetchTimer: {
			run:  func(n *Node, now time.Duration, w timers.Waiting) { n.fetch.Fire(now, timers.Timer[fetch.Due](w)) },
			over: func(n *Node, w timers.Waiting) bool { return n.fetch.Over(timers.Timer[fetch.Due](w)) },
		},
		renewTimer: {
			run:  func(n *Node, now time.Duration, w timers.Waiting) { n.renewals.Fire(now, timers.Timer[renewal.Due](w)) },
			over: func(n *Node, w timers.Waiting) bool { return n.renewals.Over(timers.Timer[renewal.Due](w)) },
		},
	}
}

// fire does what the node itself has to do.
func (n *Node) fire(now time.Duration, due ownDue) {
	switch due {
	case expireDue:
		n.expire(now)
	case goOnDue:
		n.lookups.GoOn(now)
	case askAgainDue:
		n.lookups.AskAgain(now)
	}
}

// after has a timer of a kind run once d has passed.
func after[Due ~uint8](n *Node, now, d time.Duration, kind timerKind, t timers.Of[Due]) {
	timers.Set(&n.timers, now+max(d, 0), uint8(kind), t, n.over)
}

// later has the node itself do something once d has passed.
func (n *Node) later(now, d time.Duration, due ownDue) {
	after(n, now, d, ownTimer, timers.Of[ownDue]{Due: due})
}

// over reports whether a timer would do nothing.
func (n *Node) over(w timers.Waiting) bool {
	over := timed[w.Room].over
	return over != nil && over(n, w)
}

// runTimers runs what is due. What a timer sets for now itself runs too.
func (n *Node) runTimers(now time.Duration) {
	for at, ok := n.timers.Next(); ok && at <= now; at, ok = n.timers.Next() {
		w := n.timers.Pop()
		timed[w.Room].run(n, now, w)
	}
}
