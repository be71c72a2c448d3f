package sim

import (
	"time"

	"mcdns/gocore/wire"
)

// births is the truth about when answers were fetched, which no host knows of
// another: the clock of every run of every host, and every reply of a server.
type births struct {
	clocks map[wire.Peer]clock
	fetch  map[fetched]struct{}
	owner  map[wire.Peer]int32 // host by run
}

type fetched struct {
	birth wire.Birth
	q     wire.Question
}

func (b *births) init() {
	b.clocks, b.owner, b.fetch = map[wire.Peer]clock{}, map[wire.Peer]int32{}, map[fetched]struct{}{}
}

func (b *births) started(h *Host) {
	b.clocks[h.self] = h.clock
	b.owner[h.self] = int32(h.Index)
}

// fetched notes that a host gets a reply now: a birth.
func (b *births) fetched(w *World, h *Host, a *asking) {
	at := h.clock.read(w.now).Truncate(time.Millisecond)
	b.fetch[fetched{wire.Birth{Peer: h.self, Clock: at}, a.q}] = struct{}{}
}

// known reports whether an answer was really fetched when its birth says so.
func (b *births) known(a *wire.Answer) bool {
	f := fetched{a.Birth, a.Question}
	if _, ok := b.fetch[f]; ok {
		return true
	}
	f.birth.Clock += time.Millisecond // rounded the other way
	if _, ok := b.fetch[f]; ok {
		return true
	}
	f.birth.Clock -= 2 * time.Millisecond
	_, ok := b.fetch[f]
	return ok
}

// at is the world's time of a birth.
func (b *births) at(birth wire.Birth) (time.Duration, bool) {
	c, ok := b.clocks[birth.Peer]
	return c.when(birth.Clock), ok
}

// age is how old an answer really is.
func (b *births) age(w *World, a *wire.Answer) time.Duration {
	at, ok := b.at(a.Birth)
	if !ok {
		return 0
	}
	return w.now - at
}
