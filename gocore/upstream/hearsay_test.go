package upstream

import (
	"net/netip"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// One time-out may be a lost datagram; what the network says is none (PROTOCOL 5.8).
func TestTwoTimeoutsOrOneErrorConfirmWhatOthersSay(t *testing.T) {
	for _, c := range []struct {
		outcome Outcome
		needed  int
	}{{Silent, 2}, {Unreachable, 1}} {
		const now = time.Hour
		h := around{group.New(1, [2]uint64{})}
		h.Join(wire.Peer{ID: 2}, now, now, now)
		u := New(h)
		addr := netip.MustParseAddrPort("192.0.2.53:53")
		u.Configure(now, Config{Servers: []Server{{addr, dns.HashServer(addr)}}})
		Forced{u}.Down(now, 0, false)
		id, _ := u.All().At(0)
		for n := range c.needed {
			if !u.All().Hearsay() {
				t.Errorf("outcome %d: confirmed by %d; want %d", c.outcome, n, c.needed)
			}
			u.Replied(now, id, Reply{Outcome: c.outcome, Question: RootSOA, Sent: now - time.Second})
		}
		if u.All().Hearsay() || u.Server(id).State() != Down {
			t.Errorf("outcome %d: not confirmed by %d", c.outcome, c.needed)
		}
	}
}
