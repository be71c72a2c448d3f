package upstream

import (
	"time"

	"mcdns/gocore/timers"
)

// A Timer is what Upstream has to do later, for the host to hold. Its Key is the ID of the
// server. Gen is which of several it is, or since when: one that is no longer wanted finds
// another, and does nothing.
type Timer = timers.Of[Due]

func (s *server) after(now, d time.Duration, due Due, gen uint64) {
	s.u.host.After(now, d, Timer{Due: due, Key: uint64(s.no), Gen: gen})
}

// Due is what there is to do.
type Due uint8

const (
	firstLookDue   Due = iota
	aloneDue           // Gen is when it failed
	otherDue           // Gen is when the first one failed
	judgeDue           // Gen is when it was doubted
	secondProbeDue     // Gen is when it was doubted
	cutOffDue          // Gen is since when this host is cut off
	answerDue          // Gen is when a peer doubted it
	lookDue
	lookAgainDue // Gen is since when it is down
	downHereDue  // Gen is since when it is down
	downDue      // Gen is since when it is down
	probeDue
	dues
)

// due has a row for each (TestEveryTimerOfAServerHasARow). It is made at the start, for
// what it leads to leads back to it.
var due [dues]func(*server, time.Duration, Timer)

func init() {
	due = [dues]func(*server, time.Duration, Timer){
		firstLookDue:   (*server).lookFirst,
		aloneDue:       (*server).suspectAloneAgain,
		otherDue:       (*server).otherSilent,
		judgeDue:       (*server).judgeNow,
		secondProbeDue: (*server).probeAgain,
		cutOffDue:      (*server).lookOn,
		answerDue:      (*server).doubtUnanswered,
		lookDue:        (*server).probeIfDown,
		lookAgainDue:   (*server).probeIfStillDown,
		downHereDue:    (*server).downForMeAlone,
		downDue:        (*server).probeDownAgain,
		probeDue:       (*server).probeOver,
	}
}

// Fire does what was to be done later, unless the server is no longer one of this host's.
func (u *Upstream) Fire(now time.Duration, t Timer) {
	if s := u.numbered(ID(t.Key)); s != nil {
		due[t.Due](s, now, t)
	}
}
