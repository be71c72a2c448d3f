// For simulators alone: a world that branches copies its nodes.

package lookup

import (
	"maps"
	"slices"
)

// Copy makes another host's that goes on from here: the same waits.
func (l *Lookups) Copy(c Config) *Lookups {
	o := New(c)
	o.asking, o.subs = maps.Clone(l.asking), maps.Clone(l.subs)
	for q, p := range l.pending {
		one := *p
		one.waiters, one.subs = slices.Clone(p.waiters), slices.Clone(p.subs)
		o.pending[q], o.numbered[p.made] = &one, &one
		for _, w := range one.waiters {
			o.waiting[w.id] = &one
		}
	}
	return o
}
