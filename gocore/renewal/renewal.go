package renewal

import (
	"maps"
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/failures"
	"mcdns/gocore/fetch"
	"mcdns/gocore/group"
	"mcdns/gocore/held"
	"mcdns/gocore/order"
	"mcdns/gocore/timers"
	"mcdns/gocore/upstream"
)

// A Host is what renewing needs of the node around it.
type Host interface {
	// After hands t to Fire once d has passed.
	After(now, d time.Duration, t Timer)
	// Start has the servers asked, unless they are being asked the same already.
	Start(now time.Duration, q dns.Question, why fetch.Purpose)
	// Pending reports whether an answer is awaited, Busy whether so many are that nothing
	// should be asked ahead.
	Pending(q dns.Question) bool
	Busy() bool
	// Usable is what may be served, fresh or stale.
	Usable(now time.Duration, q dns.Question) cache.Entry
}

// Config is what Renewals are made with and keep. No peer knows the key.
type Config struct {
	Host     Host
	Key      cache.Key
	Held     *held.Held
	Group    *group.Group
	Upstream *upstream.Upstream
	Order    *order.Order
	Fetch    *fetch.Fetcher
	Failures *failures.Failures
}

// Renewals are what is asked before anybody waits. They are not safe for concurrent use.
type Renewals struct {
	host     Host
	key      cache.Key
	held     *held.Held
	group    *group.Group
	upstream *upstream.Upstream
	order    *order.Order
	fetch    *fetch.Fetcher
	failures *failures.Failures

	looksAhead bool
	marked     map[uint64]renewal // under way or timed, by the question's hash
	recovery   []popular          // what was stale when the last outage ended, until all is looked at
}

// New makes Renewals of which none is due.
func New(c Config) *Renewals {
	return &Renewals{
		host: c.Host, key: c.Key, held: c.Held, group: c.Group, upstream: c.Upstream, order: c.Order,
		fetch: c.Fetch, failures: c.Failures, marked: make(map[uint64]renewal),
	}
}

// Configure says whether to fetch what an answer will be followed by.
func (r *Renewals) Configure(ahead bool) { r.looksAhead = ahead }

// A Timer is what is to be done later, for the host to hold. Its Key is the question's hash,
// or the place among what is stale; Gen when the answer was born, or the outage.
type Timer = timers.Of[Due]

// Due is why Renewals want to be woken.
type Due uint8

const (
	renewDue Due = iota
	recoverDue
)

// Fire does what was to be done, if it is still wanted.
func (r *Renewals) Fire(now time.Duration, t Timer) {
	switch t.Due {
	case renewDue:
		r.renewDue(now, t)
	case recoverDue:
		r.recoverOne(now, t)
	}
}

// Over reports whether a timer would do nothing, so that it need not be kept.
func (r *Renewals) Over(t Timer) bool { return t.Due == recoverDue && r.recoveryOver(t) }

// Held is how many answers are marked as being renewed, or soon.
func (r *Renewals) Held() int { return len(r.marked) }

// Copy is for simulators alone: see node.Copy.
func (r *Renewals) Copy(c Config) *Renewals {
	o := New(c)
	o.looksAhead, o.marked, o.recovery = r.looksAhead, maps.Clone(r.marked), slices.Clone(r.recovery)
	return o
}
