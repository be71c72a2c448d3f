package sim

import (
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"mcdns/gocore/node"
)

// A branching node can be copied.
type branching interface {
	Copy(r *rand.Rand) *node.Node
}

// Settle lets the programs of all hosts be quiet until no question, stream or
// datagram is under way, so that Branch loses nothing. It returns how many hosts
// are still busy after most.
func (w *World) Settle(most time.Duration) (busy int) {
	w.Quiet()
	for end := w.now + most; ; {
		if busy = w.busy(); busy == 0 && w.still() || w.now >= end {
			return busy
		}
		w.Run(100 * time.Millisecond)
	}
}

// busy counts the hosts that wait for something.
func (w *World) busy() (busy int) {
	for _, h := range w.hosts {
		if h.up && len(h.seen)+len(h.asks)+len(h.pulls) > 0 {
			busy++
		}
	}
	return busy
}

// still reports whether nothing is on its way.
func (w *World) still() bool {
	still := true
	w.queue.All(func(_ time.Duration, e event) bool {
		still = !e.onItsWay()
		return still
	})
	return still
}

// onItsWay: it is something for a host, and no timer.
func (e event) onItsWay() bool {
	switch e.kind {
	case evWake, evLookup, evSave, evWatch:
		return false
	}
	return true
}

// Branch makes another world that goes on from here with some of the hosts: the
// same runs of the same nodes, their clocks, caches, peers and proofs. The others
// die at this moment, as in a power cut. What is under way is lost, so Settle first;
// then a branch in which all live goes on exactly as this world does. The answers'
// bytes are shared.
func (w *World) Branch(alive func(i int) bool) *World {
	b := *w
	b.Tally, b.trace, b.tape = &Tally{}, nil, nil
	b.flows, b.births, b.pool = map[uint64]*flow{}, w.births.clone(), newPool(w.opt.Cores)
	b.Checks = w.Checks.clone()
	b.queue = w.queue.Without(event.onItsWay)
	b.lan = w.lan.clone()
	b.servers = nil
	for _, s := range w.servers {
		copied := *s
		b.servers = append(b.servers, &copied)
	}
	b.hosts = nil
	for i, h := range w.hosts {
		b.hosts = append(b.hosts, b.adopt(h, alive(i)))
		if h.up && !alive(i) {
			b.note(2, uint64(i))
		}
	}
	if w.load != nil {
		l := *w.load
		l.recent, l.Heard = maps.Clone(l.recent), nil
		b.load = &l
	}
	return &b
}

// adopt makes a host of this world out of one of another.
func (w *World) adopt(of *Host, alive bool) *Host {
	h := *of
	h.links = nil
	for _, f := range of.links {
		mine := *f
		mine.host = &h
		h.links = append(h.links, &mine)
		w.lan.know(&mine)
	}
	h.seen, h.asks, h.pulls = map[uint64]*lookup{}, map[uint64]*asking{}, map[uint64]*flow{}
	h.cut, h.proved, h.faults, h.replied = maps.Clone(of.cut), maps.Clone(of.proved), nil, nil
	if of.disk != nil {
		h.disk = of.disk.clone()
	}
	switch {
	case !of.up:
	case !alive:
		h.up, h.node = false, nil
	default:
		pcg := *of.pcg
		h.pcg = &pcg
		h.node = of.node.(branching).Copy(rand.New(h.pcg))
	}
	return &h
}

func (b births) clone() births {
	return births{fetch: maps.Clone(b.fetch), owner: maps.Clone(b.owner)}
}

func (d *disk) clone() *disk {
	return &disk{order: slices.Clone(d.order), saved: maps.Clone(d.saved), mark: d.mark, boot: d.boot}
}

func (l lan) clone() lan {
	l.island, l.unheard = slices.Clone(l.island), maps.Clone(l.unheard)
	l.byAddr = map[netip.Addr]*iface{}
	return l
}

func (c *Checks) clone() *Checks {
	other := *c
	other.Faults, other.Count = nil, map[string]int{}
	other.bad = maps.Clone(c.bad)
	return &other
}
