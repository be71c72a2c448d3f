package streams

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// dials are how connecting to peers goes.
type dials struct {
	sync.Mutex
	opened, failed uint64
	inVain         int           // in a row
	peers          []netip.Addr  // those of them, each once, the last one last
	at             time.Duration // of the last
}

const (
	// blockedAfter connections in a row that fail, to peers that are heard and proven: one
	// may have died a moment ago.
	blockedAfter = 3
	// blockedFor is how long the last failure counts: who holds nothing that is missing
	// here is not tried again, and what closed the path may be gone.
	blockedFor = 10 * time.Minute
	// blockedPeers is how many must be out of reach of one family: it may be the fault of
	// one of them. A peer is met by its IPv4 and by its IPv6 address.
	blockedPeers = 2
)

// dialled notes how connecting to a peer went. Of a pull that was given up nothing is
// known.
func (s *Streams) dialled(to netip.Addr, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	d := &s.dial
	d.Lock()
	defer d.Unlock()
	if err == nil {
		d.opened, d.inVain, d.peers = d.opened+1, 0, nil
		return
	}
	d.failed, d.inVain, d.at = d.failed+1, d.inVain+1, s.config.Now()
	d.peers = append(slices.DeleteFunc(d.peers, func(a netip.Addr) bool { return a == to }), to)
	if most := 2 * blockedPeers; len(d.peers) > most {
		d.peers = d.peers[len(d.peers)-most:]
	}
}

// Blocked is the last peer that no connection gets to, where there are so many peers and
// none is got to; not valid if one is, or nobody has tried lately. Peers are heard by UDP
// meanwhile, so that all looks well.
func (s *Streams) Blocked(peers int) (peer netip.Addr) {
	d := &s.dial
	d.Lock()
	defer d.Unlock()
	if d.inVain < blockedAfter || s.config.Now()-d.at >= blockedFor || d.ofOneFamily() < min(peers, blockedPeers) {
		return netip.Addr{}
	}
	return d.peers[len(d.peers)-1]
}

func (d *dials) ofOneFamily() int {
	four := 0
	for _, a := range d.peers {
		if a.Unmap().Is4() {
			four++
		}
	}
	return max(four, len(d.peers)-four)
}

// Counters adds how many streams to peers could be opened and how many not, by the
// names that status and metrics show.
func (s *Streams) Counters(to map[string]uint64) {
	s.dial.Lock()
	defer s.dial.Unlock()
	to["streams_opened"], to["streams_failed"] = s.dial.opened, s.dial.failed
}
