package upstream

import "time"

// A Timer is what Upstream has to do later: plain data, for the host to hold.
type Timer struct {
	Due Due
	// ID is the server's. Gen is which of several it is, or since when: one that is no
	// longer wanted finds another, and does nothing.
	ID  ID
	Gen uint64
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
	if s := u.numbered(t.ID); s != nil {
		due[t.Due](s, now, t)
	}
}
