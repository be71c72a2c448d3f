package group

import (
	"math/bits"

	"mcdns/gocore/wire"
)

// members is the table of them: in chunks, without a gap, in order of arrival, and
// found by a hash of the Peer that no peer can foresee.
type members struct {
	secret [2]uint64
	chunks [][]Member
	// index has the place and 1 of each member, at its hash or the next place that
	// was free then; a third of it at least is empty.
	index []uint16
	ids   ids
}

// chunk members fill whole pages. The first chunk grows until it is one.
const chunk = 1024

func (t *members) len() int {
	last := len(t.chunks) - 1
	if last < 0 {
		return 0
	}
	return last*chunk + len(t.chunks[last])
}

func (t *members) at(i int) *Member { return &t.chunks[i/chunk][i%chunk] }

func (t *members) all(yield func(*Member) bool) {
	for _, c := range t.chunks {
		for i := range c {
			if !yield(&c[i]) {
				return
			}
		}
	}
}

// find returns the place of a member, or -1.
func (t *members) find(p wire.Peer) int {
	if len(t.index) == 0 {
		return -1
	}
	for i := t.hash(p); ; i++ {
		place := int(t.index[i%uint64(len(t.index))]) - 1
		if place < 0 || t.at(place).Peer == p {
			return place
		}
	}
}

// hash mixes what a peer chose with what only this host knows.
func (t *members) hash(p wire.Peer) uint64 {
	x := product(p.ID^t.secret[0]^0xa0761d6478bd642f, p.Epoch^t.secret[1]^0xe7037ed1a0b428db)
	return product(x^t.secret[1], 0x8ebc6af09c88c6e3)
}

// product is both halves of one, of 128 bits.
func product(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}

// add takes in a member that is not there yet.
func (t *members) add(m Member) *Member {
	t.pair(&m)
	last := len(t.chunks) - 1
	switch {
	case last < 0 || len(t.chunks[last]) == chunk:
		t.chunks = append(t.chunks, make([]Member, 0, min(chunk, max(8, t.len()))))
		last++
	case len(t.chunks[last]) == cap(t.chunks[last]):
		grown := make([]Member, len(t.chunks[last]), min(chunk, 2*len(t.chunks[last])))
		copy(grown, t.chunks[last])
		t.chunks[last] = grown
	}
	t.chunks[last] = append(t.chunks[last], m)
	if n := t.len(); 3*n > 2*len(t.index) {
		t.reindex(2 * max(8, len(t.index)))
	} else {
		t.enter(m.Peer, n-1)
	}
	return t.at(t.len() - 1)
}

// keep removes the members that f does not accept; the others move up.
func (t *members) keep(f func(*Member) bool) {
	kept, all := 0, t.len()
	for i := range all {
		m := t.at(i)
		if !f(m) {
			continue
		}
		if kept != i {
			*t.at(kept) = *m
		}
		kept++
	}
	if kept == all {
		return
	}
	for i := kept; i < all; i++ {
		*t.at(i) = Member{}
	}
	t.chunks = t.chunks[:(kept+chunk-1)/chunk]
	if last := len(t.chunks) - 1; last >= 0 {
		t.chunks[last] = t.chunks[last][:kept-last*chunk]
	}
	t.reindex(len(t.index))
}

func (t *members) reindex(size int) {
	t.index, t.ids = make([]uint16, size), newIDs(size)
	for i := range t.len() {
		t.enter(t.at(i).Peer, i)
	}
}

func (t *members) enter(p wire.Peer, place int) {
	i := t.hash(p)
	for t.index[i%uint64(len(t.index))] != 0 {
		i++
	}
	t.index[i%uint64(len(t.index))] = uint16(place + 1)
	t.ids.add(t.hash(wire.Peer{ID: p.ID}))
}
