package trust

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Rates of Floods. An honest host sends at most about 60 datagrams a second
// (50 announces when it is alone, hellos, proofs, replies), twice that while
// both families carry them; opening one costs about a microsecond. So 256 a
// second slow no host down, and a full table of floods at that rate, 512
// sources, takes a seventh of one core and no more.
const (
	FloodRate  = 256 // datagrams a second for each source
	FloodBurst = 512 // datagrams at once

	floodWays = 2
	floodSets = 256
)

// floodCost is the time that one datagram uses up.
const floodCost = time.Second / FloodRate

// Floods is a fixed table of token buckets, one for each source address and
// interface: the first check of a packet, before any cryptography. A source
// that is not in the table takes over the fuller of two buckets with what is
// left in it, so that a sender who changes its address with every packet still
// gets no more than the whole table's rate, and no memory.
type Floods struct {
	seed uint64
	sets [floodSets][floodWays]bucket
}

// A bucket is kept as the time at which it will be full again: one word says
// both level and last use.
type bucket struct {
	source uint64 // hash; 0 if never used
	full   time.Duration
}

// NewFloods makes a table. seed must be unpredictable, or a sender could find
// addresses that share an honest host's bucket.
func NewFloods(seed uint64) *Floods { return &Floods{seed: seed} }

// Allow reports whether a packet from addr, come in by interface link, is to be
// looked at, and counts it if so. now is any clock that does not run backwards.
func (f *Floods) Allow(now time.Duration, addr netip.Addr, link int) bool {
	h := f.hash(addr, link)
	set := &f.sets[h%floodSets]
	b := &set[0]
	for i := range set {
		if set[i].source == h {
			b = &set[i]
			break
		}
		if set[i].full < b.full {
			b = &set[i]
		}
	}
	b.source = h
	b.full = max(b.full, now)
	if b.full-now > (FloodBurst-1)*floodCost {
		return false
	}
	b.full += floodCost
	return true
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
