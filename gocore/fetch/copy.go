// For simulators alone: a world that branches copies its nodes.

package fetch

import "slices"

// Copy makes another host's that goes on from here: it waits for the same replies.
func (x *Fetcher) Copy(c Config) *Fetcher {
	o := New(c)
	o.set, o.made = x.set, x.made
	fetches := map[*fetch]*fetch{}
	copied := func(f *fetch) *fetch {
		if fetches[f] == nil {
			one := *f
			one.asks, one.late, one.tries = slices.Clone(f.asks), slices.Clone(f.late), slices.Clone(f.tries)
			fetches[f] = &one
		}
		return fetches[f]
	}
	for no, f := range x.fetches {
		o.fetches[no] = copied(f)
	}
	for q, f := range x.of {
		o.of[q] = copied(f)
	}
	for id, a := range x.asks {
		one := *a
		one.fetch = copied(a.fetch)
		o.asks[id] = &one
	}
	return o
}
