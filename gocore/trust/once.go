package trust

import (
	"slices"
	"time"
)

// OnceFor is how long a datagram is remembered at least: longer than one that was
// recorded still passes for having been under way (MaxTransit).
const OnceFor = MaxTransit + time.Second

// Once lets each datagram pass once, whatever the order they come in. The zero
// value is ready and has heard nothing.
//
// It remembers hashes of the last seconds, and no numbers: whoever speaks in
// another's name cannot make what the other says too old to be heard.
type Once struct {
	// slots are the most a set may have, for each set: 48 bits of a hash and the
	// time in 16, 0 for none.
	slots []uint64
}

const (
	onceWays  = 8    // slots of a set: a line of the processor's cache
	onceLeast = 64   // slots at first,
	onceMost  = 4096 // and 1300 datagrams a second; of a flood beyond it copies pass
	onceTick  = 64 * time.Millisecond
)

// First reports whether a datagram's hash was not heard lately, and remembers it.
func (o *Once) First(now time.Duration, hash uint64) bool {
	if o.slots == nil {
		o.slots = make([]uint64, onceLeast)
	}
	tick := uint16(now / onceTick)
	for {
		set := o.set(hash)
		oldest := &set[0]
		for i := range set {
			s := &set[i]
			if *s>>16 == hash>>16 && *s != 0 && recent(tick, *s) {
				return false
			}
			if *s == 0 || *oldest != 0 && tick-uint16(*s) > tick-uint16(*oldest) {
				oldest = s
			}
		}
		if *oldest == 0 || !recent(tick, *oldest) || len(o.slots) == onceMost {
			*oldest = hash>>16<<16 | uint64(tick)
			return true
		}
		o.grow(tick)
	}
}

func recent(tick uint16, slot uint64) bool {
	return tick-uint16(slot) <= uint16(OnceFor/onceTick)
}

// set is where a hash may lie. Which it is follows from the bits that are kept.
func (o *Once) set(hash uint64) []uint64 {
	i := hash >> 16 % uint64(len(o.slots)/onceWays) * onceWays
	return o.slots[i : i+onceWays]
}

// grow doubles the room: each set becomes two.
func (o *Once) grow(tick uint16) {
	was := o.slots
	o.slots = make([]uint64, 2*len(was))
	for _, s := range was {
		if s == 0 || !recent(tick, s) {
			continue
		}
		set := o.set(s)
		set[slices.Index(set, 0)] = s
	}
}

// Copy makes another that has heard the same.
func (o *Once) Copy() Once { return Once{slices.Clone(o.slots)} }
