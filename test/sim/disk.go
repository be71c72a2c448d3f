package sim

import (
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// saveEvery is how often a host writes down what changed.
const saveEvery = time.Minute

// A disk is what a host has when it starts again. It does what the daemon's
// file does: entries by question, with the clock they were written at.
type disk struct {
	order []dns.Question // as first written
	saved map[dns.Question]saved
	mark  uint64 // Node.Changes goes on here
	boot  int    // counts boots of the machine
}

type saved struct {
	entry node.Entry
	clock time.Duration // of the host, when written
	wall  time.Duration
	boot  int
	under *saved // the positive that a negative hides: the node tells of both in one
}

func newDisk() *disk { return &disk{saved: map[dns.Question]saved{}} }

func (d *disk) rebooted() { d.boot++ }

func (w *World) save(e event) {
	h := w.hosts[e.host]
	if !h.up || h.run != e.run || h.disk == nil {
		return
	}
	if !h.asleep {
		h.disk.store(w, h)
	}
	w.queue.Push(w.now+saveEvery, event{kind: evSave, host: e.host, run: e.run})
}

// store writes what changed since the last time.
func (d *disk) store(w *World, h *Host) {
	now := h.clock.read(w.now)
	entries, mark := h.node.Changes(now, d.mark)
	d.mark = mark
	var positive dns.Question // of the entry before
	for _, e := range entries {
		q := e.Answer.Question
		before, ok := d.saved[q]
		if !ok {
			d.order = append(d.order, q)
		}
		s := saved{entry: e, clock: now, wall: w.now + h.wall, boot: d.boot}
		if e.Answer.Kind == dns.Positive {
			positive = q
		} else if positive == q {
			under := before
			s.under = &under
		}
		d.saved[q] = s
	}
}

// load gives what was saved, aged by PROTOCOL 1.3: by the clock if the machine ran
// on, else stale and older by what the wall clock says. A wall clock ahead may
// make an answer older, never younger.
func (d *disk) load(w *World, h *Host) []node.Entry {
	d.mark = 0
	now := h.clock.read(w.now)
	var out []node.Entry
	for _, q := range d.order {
		s := d.saved[q]
		if s.under != nil {
			out = append(out, d.aged(*s.under, now, w.now+h.wall))
		}
		out = append(out, d.aged(s, now, w.now+h.wall))
	}
	return out
}

func (d *disk) aged(s saved, now, wall time.Duration) node.Entry {
	e := s.entry
	off := min(max(wall-s.wall, 0), 30*24*time.Hour)
	if s.boot == d.boot { // the wall clock shows a pause of the machine
		e.Age += max(now-s.clock, off)
	} else {
		e.Age = max(e.Age+off, e.Answer.TTL)
	}
	return e
}

// Wall makes a host's wall clock wrong by d from now on.
func (w *World) Wall(h *Host, d time.Duration) { h.wall = d }
