package sim

import (
	"time"

	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// Counters of a host beyond the node's own.
const (
	countReceived = 48 + iota // datagrams that arrived
	countBytesIn
	countForeign // arrived, and did not open
	countSent    // datagrams sent
	countBytesOut
	numCounts = 64
)

// A Tally counts what the world's hosts did, all together.
type Tally struct {
	Group, Single [wire.Kinds]uint64 // by kind: datagrams sent to the group, to one host
	Bytes         [wire.Kinds]uint64
	Answers       uint64 // in announcements sent
	Asked         uint64 // questions put to DNS servers
	Pulls, Pages  uint64
	StreamBytes   uint64
	lookups, lost uint64
	By            [outcomes]uint64 // lookups by outcome
	Took          Histogram
}

// Outcomes of lookups.
const (
	byCache = iota
	byPeer
	byServer
	byStale
	byNobody
	outcomes
)

func (t *Tally) sent(h *Host, m *wire.Message, size int, group bool) {
	k := m.Body.Kind()
	if group {
		t.Group[k]++
	} else {
		t.Single[k]++
	}
	t.Bytes[k] += uint64(size)
	h.Counts[countSent]++
	h.Counts[countBytesOut] += uint64(size)
	if a, ok := m.Body.(*wire.Announce); ok {
		t.Answers += uint64(len(a.Answers))
	}
}

func (t *Tally) answered(o Outcome) {
	t.By[outcomeOf(o.Result)]++
	t.Took.Add(o.Took)
}

func outcomeOf(r node.Result) int {
	switch {
	case r.Answer == nil:
		return byNobody
	case r.Stale:
		return byStale
	case r.Source == node.FromPeer:
		return byPeer
	case r.Source == node.FromServer:
		return byServer
	}
	return byCache
}

// Lookups is how many there were; Failed how many found nothing.
func (t *Tally) Lookups() uint64 { return t.lookups }

// Failed is how many lookups found nothing, or were lost with their host.
func (t *Tally) Failed() uint64 { return t.By[byNobody] }

// Datagrams is how many were sent in all, and their bytes.
func (t *Tally) Datagrams() (group, single, bytes uint64) {
	for k := range wire.EachKind {
		group += t.Group[k]
		single += t.Single[k]
		bytes += t.Bytes[k]
	}
	return group, single, bytes
}

// Count adds up one of the nodes' counters over all hosts.
func (w *World) Count(c node.Counter) uint64 { return w.count(int(c)) }

func (w *World) count(c int) (sum uint64) {
	for _, h := range w.hosts {
		sum += h.Counts[c]
	}
	return sum
}

// A Histogram counts durations in steps of a twelfth of their size, from a
// microsecond to hours.
type Histogram struct {
	N   uint64
	Sum time.Duration
	Max time.Duration
	Bin [400]uint64
}

// Add counts one.
func (g *Histogram) Add(d time.Duration) {
	g.N++
	g.Sum += d
	g.Max = max(g.Max, d)
	g.Bin[binOf(d)]++
}

func binOf(d time.Duration) int {
	us := uint64(d / time.Microsecond)
	bin := 0
	for us >= 16 {
		us /= 2
		bin += 8
	}
	return min(bin+int(us), 399)
}

// atLeast is the smallest duration of a bin.
func atLeast(bin int) time.Duration {
	if bin < 16 {
		return time.Duration(bin) * time.Microsecond
	}
	shift := bin/8 - 1
	return time.Duration(8+bin%8) << shift * time.Microsecond
}

// At gives the duration that a share p of those counted do not exceed.
func (g *Histogram) At(p float64) time.Duration {
	left := uint64(p * float64(g.N))
	for bin, n := range g.Bin {
		if left < n {
			return min(atLeast(bin+1), g.Max)
		}
		left -= n
	}
	return g.Max
}

// Mean is the average.
func (g *Histogram) Mean() time.Duration {
	if g.N == 0 {
		return 0
	}
	return g.Sum / time.Duration(g.N)
}

// Received is how many datagrams arrived, at all hosts.
func (w *World) Received() uint64 { return w.count(countReceived) }

// Sent is how many datagrams the host sent.
func (h *Host) Sent() uint64 { return h.Counts[countSent] }

// Local is how many lookups were answered without asking anybody.
func (t *Tally) Local() uint64 { return t.By[byCache] + t.By[byPeer] }

// Stale is how many lookups were answered past the TTL.
func (t *Tally) Stale() uint64 { return t.By[byStale] }

// Announced is how many answers the host told.
func (h *Host) Announced() uint64 { return h.Counts[node.Announced] }
