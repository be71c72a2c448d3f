package query

import (
	"net/netip"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/timers"
	"mcdns/gocore/wire"
)

// A Host is what QUERYs need of the host around them.
type Host interface {
	// After hands t to Fire once d has passed.
	After(now, d time.Duration, t Timer)
	Count(c Counter)

	// SendGroup sends to the group where it is heard, SendEverywhere by all ways, SendTo to
	// one host.
	SendGroup(now time.Duration, body wire.Body)
	SendEverywhere(now time.Duration, body wire.Body)
	SendTo(now time.Duration, to netip.AddrPort, body wire.Body)
	// Room is what a datagram has for questions or answers, in bytes.
	Room(now time.Duration) int

	// MayPut reports whether the group may hear of a question, Shareable whether it may be
	// told an answer.
	MayPut(q dns.Question) bool
	Shareable(e cache.Entry) bool
	// Wireless reports whether all links are. Alone: no member is heard yet.
	Wireless() bool
	Alone() bool

	// NobodyKnows comes when the group said nothing.
	NobodyKnows(now time.Duration, q dns.Question)
	// InVain notes that a peer asked the group for what is not held here. Patience is how
	// long the group has to answer.
	InVain(now, patience time.Duration, p wire.Peer, q dns.Question)
}

// A Store holds answers.
type Store interface {
	Get(now time.Duration, q dns.Question) cache.Entry
	// Usable is what may be served, fresh or stale.
	Usable(now time.Duration, q dns.Question) cache.Entry
	// Wanted notes that the group is asked for something younger; false if it was already
	// in this outage.
	Wanted(now time.Duration, q dns.Question) bool
}

// A Counter is what happened.
type Counter uint8

const (
	QueriesSent Counter = iota
	AnswersSent
	Counters // how many there are
)

// A Timer is what is to be done later, for the host to hold. Its Key is the number of what
// it is for.
type Timer = timers.Of[Due]

// Due is why Queries want to be woken.
type Due uint8

const (
	FlushDue  Due = iota
	NonceDue      // Key is the nonce
	OverDue       // Key is the number of the query
	RepeatDue     // Key is that
	TurnDue       // Key is the number of the turn
	Dues          // how many there are
)

// Fire does what was to be done.
func (s *Queries) Fire(now time.Duration, t Timer) {
	switch t.Due {
	case FlushDue:
		s.own.flush(now)
	case NonceDue:
		delete(s.own.sent, t.Key)
	case OverDue:
		s.own.over(now, t.Key)
	case RepeatDue:
		s.own.repeat(now, t.Key)
	case TurnDue:
		s.others.due(now, t.Key)
	}
}
