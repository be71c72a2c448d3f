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
var due [dues]func(*Upstream, time.Duration, *server, Timer)

func init() {
	due = [dues]func(*Upstream, time.Duration, *server, Timer){
		firstLookDue:   (*Upstream).lookFirst,
		aloneDue:       (*Upstream).suspectAloneAgain,
		otherDue:       (*Upstream).otherSilent,
		judgeDue:       (*Upstream).judgeNow,
		secondProbeDue: (*Upstream).probeAgain,
		cutOffDue:      (*Upstream).lookOn,
		answerDue:      (*Upstream).doubtUnanswered,
		lookDue:        (*Upstream).probeIfDown,
		lookAgainDue:   (*Upstream).probeIfStillDown,
		downHereDue:    (*Upstream).downForMeAlone,
		downDue:        (*Upstream).probeDownAgain,
		probeDue:       (*Upstream).probeOver,
	}
}

// Fire does what was to be done later, unless the server is no longer one of this host's.
func (u *Upstream) Fire(now time.Duration, t Timer) {
	if s := u.numbered(t.ID); s != nil {
		due[t.Due](u, now, s, t)
	}
}
