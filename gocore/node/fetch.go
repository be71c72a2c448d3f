package node

import (
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/fetch"
)

// fetching is a node as the host of its fetches: it puts questions to servers, and its
// lookups say who waits.
type fetching struct{ n *Node }

func (h fetching) After(now, d time.Duration, t fetch.Timer) {
	after(h.n, now, d, fetchTimer, t)
}

func (h fetching) ID() uint64 { return h.n.id() }

// asked are the counters of what is asked.
var asked = [fetch.Purposes]Counter{
	fetch.Demand: UpstreamAsked, fetch.Renewing: UpstreamRefresh, fetch.Probe: UpstreamProbe,
	fetch.Fallback: UpstreamAsked, fetch.Ahead: UpstreamAhead,
}

func (h fetching) Ask(why fetch.Purpose, a fetch.Ask) {
	h.n.count(asked[why])
	h.n.emit(Ask(a))
}

func (h fetching) Waits(q dns.Question) bool { return h.n.lookups.Waits(q) }

func (h fetching) Wanted(q dns.Question, servers int) (Options, time.Duration) {
	return h.n.lookups.Wanted(q, servers)
}

func (h fetching) IsPut(q dns.Question) bool { return h.n.share.IsPut(q) }

func (h fetching) Patience() time.Duration { return h.n.share.Patience() }

func (h fetching) Renewed(q dns.Question) { h.n.renewals.Ended(q) }

func (h fetching) Answered(now time.Duration, g fetch.Got) { h.n.lookups.Fetched(now, g) }

func (h fetching) HeldBack(now time.Duration, q dns.Question) {
	h.n.count(RebindingStopped)
	h.n.lookups.HeldBack(now, q)
}

func (h fetching) Failed(now time.Duration, f fetch.Failed) { h.n.lookups.Failed(now, f) }
