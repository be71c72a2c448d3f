package sharing

import (
	"time"

	"mcdns/gocore/catchup"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// A Timer is what is to be done later: plain data, so that a node can be copied and
// printed while it waits.
type Timer struct {
	Due Due
	// Key is the number of what it is for, Gen which of several it is, or since when. What
	// is no longer wanted finds no such thing, or another, and does nothing.
	Key, Gen uint64
}

// Due is why sharing wants to be woken.
type Due uint8

const (
	helloDue Due = iota // Gen counts the times that sharing began
	sayDue
	announceDue
	aloneDue
	flushDue
	nonceDue                                  // Key is the nonce
	queryDue                                  // Key is the number of the query
	repeatDue                                 // Key is that
	turnDue                                   // Key is the number of the turn
	twinDue                                   // Key and Gen are the peer's id and epoch
	streamDue                                 // and those of catchup.Due from here on
	proverDue = streamDue + Due(catchup.Dues) // and those of group.Due
)

func (b *base) after(now, d time.Duration, t Timer) { b.host.After(now, d, t) }

// Fire does what was to be done at a time, which may be a moment ago.
func (s *Sharing) Fire(now, at time.Duration, t Timer) {
	switch t.Due {
	case helloDue:
		s.helloLoop(now, t.Gen)
	case sayDue:
		s.SayNow(now)
	case announceDue:
		s.announcer.due(now)
	case aloneDue:
		s.announcer.queueAlone(now)
	case flushDue:
		s.asker.flush(now)
	case nonceDue:
		delete(s.asker.sent, t.Key)
	case queryDue:
		s.asker.over(now, t.Key)
	case repeatDue:
		s.asker.repeat(now, t.Key)
	case turnDue:
		s.answerer.due(now, t.Key)
	case twinDue:
		s.hearer.twinSilent(now, at, wire.Peer{ID: t.Key, Epoch: t.Gen})
	default:
		if t.Due < proverDue {
			s.streams.Fire(now, catchup.Timer{Due: catchup.Due(t.Due - streamDue), Key: t.Key, Gen: t.Gen})
			return
		}
		s.prover.Fire(now, group.Timer{Due: group.Due(t.Due - proverDue), Key: t.Key, Gen: t.Gen})
	}
}
