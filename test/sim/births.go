package sim

import (
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// births is the truth about when answers were fetched, which no host knows of
// another: every reply of a server, by what the node that got it calls the
// birth.
type births struct {
	fetch map[fetched]time.Duration // the world's time
	owner map[wire.Peer]int32       // host by run
}

type fetched struct {
	birth dns.Birth
	q     dns.Question
}

func (b *births) init() {
	b.fetch, b.owner = map[fetched]time.Duration{}, map[wire.Peer]int32{}
}

func (b *births) started(h *Host) { b.owner[h.self] = int32(h.Index) }

// fetched notes that a host gets a reply now: a birth.
func (b *births) fetched(w *World, h *Host, a *asking) {
	at := h.clock.read(w.now).Truncate(time.Millisecond)
	b.fetch[fetched{dns.Birth{Peer: h.self, Clock: at}, a.q}] = w.now
}

// at is when an answer was really fetched; false if it never was when its
// birth says so.
func (b *births) at(a *dns.Answer) (time.Duration, bool) {
	f := fetched{a.Birth, a.Question}
	for _, step := range []time.Duration{0, 1, -2} { // rounded down, up, to either side
		f.birth.Clock += step * time.Millisecond
		if at, ok := b.fetch[f]; ok {
			return at, true
		}
	}
	return 0, false
}
