package metrics

import (
	"sync/atomic"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// Counts is what the daemon counts beside the node. Everything may be called from
// any goroutine, and costs some atomic additions.
type Counts struct {
	Lookups   Lookups
	Upstream  Upstream
	Datagrams Datagrams
}

// bounds of the buckets of a histogram: from a hit in the cache to the longest
// lookup, with the protocol's own waits (PROTOCOL 5.2: 250 ms, 3 s) among them.
var bounds = [...]time.Duration{
	100 * time.Microsecond, 500 * time.Microsecond, time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 3 * time.Second, 10 * time.Second,
}

// Histogram counts durations.
type Histogram struct {
	counts [len(bounds) + 1]atomic.Uint64 // each its own bucket alone
	nanos  atomic.Uint64
}

// Observe counts one duration.
func (h *Histogram) Observe(d time.Duration) {
	i := 0
	for i < len(bounds) && d > bounds[i] {
		i++
	}
	h.counts[i].Add(1)
	h.nanos.Add(uint64(max(d, 0)))
}

// The labels of a lookup: where the answer is from, and what it was.
var (
	sources = [...]string{"cache", "peer", "server", "stale", "here", "none"}
	results = [...]string{"found", "no_record", "no_name", "failed"}
)

// Lookups are the questions of this host's programs, by source and result.
type Lookups struct {
	counts [len(sources)][len(results)]atomic.Uint64
	took   [len(sources)]Histogram
}

// Note counts a lookup.
func (l *Lookups) Note(r node.Result, took time.Duration) {
	s := source(r)
	l.counts[s][result(r)].Add(1)
	l.took[s].Observe(took)
}

func source(r node.Result) int {
	switch {
	case r.Answer == nil:
		return 5
	case r.Stale:
		return 3
	case r.Source == node.FromHere:
		return 4
	case r.Source == node.FromServer:
		return 2
	case r.Source == node.FromPeer:
		return 1
	}
	return 0
}

func result(r node.Result) int {
	switch {
	case r.Answer == nil:
		return 3
	case r.Answer.Kind == dns.NXDomain:
		return 2
	case r.Answer.Kind == dns.NoData:
		return 1
	}
	return 0
}

// outcomes of a question to a DNS server, by node.Failure.
var outcomes = [...]string{0: "answered", node.Silent: "silent", node.Unreachable: "unreachable", node.Refused: "refused"}

// Upstream are the questions to DNS servers, the daemon's own included.
type Upstream struct {
	counts [len(outcomes)]atomic.Uint64
	took   Histogram // until a reply, whatever it said
}

// Note counts what became of a question.
func (u *Upstream) Note(f node.Failure, took time.Duration) {
	u.counts[f].Add(1)
	if f == 0 || f == node.Refused {
		u.took.Observe(took)
	}
}

// The labels of a datagram.
var (
	directions = [...]string{"received", "sent"}
	transports = [...]string{"unicast", "multicast"}
)

// Datagrams are those that opened under a key of the group, and those sent.
type Datagrams struct {
	counts [len(directions)][len(transports)][wire.Kinds]struct{ packets, bytes atomic.Uint64 }
}

// Received counts a datagram of so many bytes that came in.
func (d *Datagrams) Received(b wire.Body, multicast bool, size int) { d.note(0, b, multicast, size) }

// Sent counts a datagram that left, once for each way.
func (d *Datagrams) Sent(b wire.Body, multicast bool, size int) { d.note(1, b, multicast, size) }

func (d *Datagrams) note(direction int, b wire.Body, multicast bool, size int) {
	transport := 0
	if multicast {
		transport = 1
	}
	c := &d.counts[direction][transport][b.Kind()]
	c.packets.Add(1)
	c.bytes.Add(uint64(size))
}
