package group

import (
	"iter"

	"mcdns/gocore/wire"
)

// Of are the members with an id: runs of its host, or copies of its disk. None may
// be removed meanwhile.
func (g *Group) Of(id uint64) iter.Seq[*Member] {
	return func(yield func(*Member) bool) {
		if len(g.members.ids) == 0 || !g.members.ids.may(g.members.hash(wire.Peer{ID: id})) {
			return
		}
		for m := range g.Members() {
			if m.Peer.ID == id && !yield(m) {
				return
			}
		}
	}
}

// Twins are the other members with the id of a member. None may be removed meanwhile.
func (g *Group) Twins(m *Member) iter.Seq[*Member] {
	return func(yield func(*Member) bool) {
		if m.is&twin == 0 {
			return
		}
		for other := range g.Members() {
			if other.Peer.ID == m.Peer.ID && other != m && !yield(other) {
				return
			}
		}
	}
}

// ids says which ids are surely not there yet: three bits of a word for each that
// is. Each proof of each peer asks whether its host was there before: a walk through
// all members was half of what a group of a thousand cost, and would be hours in one
// of ten thousand.
type ids []uint64

// newIDs makes room for the members that an index of so many places may have: of an
// id that is not there, at most one in fifty is taken for another's.
func newIDs(places int) ids { return make(ids, max(1, places/8)) }

func (s ids) bits(hash uint64) (word *uint64, bits uint64) {
	bits = 1<<(hash&63) | 1<<(hash>>6&63) | 1<<(hash>>12&63)
	return &s[(hash>>18)%uint64(len(s))], bits
}

func (s ids) add(hash uint64) {
	word, bits := s.bits(hash)
	*word |= bits
}

func (s ids) may(hash uint64) bool {
	word, bits := s.bits(hash)
	return *word&bits == bits
}

// pair marks a member that is about to be added, and those that have its id.
func (t *members) pair(m *Member) {
	if len(t.ids) == 0 || !t.ids.may(t.hash(wire.Peer{ID: m.Peer.ID})) {
		return
	}
	for other := range t.all {
		if other.Peer.ID == m.Peer.ID {
			m.is, other.is = m.is|twin, other.is|twin
			return // a third is marked already
		}
	}
}
