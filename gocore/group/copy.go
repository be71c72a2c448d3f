// For simulators alone: see node.Copy.

package group

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// Copy makes another table of the same members.
func (g *Group) Copy() *Group {
	other := *g
	other.members.chunks = make([][]Member, len(g.members.chunks))
	for i, chunk := range g.members.chunks {
		other.members.chunks[i] = slices.Clone(chunk)
	}
	other.members.index = slices.Clone(g.members.index)
	other.members.ids = slices.Clone(g.members.ids)
	other.notes, other.free = make([]*Notes, len(g.notes)), slices.Clone(g.free)
	for i, n := range g.notes {
		if n != nil {
			one := *n
			other.notes[i] = &one
		}
	}
	other.once = g.once.Copy()
	return &other
}

// Copy is that of another host, over the copy of its group.
func (v *Prover) Copy(g *Group, h Host, r *rand.Rand) *Prover {
	c := *v
	c.group, c.host, c.rand = g, h, r
	challenges := map[*challenge]*challenge{}
	copied := func(of *challenge) *challenge {
		if challenges[of] == nil {
			one := *of
			if of.stranger != nil {
				stranger := *of.stranger
				stranger.challenge = &one
				one.stranger = &stranger
			}
			challenges[of] = &one
		}
		return challenges[of]
	}
	c.open, c.sent = maps.Clone(v.open), maps.Clone(v.sent)
	for p, of := range v.open {
		c.open[p] = copied(of)
	}
	for nonce, of := range v.sent {
		c.sent[nonce] = copied(of)
	}
	for i := range v.ready {
		c.ready[i] = slices.Clone(v.ready[i])
		for k, slot := range v.ready[i] {
			c.ready[i][k].of = copied(slot.of)
		}
	}
	c.arrived, c.said.queue = slices.Clone(v.arrived), slices.Clone(v.said.queue)
	for i, of := range v.arrived {
		c.arrived[i] = copied(of)
	}
	c.gone = gone{maps.Clone(v.gone.of), slices.Clone(v.gone.order)}
	c.proofs.of = maps.Clone(v.proofs.of)
	return &c
}
