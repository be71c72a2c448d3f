package group

import "slices"

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
