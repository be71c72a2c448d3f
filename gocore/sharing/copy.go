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
	o.streams = s.streams.Copy(catching{&o}, shared{c.Store, &o}, c.Group, c.Rand)
	o.announcer.heap, o.announcer.queued = slices.Clone(s.announcer.heap), maps.Clone(s.announcer.queued)
	o.asker.queue, o.asker.sent = slices.Clone(s.asker.queue), maps.Clone(s.asker.sent)
	o.asker.put, o.asker.numbered = maps.Clone(s.asker.put), maps.Clone(s.asker.numbered)
	for q, of := range s.asker.put {
		one := *of
		o.asker.put[q], o.asker.numbered[one.no] = &one, &one
	}
	o.answerer.of, o.answerer.turns = maps.Clone(s.answerer.of), maps.Clone(s.answerer.turns)
	for no, of := range s.answerer.turns {
		one := *of
		one.questions = slices.Clone(of.questions)
		o.answerer.turns[no] = &one
	}
	o.answerer.allowance.asker = maps.Clone(s.answerer.allowance.asker)
	o.join()
	return &o
}
