package report

import (
	"net/netip"
	"testing"

	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// TestPeerIsShownByOneAddress: which of its two it is heard by changes all the time.
func TestPeerIsShownByOneAddress(t *testing.T) {
	m, four, six := met{}, netip.MustParseAddrPort("10.77.0.2:7353"), netip.MustParseAddrPort("[fe80::2%eth0]:7353")
	moved := netip.MustParseAddrPort("10.77.0.9:7353")
	for i, c := range []struct{ heard, want netip.AddrPort }{{six, six}, {four, four}, {six, four}, {four, four}, {moved, moved}, {six, moved}} {
		m.meet([]node.PeerStatus{{Peer: wire.Peer{ID: 7}, Addr: c.heard}})
		if m[7] != c.want {
			t.Errorf("%d: heard by %v it is shown by %v; want %v", i, c.heard, m[7], c.want)
		}
	}
	if m.meet(nil); len(m) != 0 {
		t.Errorf("who left is remembered: %v", m)
	}
}
