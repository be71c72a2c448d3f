package group

import (
	"iter"

	"mcdns/gocore/wire"
)

// ids says which ids surely belong to one member alone. Each proof of each peer asks
// whether its host was there before: a walk through all members was half of what
// a group of a thousand cost, and would be hours in one of ten thousand.
type ids struct{ once, twice []uint64 }

// newIDs makes room for the members that an index of so many places may have: four
// bits for each place, so that one id in eight is taken for another's at most.
func newIDs(places int) ids {
	return ids{make([]uint64, max(1, places/16)), make([]uint64, max(1, places/16))}
}

func (s ids) bit(hash uint64) (word int, bit uint64) {
	hash %= uint64(64 * len(s.once))
	return int(hash / 64), 1 << (hash % 64)
}

func (s ids) add(hash uint64) {
	word, bit := s.bit(hash)
	s.twice[word] |= s.once[word] & bit
	s.once[word] |= bit
}

// alone reports whether no other member has the id.
func (s ids) alone(hash uint64) bool {
	word, bit := s.bit(hash)
	return s.twice[word]&bit == 0
}

// Twins are the other members with the id of a member: earlier or later runs of its
// host, or copies of its disk. None may be removed meanwhile.
func (g *Group) Twins(m *Member) iter.Seq[*Member] {
	return func(yield func(*Member) bool) {
		if g.members.ids.alone(g.members.hash(wire.Peer{ID: m.Peer.ID})) {
			return
		}
		for other := range g.Members() {
			if other.Peer.ID == m.Peer.ID && other != m && !yield(other) {
				return
			}
		}
	}
}
