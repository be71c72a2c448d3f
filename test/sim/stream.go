package sim

import (
	"slices"
	"time"

	"mcdns/gocore/node"
)

// A flow is a catch-up stream: one host pulls, another serves.
type flow struct {
	id           uint64
	puller, from *Host
	pull         uint64
	want         node.Want
	runs         [2]int32 // of puller and server
	begun        bool
}

const (
	// connectFor is how long a host waits for one that does not answer.
	connectFor = 2 * time.Second
	// lineRate is what a stream carries in a second.
	lineRate = 10 << 20
	// tcpLoss is what a lost segment costs a stream (RFC 6298's least timeout).
	tcpLoss = 200 * time.Millisecond
)

// pull connects a host to another to catch up.
func (w *World) pull(h *Host, e node.Pull) {
	w.Tally.Pulls++
	f := &flow{id: w.number(), puller: h, pull: e.ID, want: e.Want}
	w.note(10, uint64(h.Index), f.id)
	w.trace.pull(w, h, e)
	f.runs[0] = h.run
	if to := w.lan.byAddr[e.Addr.Addr().WithZone("")]; to != nil && w.connects(h, to) {
		f.from, f.runs[1] = to.host, to.host.run
		w.flows[f.id] = f
		w.queue.Push(w.now+4*w.lan.delay, event{kind: evPage, what: f})
		return
	}
	w.endPull(f, connectFor)
}

// connects reports whether a stream between two hosts gets through.
func (w *World) connects(h *Host, to *iface) bool {
	t := to.host
	return t.up && !t.asleep && w.lan.island[h.Index] == w.lan.island[t.Index] &&
		h.on(to.segment) != nil && w.opens(t, h) && w.opens(h, t)
}

// endPull tells the puller, after a while, that nothing more comes.
func (w *World) endPull(f *flow, after time.Duration) {
	in := node.Pulled{Pull: f.pull, Done: true}
	if f.from != nil {
		in.From = f.from.self
	}
	w.queue.Push(w.now+after, event{kind: evPulled, host: int32(f.puller.Index), run: f.runs[0], what: in})
}

// page asks the serving host for the next page.
func (w *World) page(e event) {
	f := e.what.(*flow)
	if w.flows[f.id] == nil {
		return
	}
	if w.lan.island[f.puller.Index] != w.lan.island[f.from.Index] {
		w.breakFlow(f)
		return
	}
	in := node.PageWanted{Stream: f.id}
	if !f.begun {
		f.begun, in.Want = true, f.want
	}
	w.handle(f.from, in)
}

// served carries a page to the host that pulls.
func (w *World) served(h *Host, e node.Page) {
	f := w.flows[e.Stream]
	if f == nil || f.from != h {
		return
	}
	size := pageSize(e)
	w.Tally.Pages++
	w.Tally.StreamBytes += uint64(size)
	w.note(11, e.Stream, uint64(size), e.Next)
	after := w.lan.delay + time.Duration(size)*time.Second/lineRate
	if chance(w.opt.Seed, 18, w.number()) < w.lan.loss {
		after += tcpLoss
	}
	end := e.End || e.Busy
	in := node.Pulled{Pull: f.pull, From: h.self, Sent: e.Sent, Answers: slices.Clone(e.Answers), Next: e.Next, Done: end, Whole: e.End}
	w.trace.page(w, f, e)
	w.queue.Push(w.now+after, event{kind: evPulled, host: int32(f.puller.Index), run: f.runs[0], what: in})
	if !end {
		w.queue.Push(w.now+after, event{kind: evPage, what: f})
		return
	}
	delete(w.flows, f.id)
	w.queue.Push(w.now, event{kind: evClosed, host: int32(h.Index), run: h.run, n: f.id})
}

// pageSize is about what a page has in bytes.
func pageSize(e node.Page) int {
	size := 64
	for _, a := range e.Answers {
		size += 50 + len(a.Packed)
	}
	return size
}

func (w *World) pulled(e event) {
	h := w.hosts[e.host]
	if h.runs(e.run) {
		w.note(12, uint64(h.Index))
		w.handle(h, e.what.(node.Pulled))
	}
}

func (w *World) closed(e event) {
	if h := w.hosts[e.host]; h.runs(e.run) {
		w.handle(h, node.StreamClosed{Stream: e.n})
	}
}

// breakFlows ends the streams of a host that is gone.
func (w *World) breakFlows(h *Host) {
	var ids []uint64
	for id, f := range w.flows {
		if f.puller == h || f.from == h {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		w.breakFlow(w.flows[id])
	}
}

func (w *World) breakFlow(f *flow) {
	delete(w.flows, f.id)
	const idle = 5 * time.Second
	w.endPull(f, idle)
	w.queue.Push(w.now+idle, event{kind: evClosed, host: int32(f.from.Index), run: f.runs[1], n: f.id})
}
