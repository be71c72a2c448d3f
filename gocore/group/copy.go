package group

import "slices"

// Copy makes another table of the same members, none of them Challenged.
func (g *Group) Copy() *Group {
	other := *g
	other.members.chunks = make([][]Member, len(g.members.chunks))
	for i, chunk := range g.members.chunks {
		other.members.chunks[i] = slices.Clone(chunk)
		for j := range chunk {
			other.members.chunks[i][j].Challenge(false)
		}
	}
	other.members.index = slices.Clone(g.members.index)
	other.members.ids = slices.Clone(g.members.ids)
	other.notes, other.free = make([]*Notes, len(g.notes)), slices.Clone(g.free)
	for i, n := range g.notes {
		if n != nil {
			other.notes[i] = n.copy()
		}
	}
	return &other
}

func (n *Notes) copy() *Notes {
	one := *n
	if n.window != nil {
		window := *n.window
		one.window = &window
	}
	return &one
}
