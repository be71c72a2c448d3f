package sim

import (
	"time"

	"mcdns/gocore/wire"
)

// A tape is what somebody on the LAN recorded, to play it again later.
type tape struct {
	began time.Duration
	heard []recorded
}

type recorded struct {
	at time.Duration
	d  *datagram
}

// Record begins a tape of every datagram to the group.
func (w *World) Record() { w.tape = &tape{began: w.now} }

func (w *World) tapeIt(d *datagram) {
	if w.tape != nil && d.to == nil && !d.again {
		w.tape.heard = append(w.tape.heard, recorded{w.now, d})
	}
}

// Replay ends the recording and plays it again from now on, as it was sent,
// to everybody. It returns how many datagrams that are.
func (w *World) Replay() int {
	t := w.tape
	w.tape = nil
	for _, r := range t.heard {
		d := *r.d
		d.again = true
		w.queue.Push(w.now+r.at-t.began, event{kind: evDatagram, what: &d, n: allSlots})
	}
	return len(t.heard)
}

// Forge sends a message under another host's name, sealed with the forger's
// key: what a member with root can do, or a stranger with a key of his own.
func (w *World) Forge(h *Host, m *wire.Message) {
	d := &datagram{from: h.links[0], v6: true, key: w.sealsWith(h), ring: h.key, msg: m}
	w.seal(d)
	w.send(d)
}
