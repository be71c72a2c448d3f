// For simulators alone: a world that branches copies its nodes.

package query

import (
	"maps"
	"math/rand/v2"
	"slices"

	"mcdns/gocore/group"
)

// Copy makes another host's that go on from here.
func (s *Queries) Copy(h Host, store Store, g *group.Group, r *rand.Rand) *Queries {
	o := *s
	o.base = base{h, store, g, r}
	o.own.queue, o.own.sent = slices.Clone(s.own.queue), maps.Clone(s.own.sent)
	o.own.put, o.own.numbered = maps.Clone(s.own.put), maps.Clone(s.own.numbered)
	for q, of := range s.own.put {
		one := *of
		o.own.put[q], o.own.numbered[one.no] = &one, &one
	}
	o.others.of, o.others.turns = maps.Clone(s.others.of), maps.Clone(s.others.turns)
	for no, of := range s.others.turns {
		one := *of
		one.questions = slices.Clone(of.questions)
		o.others.turns[no] = &one
	}
	o.others.allowance.asker = maps.Clone(s.others.allowance.asker)
	o.join()
	return &o
}
