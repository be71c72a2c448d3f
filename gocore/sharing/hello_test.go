package sharing

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

func TestHelloSaysWhomItHearsInRotation(t *testing.T) {
	const seed = 1
	now, g := time.Hour, group.New(1, [2]uint64{})
	for id := range uint64(999) {
		m := g.Join(wire.Peer{ID: id + 1000, Epoch: 1}, now, now, now)
		m.Came(now, netip.MustParseAddrPort("10.0.9.9:7353"), 1, true)
	}
	s := New(Config{Group: g, Rand: rand.New(rand.NewPCG(seed, 0))})
	heard := map[wire.Peer]bool{}
	for range 100 {
		list := s.hears(now)
		if len(list) > wire.MaxHears {
			t.Fatalf("%d peers in one HELLO; want %d at most", len(list), wire.MaxHears)
		}
		for _, p := range list {
			heard[p] = true
		}
	}
	if len(heard) < 950 {
		t.Errorf("%d of 999 peers were listed in 100 HELLOs (seed %d)", len(heard), seed)
	}
}
