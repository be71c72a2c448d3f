package upstream

import "time"

// A server's life, and all that changes it. Evidence is weighed in judge.go, evidence.go
// and claims.go; what they find is an event, and an event that is not in the table for a
// state leaves it as it is.
//
//	+----+   failed, peerDoubts, slept    +---------+
//	|    |------------------------------->| suspect |<-- a new server
//	|    |<-------------------------------|         |
//	|    |        replied, cleared        +---------+
//	|    |                           refuted |   ^ peerDoubts
//	|    |                                   v   |
//	| up |        replied, cleared        +---------+
//	|    |<-------------------------------| cut off |<-- refuted: from hearsay and down
//	|    |                                +---------+
//	|    |                     from both: unsure |  nobody
//	|    |                                       |       |
//	|    |                                       v       v
//	|    |            replied             +---------+  +------+
//	|    |<-------------------------------| hearsay |->| down |<-- failedAlone: from up and suspect
//	+----+                                +---------+  +------+
//	  ^                                      confirmed    |
//	  |                     replied                       |
//	  +---------------------------------------------------+
type life uint8

const (
	suspect life = iota // nothing is known of it, or it failed somebody and the group is asked
	up                  // it answered last
	cutOff              // it answers peers, and not this host
	hearsay             // down by others' word, or because it never said anything
	down                // nobody believed has success with it, this host has seen so
)

// An event is why a server's life may change.
type event uint8

const (
	replied     event = iota // it answered this host
	failed                   // enough went unanswered here to doubt it
	failedAlone              // so much of a server that nobody else is asked about
	peerDoubts               // a peer doubts it
	slept                    // this host slept, and what it knew is of another time
	nobody                   // judged: nobody has success, and this host failed
	unsure                   // judged: nobody has success, and this host has hardly asked
	refuted                  // judged: a peer has success, and this host failed
	cleared                  // judged: a peer has success, and this host has not failed
	confirmed                // this host's own questions went unanswered, too
)

// A transition is one way on. Its rule is the subsection of PROTOCOL.md that says it.
type transition struct {
	from life
	why  event
	to   life
	rule string
}

var transitions = [...]transition{
	{suspect, replied, up, "5.7"},
	{cutOff, replied, up, "5.11"},
	{hearsay, replied, up, "5.8"},
	{down, replied, up, "5.13"},

	{up, failed, suspect, "5.5"},
	{up, peerDoubts, suspect, "5.7"},
	{cutOff, peerDoubts, suspect, "5.7"},
	{up, slept, suspect, "5.1"},

	{suspect, nobody, down, "5.7"},
	{cutOff, nobody, down, "5.12"},
	{suspect, unsure, hearsay, "5.8"},
	{cutOff, unsure, hearsay, "5.8"},
	{hearsay, confirmed, down, "5.8"},
	{up, failedAlone, down, "5.14"},
	{suspect, failedAlone, down, "5.14"},

	{suspect, refuted, cutOff, "5.11"},
	{cutOff, refuted, cutOff, "5.11"}, // its time begins anew
	{hearsay, refuted, cutOff, "5.11"},
	{down, refuted, cutOff, "5.11"},
	{suspect, cleared, up, "5.11"},
	{cutOff, cleared, up, "5.11"},
}

// after is where an event leads from a state; ok is false if nowhere.
func (l life) after(why event) (to life, ok bool) {
	for i := range transitions {
		if t := &transitions[i]; t.from == l && t.why == why {
			return t.to, true
		}
	}
	return l, false
}

// happens is the only function that changes a server's life.
func (s *server) happens(now time.Duration, why event) {
	to, ok := s.life.after(why)
	if !ok {
		return
	}
	if to.state() != s.life.state() {
		s.since = now
	}
	s.life, s.entered = to, now
}

// state is what others are told of a life. A server that this host is cut off from is
// never called down, for peers reach it.
func (l life) state() State {
	switch l {
	case up:
		return Up
	case hearsay, down:
		return Down
	}
	return Suspect
}

func (s *server) state() State { return s.life.state() }
