package sim

import (
	"fmt"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// apply does what a node wants done.
func (w *World) apply(h *Host, effects []node.Effect) {
	for _, f := range h.faults {
		w.Checks.report(f)
	}
	h.faults = h.faults[:0]
	for _, e := range effects {
		switch e := e.(type) {
		case node.Count:
			h.Counts[e.Counter]++
		case node.Send:
			w.sendFrom(h, e)
		case node.Ask:
			w.ask(h, e)
		case node.Respond:
			w.respond(h, e)
		case node.Pull:
			w.pull(h, e)
		case node.Page:
			w.served(h, e)
		case node.Log:
			w.trace.log(w, h, e)
		}
	}
}

// sendFrom puts a node's message on the LAN, to one host or to the group.
func (w *World) sendFrom(h *Host, e node.Send) {
	d := datagram{key: w.sealsWith(h), ring: h.key, msg: e.Message}
	w.seal(&d)
	if d.size-headers > wire.MaxDatagram {
		w.Checks.fail(w, h, "budget", fmt.Sprintf("a datagram of %d bytes; want %d at most", d.size-headers, wire.MaxDatagram))
	}
	w.note(3, uint64(h.Index), uint64(e.Message.Body.Kind()-1), uint64(d.size), e.Message.Seq)
	w.Checks.sent(w, h, e)
	w.trace.send(w, h, e)
	if e.To.IsValid() {
		w.sendTo(h, e, d)
		return
	}
	for _, way := range e.Ways {
		for _, f := range h.links {
			if f.link.Index == way.Link {
				one := d
				one.from, one.v6 = f, way.IPv6
				w.Tally.sent(h, e.Message, one.size, true)
				w.send(&one)
			}
		}
	}
}

func (w *World) sendTo(h *Host, e node.Send, d datagram) {
	w.Tally.sent(h, e.Message, d.size, false)
	to := w.lan.byAddr[e.To.Addr().WithZone("")]
	if to == nil {
		return
	}
	d.to, d.toRun, d.v6 = to.host, to.host.run, e.To.Addr().Is6()
	if d.from = h.on(to.segment); d.from != nil {
		w.send(&d)
	}
}

// A lookup is a query of a host's programs that has no answer yet.
type lookup struct {
	id    uint64
	at    time.Duration
	q     dns.Question
	host  *Host
	tag   uint64 // the asker's
	await bool   // a transcript waits for it
	limit time.Duration
	bad   bool // reported as overdue
	// missed: the host slept when the server replied.
	missed bool
}

// Lookup asks a host's node, as one of its programs would. tag comes back in
// the Outcome.
func (w *World) Lookup(h *Host, q dns.Question, tag uint64) {
	if !h.runs(h.run) {
		w.Tally.lost++
		return
	}
	l := &lookup{id: w.number(), at: w.now, q: q, host: h, tag: tag}
	l.limit = w.Checks.deadline(w, h)
	h.seen[l.id] = l
	w.Tally.lookups++
	w.note(4, uint64(h.Index), l.id, q.Hash())
	w.trace.lookup(w, h, q)
	w.handle(h, node.Lookup{ID: l.id, Question: q})
}

// An Outcome is a lookup and what became of it.
type Outcome struct {
	Host   *Host
	At     time.Duration // when it was asked
	Took   time.Duration
	Tag    uint64
	Result node.Result
}

// respond hands a program its answer.
func (w *World) respond(h *Host, e node.Respond) {
	l := h.seen[e.ID]
	if l == nil {
		w.Checks.fail(w, h, "deadline", "a second answer, or one to no query")
		return
	}
	delete(h.seen, e.ID)
	o := Outcome{Host: h, At: l.at, Took: w.now - l.at, Tag: l.tag, Result: e.Result}
	w.note(5, uint64(h.Index), e.ID, uint64(e.Result.Age), uint64(e.Result.TTL), uint64(e.Result.Source))
	w.trace.respond(w, h, l, e.Result)
	w.Checks.responded(w, h, l, e.Result)
	w.Tally.answered(o)
	if w.load != nil {
		w.load.answered(o)
	}
}
