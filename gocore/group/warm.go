// For simulators alone: see node.Warm.

package group

import "mcdns/gocore/wire"

// WarmMost is how many groups Warm takes at once.
const WarmMost = 16

// Warm reads what each of many groups will look at when it hears a datagram of its
// peer. See node.Warm.
func Warm(groups []*Group, peers []wire.Peer) (sum uint64) {
	var place [WarmMost]uint64
	var members [WarmMost]*Member
	var notes [WarmMost]*Notes
	for i, g := range groups {
		if places := uint64(len(g.members.index)); places > 0 {
			place[i] = g.members.hash(peers[i]) % places
		}
	}
	for i, g := range groups {
		if len(g.members.index) > 0 {
			place[i] = uint64(g.members.index[place[i]])
		}
	}
	for i, g := range groups {
		if place[i] > 0 {
			members[i] = g.members.at(int(place[i]) - 1)
			sum += uint64(members[i].last)
		}
	}
	for i, g := range groups {
		if members[i] != nil {
			notes[i] = g.noted(members[i])
		}
	}
	for _, n := range notes {
		if n != nil {
			sum += uint64(n.Heard) + uint64(n.Checked)
		}
	}
	return sum
}
