// For simulators alone: see node.Copy.

package cache

import (
	"maps"
	"slices"
)

// Copy makes another host's cache that holds the same answers; their bytes are shared.
func (c *Cache) Copy(host Host) *Cache {
	other := *c
	other.host = host
	other.table.chunks = make([][]slot, len(c.table.chunks))
	for i, chunk := range c.table.chunks {
		other.table.chunks[i] = slices.Clone(chunk)
	}
	other.lanes, other.seats = slices.Clone(c.lanes), seats{of: maps.Clone(c.seats.of), all: slices.Clone(c.seats.all)}
	other.table.spare, other.table.heads = nil, slices.Clone(c.table.heads)
	other.origins = origins{
		all: slices.Clone(c.origins.all), held: slices.Clone(c.origins.held),
		free: slices.Clone(c.origins.free), by: maps.Clone(c.origins.by),
	}
	other.hidden = make(map[number]*hidden, len(c.hidden))
	for n, under := range c.hidden {
		h := *under
		other.hidden[n] = &h
	}
	other.waiting = make(map[number]*slot, len(c.waiting))
	for n, next := range c.waiting {
		s := *next
		other.waiting[n] = &s
	}
	return &other
}
