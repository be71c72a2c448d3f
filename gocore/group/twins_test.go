package group

import (
	"slices"
	"testing"

	"mcdns/gocore/wire"
)

// TestTwinsAreFoundAmongThousands: all of them and nobody else, whatever comes and
// goes.
func TestTwinsAreFoundAmongThousands(t *testing.T) {
	g := New(0, [2]uint64{7, 9})
	for i := range uint64(5000) {
		join(g, 0, wire.Peer{ID: i, Epoch: 1})
		if i%100 == 0 {
			join(g, 0, wire.Peer{ID: i, Epoch: 2})
		}
	}
	check := func(when string, gone func(wire.Peer) bool) {
		t.Helper()
		for m := range g.Members() {
			var got, want []wire.Peer
			for twin := range g.Twins(m) {
				got = append(got, twin.Peer)
			}
			other := wire.Peer{ID: m.Peer.ID, Epoch: 3 - m.Peer.Epoch}
			if m.Peer.ID%100 == 0 && !gone(other) {
				want = []wire.Peer{other}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s: twins of %v: got %v; want %v", when, m.Peer, got, want)
			}
		}
	}
	check("all there", func(wire.Peer) bool { return false })
	gone := func(p wire.Peer) bool { return p.Epoch == 1 && p.ID%200 == 0 }
	g.Keep(func(m *Member) bool { return !gone(m.Peer) })
	check("some gone", gone)
}

// TestFewAreLookedForAmongAll: a look at the whole table for each costs hours.
func TestFewAreLookedForAmongAll(t *testing.T) {
	g := New(0, [2]uint64{7, 9})
	const members = 10_000
	came, proven := 0, 0
	for i := range uint64(members) {
		p := wire.Peer{ID: i * 0x9e3779b97f4a7c15, Epoch: 1}
		if len(g.members.ids) > 0 && g.members.ids.may(g.members.hash(wire.Peer{ID: p.ID})) {
			came++
		}
		if m := join(g, 0, p); m.is&twin != 0 {
			proven++
		}
	}
	if came > members/50 || proven > 0 {
		t.Errorf("of %d members %d are looked for when they come, %d when they are proven; want one in fifty at most, and 0", members, came, proven)
	}
}
