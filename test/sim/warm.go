package sim

import (
	"time"

	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// warmFrom is how many hosts a world has whose tables are in no processor's cache
// when something happens to them.
const warmFrom = aloneBelow

// A warmer has the processor fetch what a few hosts will look at.
type warmer struct {
	nodes [node.WarmMost]*node.Node
	from  [node.WarmMost]wire.Peer
	len   int
	sum   uint64 // so that reading is not left out
}

func (b *warmer) add(h *Host, from wire.Peer) {
	b.sum += uint64(h.clock.base) + h.Counts[countReceived]
	if n, real := h.node.(*node.Node); real && h.up && b.len < len(b.nodes) {
		b.nodes[b.len], b.from[b.len] = n, from
		b.len++
	}
}

func (b *warmer) warm(body wire.Body) {
	b.sum += node.Warm(b.nodes[:b.len], b.from[:b.len], body)
}

// warm prepares some hosts for a datagram to the group.
func warm(hosts []*Host, d *datagram) {
	if d.common.Message == nil {
		return
	}
	var b warmer
	for _, h := range hosts {
		b.add(h, d.common.Message.From)
	}
	b.warm(d.common.Message.Body)
}

// The first events of the queue, five levels of its heap at most, are about those
// that happen next.
const (
	warmEvents = 21
	warmEvery  = 8
)

// warmNext prepares the hosts of the events that come next. Which they are is a
// guess: what is warmed in vain costs time alone.
func (w *World) warmNext() {
	if w.turns++; w.turns%warmEvery != 0 || len(w.hosts) < warmFrom {
		return
	}
	var b warmer
	left := warmEvents
	w.queue.All(func(_ time.Duration, e event) bool {
		switch e.kind {
		case evWake, evReply:
			b.add(w.hosts[e.host], wire.Peer{})
		case evDatagram:
			if d := e.what.(*datagram); d.to != nil && d.msg != nil {
				b.add(d.to, d.msg.From)
			}
		}
		left--
		return left > 0
	})
	b.warm(nil)
}
