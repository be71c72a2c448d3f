package catchup

import (
	"log/slog"
	"net/netip"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/timers"
	"mcdns/gocore/wire"
)

// A Host is what catching up needs of the host around it.
type Host interface {
	// After hands t to Fire once d has passed.
	After(now, d time.Duration, t Timer)
	// ID gives out the numbers of streams.
	ID() uint64
	Log(level slog.Level, text string, args ...any)

	// Pull opens a stream to a peer; Pulled follows.
	Pull(id uint64, to netip.AddrPort, want Want)
	// Page is the next record of a stream that a peer opened.
	Page(p Page)

	Self() wire.Peer
	// Shares reports whether the host takes part at all, Believes whether a peer may say
	// anything of a name, Waits whether somebody waits for an answer.
	Shares() bool
	Believes(q dns.Question) bool
	Waits(q dns.Question) bool
	// Prove makes a member of who opened a stream with a nonce of this host's, which left
	// at asked; nil if there is no room. Accept takes in what a member says.
	Prove(now, asked time.Duration, p wire.Peer, sent time.Duration) *group.Member
	Accept(now time.Duration, m *group.Member, a wire.Aged, transit time.Duration) cache.Outcome
}

// A Store holds answers.
type Store interface {
	Get(now time.Duration, q dns.Question) cache.Entry
	All(f func(cache.Entry) bool)
	Len() int
	// Full reports whether there is hardly room for more.
	Full() bool
	// Here reports whether an answer was learnt in this place, Shareable whether peers may
	// be told it.
	Here(e cache.Entry) bool
	Shareable(e cache.Entry) bool
}

// MaxShared is the longest answer that is shared at all (PROTOCOL 3.6).
const MaxShared = 64 << 10

// A Timer is what is to be done later, for the host to hold.
type Timer = timers.Of[Due]

// Due is why a Catcher wants to be woken.
type Due uint8

const (
	PullDue   Due = iota // Key is the number of the catch-up
	WatchDue             // Key is that, Gen how many records had come
	StreamDue            // Key is the stream's id
	Dues                 // how many there are
)

// Fire does what was to be done.
func (c *Catcher) Fire(now time.Duration, t Timer) {
	switch t.Due {
	case PullDue:
		c.due(now, t.Key)
	case WatchDue:
		c.watch(now, t.Key, int(t.Gen))
	case StreamDue:
		c.closed(t.Key)
	}
}

// Want says what a host that opens a stream asks for.
type Want struct {
	// Away is how long the asker was absent: it has what is older. 0 = all.
	Away time.Duration
	// After resumes behind the hash of a question (Page.Next). 0 = from the
	// start.
	After uint64
	// Questions, if any, asks for the answers to these alone.
	Questions []dns.Question
}

// Page is the next record of an inbound stream.
type Page struct {
	Stream  uint64
	Sent    time.Duration // this host's clock
	Answers []wire.Aged
	Next    uint64 // hash to resume behind
	End     bool   // the last record
	Busy    bool   // no room for this stream: say busy and close
}

// Pulled is one record of a stream that Host.Pull opened.
type Pulled struct {
	Pull uint64 // its id
	// From is the peer at the other end; its key and liveness are proven by the
	// stream's handshake.
	From    wire.Peer
	Sent    time.Duration // the peer's clock when the record left
	Answers []wire.Aged
	// Next is where to go on if the stream breaks (Page.Next).
	Next uint64
	// Done: no more records come; Whole: all that was wanted came.
	Done, Whole bool
}
