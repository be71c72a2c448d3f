// For simulators alone: a world that branches copies its nodes.

package sharing

import (
	"maps"
	"slices"
)

// Copy makes another host's that goes on from here: it knows and waits for the same. Of c
// the self and the version do not count.
func (s *Sharing) Copy(c Config) *Sharing {
	o := *s
	o.host, o.store, o.rand, o.group = c.Host, c.Store, c.Rand, c.Group
	o.deafPeers = slices.Clone(s.deafPeers)
	o.prover = s.prover.Copy(c.Group, proving{&o}, c.Rand)
	o.queries = s.queries.Copy(querying{&o}, c.Store, c.Group, c.Rand)
	o.streams = s.streams.Copy(catching{&o}, shared{c.Store, &o}, c.Group, c.Rand)
	o.announcer.heap, o.announcer.queued = slices.Clone(s.announcer.heap), maps.Clone(s.announcer.queued)
	o.join()
	return &o
}
