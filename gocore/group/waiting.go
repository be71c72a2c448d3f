package group

import (
	"net/netip"
	"time"

	"mcdns/gocore/wire"
)

// A Datagram is one that opened under a key of the group.
type Datagram struct {
	Message *wire.Message
	From    netip.AddrPort // unicast source, with zone if link-local
	Link    int            // index of the interface it came in by
	Group   bool           // sent to the group, not to this host alone
}

// Said is what a peer said before it was proven, and when.
type Said struct {
	At time.Duration
	Datagram
}

// Waits is how long the datagram of a member waited and was under way, for which it
// counts as heard. ok is false for one that came late.
func (s *Said) Waits(now time.Duration, m *Member) (transit time.Duration, ok bool) {
	late, onTime := m.Clock.Transit(s.At, s.Message.Sent)
	if onTime {
		m.Came(now, s.From, s.Link, s.Group)
	}
	return late + now - s.At, onTime
}

// waiting is a datagram of a stranger.
type waiting struct {
	Said
	size int
}

// A waitingRoom keeps what strangers say until they are proven, or for waitFor.
type waitingRoom struct {
	queue []waiting
	bytes int
}

const (
	waitFor   = 3 * time.Second
	waitBytes = 256 << 10 // as datagrams
)

// drop forgets what has waited in vain, and what came first if there is no room.
func (r *waitingRoom) drop(now time.Duration, size int) {
	i := 0
	for i < len(r.queue) && (now-r.queue[i].At > waitFor || r.bytes+size > waitBytes) {
		r.bytes -= r.queue[i].size
		r.queue[i] = waiting{}
		i++
	}
	if r.queue = r.queue[i:]; len(r.queue) == 0 {
		r.queue = nil
	}
}

// take takes out what a peer said, in order.
func (r *waitingRoom) take(now time.Duration, p wire.Peer) (said []Said) {
	r.drop(now, 0)
	rest := r.queue[:0]
	for _, w := range r.queue {
		if w.Message.From != p {
			rest = append(rest, w)
			continue
		}
		said = append(said, w.Said)
		r.bytes -= w.size
	}
	clear(r.queue[len(rest):])
	r.queue = rest
	return said
}
