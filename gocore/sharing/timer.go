package sharing

import (
	"time"

	"mcdns/gocore/catchup"
	"mcdns/gocore/group"
	"mcdns/gocore/query"
	"mcdns/gocore/timers"
	"mcdns/gocore/wire"
)

// A Timer is what is to be done later, for the host to hold.
type Timer = timers.Of[Due]

// Due is why sharing wants to be woken.
type Due uint8

const (
	helloDue Due = iota // Gen counts the times that sharing began
	sayDue
	announceDue
	aloneDue
	twinDue                                    // Key and Gen are the peer's id and epoch
	queriesDue                                 // those of query.Due from here on
	streamDue  = queriesDue + Due(query.Dues)  // and those of catchup.Due
	proverDue  = streamDue + Due(catchup.Dues) // and those of group.Due
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
	case twinDue:
		s.hearer.twinSilent(now, at, wire.Peer{ID: t.Key, Epoch: t.Gen})
	default:
		s.fireBelow(now, t)
	}
}

// fireBelow hands it to the room that it is of.
func (s *Sharing) fireBelow(now time.Duration, t Timer) {
	switch {
	case t.Due < streamDue:
		s.queries.Fire(now, query.Timer{Due: query.Due(t.Due - queriesDue), Key: t.Key})
	case t.Due < proverDue:
		s.streams.Fire(now, catchup.Timer{Due: catchup.Due(t.Due - streamDue), Key: t.Key, Gen: t.Gen})
	default:
		s.prover.Fire(now, group.Timer{Due: group.Due(t.Due - proverDue), Key: t.Key, Gen: t.Gen})
	}
}
