package cache

import "mcdns/gocore/wire"

// An origin is who told an answer and where this host was then: a thousand
// answers have one between them.
type origin struct {
	from  wire.Peer
	place uint64
	seat  uint16 // of the address that it was told from
}

// origins numbers the origins of what is held.
type origins struct {
	all  []origin
	held []uint32 // how many slots have each
	free []uint32
	by   map[origin]uint32
}

func newOrigins() origins { return origins{by: make(map[origin]uint32)} }

// number returns that of an origin. It stands while a slot holds it.
func (o *origins) number(of origin) uint32 {
	i, ok := o.by[of]
	if !ok {
		i = o.vacant()
		o.all[i], o.by[of] = of, i
	}
	return i
}

func (o *origins) vacant() uint32 {
	if end := len(o.free) - 1; end >= 0 {
		i := o.free[end]
		o.free = o.free[:end]
		return i
	}
	o.all, o.held = append(o.all, origin{}), append(o.held, 0)
	return uint32(len(o.all) - 1)
}

// hold says that one more slot has the origin, drop that one has it no longer.
func (o *origins) hold(i uint32) { o.held[i]++ }

func (o *origins) drop(i uint32) {
	if o.held[i]--; o.held[i] == 0 {
		delete(o.by, o.all[i])
		o.free = append(o.free, i)
	}
}

// sparse reports whether most numbers are free: a flood of peers is over.
func (o *origins) sparse() bool { return len(o.free) > 64 && len(o.free) > len(o.by) }

// used is how many origins there are.
func (o *origins) used() int { return len(o.by) }

// originOverhead is what an origin takes at most: its numbers, twice as many as
// are in use, and a place in the map (measured).
const originOverhead = 160
