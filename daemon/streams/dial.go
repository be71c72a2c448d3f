package streams

import (
	"context"
	"errors"
	"net/netip"
	"sync"
)

// dials are how connecting to peers goes.
type dials struct {
	sync.Mutex
	opened, failed uint64
	inVain         int        // in a row
	last           netip.Addr // the peer of the last that failed
}

// blockedAfter connections in a row that fail, to peers that are heard and proven: one
// may have died a moment ago.
const blockedAfter = 3

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
		d.opened, d.inVain = d.opened+1, 0
		return
	}
	d.failed, d.inVain, d.last = d.failed+1, d.inVain+1, to
}

// Blocked is a peer that no connection gets to, and none to any other; not valid if one
// did, or nobody tried. Peers are heard by UDP meanwhile, so that all looks well.
func (s *Streams) Blocked() (peer netip.Addr) {
	s.dial.Lock()
	defer s.dial.Unlock()
	if s.dial.inVain < blockedAfter {
		return netip.Addr{}
	}
	return s.dial.last
}

// Counters adds how many streams to peers could be opened and how many not, by the
// names that status and metrics show.
func (s *Streams) Counters(to map[string]uint64) {
	s.dial.Lock()
	defer s.dial.Unlock()
	to["streams_opened"], to["streams_failed"] = s.dial.opened, s.dial.failed
}
