package group

import (
	"slices"

	"mcdns/gocore/wire"
)

// Copy makes another table of the same members. Challenges under way are not in
// it: who is not proven is challenged when it is next heard.
func (g *Group) Copy() *Group {
	other := *g
	other.members = make([]*Member, len(g.members))
	other.byPeer = make(map[wire.Peer]*Member, len(g.members))
	for i, m := range g.members {
		one := *m
		one.Servers, one.Nonce = slices.Clone(m.Servers), 0
		other.members[i], other.byPeer[m.Peer] = &one, &one
	}
	return &other
}
