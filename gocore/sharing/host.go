package sharing

import (
	"log/slog"
	"net/netip"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/catchup"
	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// A Host is what sharing needs of the node around it.
type Host interface {
	// After hands t to Fire once d has passed.
	After(now, d time.Duration, t Timer)
	// ID gives out the numbers of streams.
	ID() uint64
	Log(level slog.Level, text string, args ...any)
	Count(c Counter)

	// Send sends a message to one host if to is valid, else to the group by each of ways.
	Send(m *wire.Message, to netip.AddrPort, ways []Way)
	// Pull opens a stream to a peer; catchup.Pulled follows.
	Pull(id uint64, to netip.AddrPort, want catchup.Want)
	// Page is the next record of a stream that a peer opened.
	Page(p catchup.Page)

	// States is what every datagram says of this host's DNS servers.
	States(now time.Duration) []wire.ServerState
	// SaysStates takes in what a member said of its own, at a time.
	SaysStates(now time.Duration, m *group.Member, states []wire.ServerState, at time.Duration)
	// Doubts reports whether a member may only fill gaps: it alone reaches a server.
	Doubts(m *group.Member) bool
	// Greeted comes with each HELLO of this host.
	Greeted(now time.Duration)

	// Waits reports whether somebody waits for an answer.
	Waits(q dns.Question) bool
	// Answered comes when a peer told an answer, NobodyKnows when the group said nothing.
	Answered(now time.Duration, q dns.Question)
	NobodyKnows(now time.Duration, q dns.Question)
	// InVain notes that a peer asked the group for what is not held here. Patience is how
	// long the group has to answer.
	InVain(now, patience time.Duration, p wire.Peer, q dns.Question)
	// Help looks a name up for a member that is cut off.
	Help(now time.Duration, m *group.Member, q dns.Question)
}

// A Store holds answers.
type Store interface {
	Get(now time.Duration, q dns.Question) cache.Entry
	// Usable is what may be served, fresh or stale.
	Usable(now time.Duration, q dns.Question) cache.Entry
	// Positive is an answer that is held behind a denial too.
	Positive(q dns.Question) *dns.Answer
	Put(now time.Duration, in cache.Arrival) cache.Outcome
	// All and Recent show what is held: all of it, and the last used.
	All(f func(cache.Entry) bool)
	Recent(n int, f func(cache.Entry))
	Len() int
	// Full reports whether there is hardly room for more.
	Full() bool
	// Wanted notes that the group is asked for something younger; false if it was already
	// in this outage.
	Wanted(now time.Duration, q dns.Question) bool
	// Ours reports whether a server is one of those that this host asks a question.
	Ours(q dns.Question, id dns.ServerID) bool
	// Precedes reports whether the server of an answer is no later one than that of what
	// is held.
	Precedes(a *dns.Answer, held cache.Entry) bool
}

// A Counter is what happened.
type Counter uint8

// What sharing counts.
const (
	Announced Counter = iota
	Untold
	AnswersTaken
	AnswersRefused
	QueriesSent
	AnswersSent
	PeerReplayed
	PeerLate
	PeerFlood
	PeerDuplicate
	Counters // how many there are
)

// Link is an interface that takes part.
type Link struct {
	Index    int
	Name     string
	IPv4     bool // has an IPv4 address
	IPv6     bool // has a link-local IPv6 address
	Wireless bool
}

// Way is one link and one address family by which the group is reached.
type Way struct {
	Link int
	IPv6 bool
}
