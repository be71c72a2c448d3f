// For simulators alone: a world that branches copies its nodes.

package catchup

import (
	"maps"
	"math/rand/v2"
	"slices"

	"mcdns/gocore/group"
)

// Copy makes another host's that goes on from here, with the streams of both ways and the
// catch-ups they are for.
func (c *Catcher) Copy(h Host, s Store, g *group.Group, r *rand.Rand) *Catcher {
	o := *c
	o.host, o.store, o.group, o.rand = h, s, g, r
	pulls := map[*pull]*pull{nil: nil}
	copied := func(p *pull) *pull {
		if pulls[p] == nil && p != nil {
			one := *p
			one.asked = slices.Clone(p.asked)
			pulls[p] = &one
		}
		return pulls[p]
	}
	o.repair.pull = copied(c.repair.pull)
	o.catching, o.pulls, o.exports = maps.Clone(c.catching), maps.Clone(c.pulls), maps.Clone(c.exports)
	for no, p := range c.catching {
		o.catching[no] = copied(p)
	}
	for id, of := range c.pulls {
		one := *of
		one.pull = copied(of.pull)
		o.pulls[id] = &one
	}
	for id, of := range c.exports {
		one := *of
		o.exports[id] = &one
	}
	return &o
}
