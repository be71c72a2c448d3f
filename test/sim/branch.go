package sim

import (
	"maps"

	"mcdns/gocore/node"
)

// Branch makes another world that goes on from here with some of the hosts:
// same clocks, ids, caches and lookups, each host with a new run of its node.
// The others are gone, as in a power cut. Nobody missed anything, so the first
// catch-up of each host is told at once that there is nothing to catch up on;
// the group forms anew within seconds, before whatever the caller does next.
//
// A node is a machine of closures and cannot be copied; its answers can, and
// share their bytes.
func (w *World) Branch(alive func(i int) bool) *World {
	b := &World{
		opt: w.opt, now: w.now, zone: w.zone, Tally: newTally(w.opt.Hosts), digest: w.digest, ids: w.ids,
		flows: map[uint64]*flow{}, rings: w.rings, births: w.births.clone(), pool: newPool(w.opt.Cores),
	}
	b.Checks = newChecks(w.opt)
	b.Checks.Replay, b.Checks.changed = w.Checks.Replay, w.now
	b.lan.init(w.opt)
	for _, s := range w.servers {
		copied := *s
		b.servers = append(b.servers, &copied)
	}
	for i, old := range w.hosts {
		h := newHost(b, i)
		h.clock, h.boots, h.wall, h.key = old.clock, old.boots, old.wall, old.key
		h.current = true
		b.hosts = append(b.hosts, h)
		b.lan.know(h.links[0])
		if !old.up || !alive(i) {
			continue
		}
		b.boot(h)
		b.handle(h, node.Restore{Entries: w.holds(old)})
	}
	b.queue.push(event{at: b.now + watchEvery, kind: evWatch})
	if w.load != nil {
		l := *w.load
		l.recent, l.Heard = maps.Clone(l.recent), nil
		b.load = &l
		b.queue.push(event{at: b.now, kind: evLookup})
	}
	return b
}

// holds is everything a host holds. What Changes gives is what a disk gets, and
// that leaves out what unproven peers told; no host forgets that because others
// lose their power.
func (w *World) holds(h *Host) []node.Entry {
	now := h.clock.read(w.now)
	z, ok := w.zone.(*Names)
	if !ok {
		entries, _ := h.node.Changes(now, 0)
		return entries
	}
	var out []node.Entry
	for _, q := range z.questions {
		if e, ok := h.node.Entry(now, q); ok {
			out = append(out, e)
		}
	}
	return out
}

func (b births) clone() births {
	return births{fetch: maps.Clone(b.fetch), owner: maps.Clone(b.owner)}
}
