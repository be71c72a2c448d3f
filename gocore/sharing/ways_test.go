package sharing

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// TestGroupIsReachedByOneFamilyWhereItCan: each copy more is received by all.
func TestGroupIsReachedByOneFamilyWhereItCan(t *testing.T) {
	link := Link{Index: 1, IPv4: true, IPv6: true}
	for _, c := range []struct {
		name      string
		heard     string // by which each member was last heard: 4, 6, b(oth), n(either)
		link      Link
		four, six bool
	}{
		{"nobody", "", link, false, false},
		{"all by both", "bb", link, false, true},
		{"some by IPv4 alone, some by both", "4b4", link, true, false},
		{"some by IPv6 alone, some by both", "6bb", link, false, true},
		{"one by each alone", "46b", link, true, true},
		{"one known by unicast alone", "4n", link, true, false},
		{"a link without IPv6", "4b", Link{Index: 1, IPv4: true}, true, false},
	} {
		s := New(Config{Group: group.New(1, [2]uint64{}), Rand: rand.New(rand.NewPCG(1, 0))})
		now := time.Minute
		v4, v6 := netip.MustParseAddrPort("10.0.0.9:7353"), netip.MustParseAddrPort("[fe80::9]:7353")
		for i, how := range c.heard {
			m := s.group.Join(wire.Peer{ID: uint64(i) + 7, Epoch: 1}, now, now, now)
			m.Came(now, v4, 1, how == '4' || how == 'b')
			m.Came(now, v6, 1, how == '6' || how == 'b')
		}
		if four, six := s.heardBy(now, c.link); four != c.four || six != c.six {
			t.Errorf("%s: by IPv4 %v, by IPv6 %v; want %v, %v", c.name, four, six, c.four, c.six)
		}
	}
}
