package group

// weight is the rendezvous (highest random weight) score of a member for a
// hash: a 64-bit finaliser over both, so that each hash orders the members its
// own way and one member's leaving moves only its own share.
func weight(id, hash uint64) uint64 {
	x := id ^ hash*0x9e3779b97f4a7c15
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// Rank is this host's place among all hosts of the group for a hash, 0 being
// the first. It is a hint about whose turn it is, never ownership: two views
// that differ cost a second answer, never a lookup.
func (g *Group) Rank(hash uint64) int {
	own, rank := weight(g.self, hash), 0
	for _, c := range g.members.chunks {
		for i := range c {
			if weight(c[i].Peer.ID, hash) > own {
				rank++
			}
		}
	}
	return rank
}

// RankAmong is this host's place among the members that f accepts, or most if
// it is not before that: with a small most, who is ranked low has seen that after a
// few members, and all hosts of a group together look at N log N in place of N^2.
func (g *Group) RankAmong(hash uint64, most int, f func(*Member) bool) int {
	own, rank := weight(g.self, hash), 0
	for m := range g.Members() {
		if rank >= most {
			return most
		}
		if weight(m.Peer.ID, hash) > own && f(m) {
			rank++
		}
	}
	return rank
}

// First returns the member ranked first for a hash among those that f accepts,
// or nil. This host is not among them.
func (g *Group) First(hash uint64, f func(*Member) bool) *Member {
	var first *Member
	for m := range g.Members() {
		if f(m) && (first == nil || weight(m.Peer.ID, hash) > weight(first.Peer.ID, hash)) {
			first = m
		}
	}
	return first
}

// Hash is the hash of an owner name (lower case) for ranking: FNV-1a, the same
// on every host and in every version.
func Hash(name string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 0x100000001b3
	}
	return h
}
