package lookup

import (
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/failures"
	"mcdns/gocore/fetch"
	"mcdns/gocore/held"
	"mcdns/gocore/help"
	"mcdns/gocore/order"
	"mcdns/gocore/renewal"
	"mcdns/gocore/sharing"
	"mcdns/gocore/timers"
	"mcdns/gocore/upstream"
	"mcdns/gocore/wire"
)

// A Host is what lookups need of the node around them.
type Host interface {
	// After hands t to Fire once d has passed.
	After(now, d time.Duration, t Timer)
	// ID gives out numbers.
	ID() uint64
	// Respond answers a program.
	Respond(id uint64, r Result)
	// Step hands the answer to a sub-question to who asked it (AskSub).
	Step(now time.Duration, then Step, asker, q dns.Question, r Result)
}

// Config is what Lookups are made with and keep.
type Config struct {
	Host     Host
	Held     *held.Held
	Failures *failures.Failures
	Upstream *upstream.Upstream
	Order    *order.Order
	Fetch    *fetch.Fetcher
	Share    *sharing.Sharing
	Help     *help.Helper
	Renewals *renewal.Renewals
}

// Lookups are all questions that wait. They are not safe for concurrent use.
type Lookups struct {
	host     Host
	held     *held.Held
	failures *failures.Failures
	upstream *upstream.Upstream
	order    *order.Order
	fetch    *fetch.Fetcher
	share    *sharing.Sharing
	help     *help.Helper
	renewals *renewal.Renewals

	pending  map[dns.Question]*pending
	numbered map[uint64]*pending // the same, by number
	asking   map[uint32]int      // pending questions, by asker
	waiting  map[uint64]*pending // by Lookup.ID
	subs     map[uint64]sub      // sub-questions, by Lookup.ID
}

// New makes Lookups of which none waits.
func New(c Config) *Lookups {
	return &Lookups{
		host: c.Host, held: c.Held, failures: c.Failures, upstream: c.Upstream, order: c.Order, fetch: c.Fetch,
		share: c.Share, help: c.Help, renewals: c.Renewals,
		pending: make(map[dns.Question]*pending), numbered: make(map[uint64]*pending),
		asking: make(map[uint32]int), waiting: make(map[uint64]*pending), subs: make(map[uint64]sub),
	}
}

// Lookup is a question of this host's programs. Exactly one Respond effect with
// the same ID follows, in this or a later call.
type Lookup struct {
	ID       uint64 // chosen by the driver, below 1<<63: the others are the node's
	Question dns.Question
	Own      fetch.Options // the program's
	// Asker is who of the host asks, by a number that means nothing to the node: what
	// is scarce is shared among askers.
	Asker uint32
	// Fresh: a server is to be asked, whatever is held. Where none answers the result is
	// what it is for anybody: Source says so.
	Fresh bool
}

// Result is the outcome of a Lookup.
type Result struct {
	// Answer is nil if nobody can say now.
	Answer *dns.Answer
	// Said is what a server said in place of an answer. It is zero if there is one, if
	// the servers were silent, and in an outage, whatever they say then.
	Said dns.RcodeError
	// Age is how old the answer is on this host.
	Age time.Duration
	// TTL is what programs may keep it for, in whole seconds.
	TTL time.Duration
	// Life is how long it counts as fresh from its birth on: at most what it came with.
	Life time.Duration
	// Stale: past its TTL, served because no DNS server answers in time.
	Stale bool
	// Source is where this host has it from.
	Source Source
	// Peer is who told it, if Source is FromPeer.
	Peer wire.Peer
}

// Held reports whether others have had this very answer: the same records in one
// order, which the server would have changed between them.
func (r *Result) Held() bool { return r.Source == FromCache || r.Source == FromPeer }

// Source is where an answer came from.
type Source uint8

const (
	// FromNobody: there is no answer.
	FromNobody Source = iota
	// FromCache: held since this host fetched it itself.
	FromCache
	// FromServer: fetched from a DNS server for this query.
	FromServer
	// FromPeer: another host of the group said it.
	FromPeer
	// FromHere: a special-use name that only this host may answer for.
	FromHere
)

// A Timer is what is to be done later, for the host to hold. Its Key is a Lookup.ID.
type Timer = timers.Of[Due]

// Due is why Lookups want to be woken.
type Due uint8

const (
	overrunDue Due = iota
	expiredDue
)

// Fire does what was to be done, if the lookup still waits.
func (l *Lookups) Fire(now time.Duration, t Timer) {
	switch t.Due {
	case overrunDue:
		l.overrun(now, t.Key)
	case expiredDue:
		l.expired(now, t.Key)
	}
}

// Over reports whether a timer would do nothing, so that it need not be kept.
func (l *Lookups) Over(t Timer) bool { return l.waiting[t.Key] == nil }

// Count is what waits.
type Count struct {
	Pending, Waiting, Subs, Askers int
}

// Count counts what waits.
func (l *Lookups) Count() Count {
	return Count{len(l.pending), len(l.waiting), len(l.subs), len(l.asking)}
}

// Waits reports whether a program waits for a question, Pending whether anybody does, be it
// this host itself.
func (l *Lookups) Waits(q dns.Question) bool {
	p := l.pending[q]
	return p != nil && len(p.waiters) > 0
}

// Pending is said at Waits.
func (l *Lookups) Pending(q dns.Question) bool { return l.pending[q] != nil }

// Wanted is what those who wait for a question agree on, and the longest time that any of
// them allows it with so many servers.
func (l *Lookups) Wanted(q dns.Question, servers int) (fetch.Options, time.Duration) {
	p := l.pending[q]
	return p.agreed(), l.longest(p, servers)
}

// Busy reports whether so much waits that nothing should be asked ahead.
func (l *Lookups) Busy() bool { return len(l.pending) > MaxPending/8 }

// NobodyKnows comes when the group has said nothing.
func (l *Lookups) NobodyKnows(now time.Duration, q dns.Question) {
	if p := l.pending[q]; p != nil {
		l.nobodyKnows(now, p)
	}
}
