package report

import (
	"fmt"
	"testing"
	"time"

	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// TestPeerThatIsGoneIsShownUntilItIsBack, a day at most, and no more than there is room for.
func TestPeerThatIsGoneIsShownUntilItIsBack(t *testing.T) {
	var l losses
	addr := func(id uint64) string { return fmt.Sprint("addr", id) }
	look := func(now time.Duration, ids ...uint64) string {
		var members []node.PeerStatus
		for _, id := range ids {
			members = append(members, node.PeerStatus{Peer: wire.Peer{ID: id, Epoch: uint64(now)}, Last: time.Second})
		}
		l.look(now, members, addr)
		text := ""
		for _, k := range l.lost {
			text += fmt.Sprintf("%s at %v;", k.addr, k.last)
		}
		return text
	}
	for _, c := range []struct {
		at   time.Duration
		ids  []uint64
		want string
	}{
		{10 * time.Second, []uint64{1, 2, 3}, ""},
		{20 * time.Second, []uint64{1, 3}, "addr2 at 9s;"},
		{30 * time.Second, []uint64{3}, "addr1 at 19s;addr2 at 9s;"},
		{40 * time.Second, []uint64{2, 3}, "addr1 at 19s;"}, // 2 is back, with another epoch
		{lostFor + 18*time.Second, []uint64{2, 3}, "addr1 at 19s;"},
		{lostFor + 19*time.Second, []uint64{2, 3}, ""},
	} {
		if got := look(c.at, c.ids...); got != c.want {
			t.Errorf("at %v: %q; want %q", c.at, got, c.want)
		}
	}
	var many []uint64
	for i := range uint64(5 * mostGone) {
		many = append(many, i)
	}
	look(lostFor+time.Hour, many...)
	if look(lostFor + time.Hour + time.Second); len(l.lost) != mostGone {
		t.Errorf("%d are remembered; want %d", len(l.lost), mostGone)
	}
}
