// For simulators alone: a world that branches copies its nodes. Ten ends of one quiet
// morning of 1000 hosts are so told from one morning.

package node

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// Copy makes another node that goes on from here in the same run: it holds the same
// answers, knows the same peers, waits for the same and is woken when this one is. Answers
// and messages are shared, for nobody writes to them.
func (n *Node) Copy(r *rand.Rand) *Node {
	c := *n
	c.rand, c.out, c.timers.heap = r, slices.Clone(n.out), slices.Clone(n.timers.heap)
	c.cache, c.group = n.cache.Copy(worth{&c}), n.group.Copy()
	c.upstream = n.upstream.Copy(serving{&c})
	c.copyLookups(n)
	c.failures.of, c.failures.heard = maps.Clone(n.failures.of), slices.Clone(n.failures.heard)
	c.refresh, c.loans, c.recovery = maps.Clone(n.refresh), maps.Clone(n.loans), slices.Clone(n.recovery)
	c.help.asker, c.help.name = maps.Clone(n.help.asker), maps.Clone(n.help.name)

	c.announce.queue, c.announce.queued = slices.Clone(n.announce.queue), maps.Clone(n.announce.queued)
	c.queries.queue, c.queries.sent = slices.Clone(n.queries.queue), maps.Clone(n.queries.sent)
	c.queries.replies.asker = maps.Clone(n.queries.replies.asker)
	c.answers, c.turns = maps.Clone(n.answers), n.turns.copy(func(d *due) *due {
		one := *d
		one.questions = slices.Clone(d.questions)
		return &one
	})
	c.copyPulls(n)
	c.prover = n.prover.Copy(c.group, proving{&c}, r)
	c.deafPeers = slices.Clone(n.deafPeers)
	return &c
}

// copyLookups copies what waits, and what was asked for it.
func (n *Node) copyLookups(of *Node) {
	fetches := map[*fetch]*fetch{nil: nil}
	copied := func(f *fetch) *fetch {
		if fetches[f] == nil && f != nil {
			fetches[f] = f.copy()
		}
		return fetches[f]
	}
	n.fetches = of.fetches.copy(copied)
	n.asks = make(map[uint64]*ask, len(of.asks))
	for id, a := range of.asks {
		one := *a
		one.fetch = copied(a.fetch)
		n.asks[id] = &one
	}
	n.asking = maps.Clone(of.asking)
	n.pending, n.numbered, n.waiting = maps.Clone(of.pending), maps.Clone(of.numbered), maps.Clone(of.waiting)
	for q, p := range of.pending {
		one := *p
		one.waiters, one.helpers = slices.Clone(p.waiters), slices.Clone(p.helpers)
		for i := range one.helpers {
			one.helpers[i] = slices.Clone(p.helpers[i])
		}
		one.fetch = copied(p.fetch)
		if p.query != nil {
			query := *p.query
			one.query = &query
		}
		n.pending[q], n.numbered[p.made] = &one, &one
		for _, w := range one.waiters {
			n.waiting[w.id] = &one
		}
	}
}

func (f *fetch) copy() *fetch {
	one := *f
	one.asks, one.late, one.tries = slices.Clone(f.asks), slices.Clone(f.late), slices.Clone(f.tries)
	return &one
}

// copyPulls copies the streams of both ways, and the catch-ups they are for.
func (n *Node) copyPulls(of *Node) {
	pulls := map[*pull]*pull{nil: nil}
	copied := func(p *pull) *pull {
		if pulls[p] == nil && p != nil {
			one := *p
			one.asked = slices.Clone(p.asked)
			pulls[p] = &one
		}
		return pulls[p]
	}
	n.catching, n.repair.pull = of.catching.copy(copied), copied(of.repair.pull)
	n.pulls = make(map[uint64]*stream, len(of.pulls))
	for id, s := range of.pulls {
		one := *s
		one.pull = copied(s.pull)
		n.pulls[id] = &one
	}
	n.exports = make(map[uint64]*export, len(of.exports))
	for id, x := range of.exports {
		one := *x
		n.exports[id] = &one
	}
}

func (t *table[T]) copy(one func(*T) *T) table[T] {
	c := table[T]{last: t.last}
	if t.of != nil {
		c.of = make(map[uint64]*T, len(t.of))
	}
	for no, of := range t.of {
		c.of[no] = one(of)
	}
	return c
}
