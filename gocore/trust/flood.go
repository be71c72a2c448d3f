package trust

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Rates of Floods. What counts is only what claims one of this host's keys and
// does not open under it: to find that out costs half a microsecond, and 1 ns for
// each byte. So a full table of floods, 512 sources at 256 a second, takes at most
// a quarter of one core, and the budget of the known a tenth; so in each address family.
const (
	FloodRate  = 256 // forged datagrams a second for each source
	FloodBurst = 512 // at once

	// KnownRate is for all known sources together, beyond FloodRate: bytes of
	// forged datagrams a second, each counted as KnownEach bytes more.
	KnownRate = 32 << 20
	KnownEach = 150

	floodWays = 2
	floodSets = 256
	knownSets = 2048
)

const (
	// floodCost is the time that one forged datagram uses up.
	floodCost = time.Second / FloodRate
	// knownBurst is how far the budget of the known may be ahead of the clock.
	knownBurst = time.Second / 10
	// KnownFor is how long a source is known: hosts of a group of 1000 say HELLO
	// every 4 to 12 minutes.
	KnownFor = 15 * time.Minute
)

// Floods bounds what forged datagrams cost, in fixed tables: the last check before
// cryptography. Each source, an address and an interface, has a token bucket. It is
// charged for what does not open, never for what does: anybody can send junk under
// a host's address, and that host must still be heard. A source that lately sent
// something good is known, and goes on to be opened with an empty bucket, on a
// budget that all known sources share.
//
// A source that is not in the table takes over the fuller of two buckets with what
// is left in it, so that a sender who changes its address with every packet still
// gets no more than the whole table's rate, and no memory. A known source gives its
// place up to nobody: who replays recordings from ten thousand addresses must not
// make this host forget its peers.
type Floods struct {
	seed  uint64
	sets  [floodSets][floodWays]bucket
	known [knownSets][floodWays]acquaintance
	spare time.Duration // when the budget of the known is full again
}

// A bucket is kept as the time at which it will be full again: one word says
// both level and last use.
type bucket struct {
	source uint64 // hash; 0 if never used
	full   time.Duration
}

func (b *bucket) empty(now time.Duration) bool { return b.full-now > (FloodBurst-1)*floodCost }

// acquaintance is a source that sent something good, last at a time.
type acquaintance struct {
	source uint64
	last   time.Duration
}

// NewFloods makes a table. seed must be unpredictable, or a sender could find
// addresses that share an honest host's bucket.
func NewFloods(seed uint64) *Floods { return &Floods{seed: seed} }

// Allow reports whether a packet from addr, come in by interface link, is to be
// opened; say by Opened what came of it. now is any clock that does not run
// backwards.
func (f *Floods) Allow(now time.Duration, addr netip.Addr, link int) bool {
	h := f.hash(addr, link)
	return !f.bucket(h).empty(now) || f.spare-now < knownBurst && f.knows(now, h) != nil
}

// Opened takes note of what a packet of size bytes came to that Allow let through:
// good is that it opened.
func (f *Floods) Opened(now time.Duration, addr netip.Addr, link, size int, good bool) {
	h := f.hash(addr, link)
	if good {
		f.meet(now, h)
		return
	}
	b := f.bucket(h)
	if b.empty(now) {
		f.spare = max(f.spare, now) + time.Duration(size+KnownEach)*time.Second/KnownRate
		return
	}
	b.source, b.full = h, max(b.full, now)+floodCost
}

// bucket is the source's, or the one that it would take over.
func (f *Floods) bucket(h uint64) *bucket {
	set := &f.sets[h%floodSets]
	b := &set[0]
	for i := range set {
		if set[i].source == h {
			return &set[i]
		}
		if set[i].full < b.full {
			b = &set[i]
		}
	}
	return b
}

// knows finds a source that lately sent something good.
func (f *Floods) knows(now time.Duration, h uint64) *acquaintance {
	set := &f.known[h>>32%knownSets]
	for i := range set {
		if set[i].source == h && now-set[i].last < KnownFor {
			return &set[i]
		}
	}
	return nil
}

// meet makes a source known, where there is room.
func (f *Floods) meet(now time.Duration, h uint64) {
	a := f.knows(now, h)
	set := &f.known[h>>32%knownSets]
	for i := range set {
		if a == nil && (set[i].source == 0 || now-set[i].last >= KnownFor) {
			a = &set[i]
		}
	}
	if a != nil {
		*a = acquaintance{h, now}
	}
}

// hash of the source, never 0. The multiplications are those of MurmurHash3's
// finalizer.
func (f *Floods) hash(addr netip.Addr, link int) uint64 {
	h := f.seed ^ uint64(link)
	if addr.IsValid() {
		b := addr.As16()
		h = scramble(h ^ binary.BigEndian.Uint64(b[:8]))
		h ^= binary.BigEndian.Uint64(b[8:])
	}
	return max(scramble(h), 1)
}

func scramble(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
