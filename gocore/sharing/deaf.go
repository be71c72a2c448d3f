package sharing

import (
	"log/slog"
	"slices"
	"time"

	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// Multicast does not always arrive: a switch that snoops without a querier
// filters the group, a link works one way only. HELLO lists whom its sender
// hears by multicast; a peer that is heard but never lists this host is deaf
// to it and gets a copy by unicast (PROTOCOL 3.8).

// deafAfter HELLOs of a peer that do not list this host it counts as deaf.
const deafAfter = 3

// noteHearing follows whether a peer hears this host, from its HELLO. A full
// list is one part of a rotation and proves nothing by what it lacks.
func (b *base) noteHearing(now time.Duration, m *group.Member, h *wire.Hello) {
	for _, p := range h.Hears {
		if p == b.self {
			notes := b.group.Noted(m)
			notes.HearsUs, notes.Missed = now, 0
			b.sayHears(m, &notes)
			b.group.Note(m, notes)
			return
		}
	}
	if len(h.Hears) == wire.MaxHears || now-m.First() < b.group.Interval() {
		return
	}
	notes := b.group.Noted(m)
	if notes.Missed == deafAfter {
		return
	}
	if notes.Missed++; notes.Missed == deafAfter && !slices.Contains(b.deafPeers, m.Peer) {
		b.deafPeers = append(b.deafPeers, m.Peer)
	}
	if notes.Missed == deafAfter {
		b.sayDeaf(now, m, &notes)
	}
	b.group.Note(m, notes)
}

// sayDeafEvery: a link at its limit loses three HELLOs in a row now and then.
const sayDeafEvery = time.Hour

func (b *base) sayDeaf(now time.Duration, m *group.Member, notes *group.Notes) {
	if notes.Named != 0 && now-notes.Named < sayDeafEvery {
		return
	}
	notes.Named, notes.Awaited = now, true
	b.log(slog.LevelWarn, "a peer does not hear this host's multicast: sending it unicast (a switch that snoops without a querier, or a one-way link?)",
		"peer", m.Addr().Addr().String())
}

// sayHears says the end of what sayDeaf said.
func (b *base) sayHears(m *group.Member, notes *group.Notes) {
	if notes.Awaited {
		notes.Awaited = false
		b.log(slog.LevelInfo, "a peer hears this host's multicast again", "peer", m.Addr().Addr().String())
	}
}

func (b *base) deaf(m *group.Member) bool {
	return b.group.Noted(m).Missed >= deafAfter && m.Addr().IsValid()
}

// maxCopies bounds what one message may cost where a switch filters all
// multicast: the others hear it by QUERY or repair.
const maxCopies = 64

// sendDeaf sends a copy of a group message to every deaf peer. They are found by a
// list of their own: a walk through 1000 members for each datagram was a thirtieth
// of what an outage costs.
func (b *base) sendDeaf(msg *wire.Message) {
	copies := 0
	b.deafPeers = slices.DeleteFunc(b.deafPeers, func(p wire.Peer) bool {
		m := b.group.Get(p)
		if m == nil || !b.deaf(m) {
			return true
		}
		if copies++; copies <= maxCopies {
			b.host.Send(msg, m.Addr(), nil)
		}
		return false
	})
}

// callSilent says HELLO by unicast to members that have been silent for two
// intervals, before they count as gone: perhaps only multicast is lost.
func (b *base) callSilent(now time.Duration, h *wire.Hello) {
	since := now - 2*b.group.Interval()
	called := 0
	for m := range b.group.Members() {
		if m.Last(now) < since && !b.deaf(m) && called < wire.MaxHears {
			b.sendTo(now, m.Addr(), h)
			called++
		}
	}
}
