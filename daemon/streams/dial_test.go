package streams

import (
	"context"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"mcdns/gocore/node"
	"mcdns/test/keys"
)

// TestPeersThatNoStreamGetsToAreKnown: they are heard by UDP, and all looked well.
func TestPeersThatNoStreamGetsToAreKnown(t *testing.T) {
	client := newEnd(t, 2, keys.Key(1))
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := netip.MustParseAddrPort(l.Addr().String())
	l.Close()
	for i := range blockedAfter {
		if client.Blocked(1).IsValid() {
			t.Fatalf("blocked after %d in vain", i)
		}
		client.Pull(node.Pull{ID: uint64(i), Addr: closed})
		next[node.Pulled](t, client)
	}
	if got := client.Blocked(1); got != closed.Addr() {
		t.Errorf("blocked: %v; want %v", got, closed.Addr())
	}
	server := newEnd(t, 1, keys.Key(1))
	server.listen(t)
	client.Pull(node.Pull{ID: 9, Addr: server.addr})
	w := next[node.PageWanted](t, server)
	server.Page(node.Page{Stream: w.Stream, End: true})
	next[node.Pulled](t, client)
	counts := map[string]uint64{}
	client.Counters(counts)
	if client.Blocked(1).IsValid() || counts["streams_opened"] != 1 || counts["streams_failed"] != blockedAfter {
		t.Errorf("one got through: blocked %v, %v", client.Blocked(1), counts)
	}
}

func TestPullThatIsGivenUpSaysNothingOfThePath(t *testing.T) {
	client := newEnd(t, 2, keys.Key(1))
	for range 2 * blockedAfter {
		client.dialled(netip.MustParseAddr("192.0.2.1"), &net.OpError{Op: "dial", Err: context.Canceled})
	}
	if client.Blocked(1).IsValid() {
		t.Error("blocked")
	}
	for range blockedAfter {
		client.dialled(netip.MustParseAddr("192.0.2.1"), &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EPERM)})
	}
	if !client.Blocked(1).IsValid() {
		t.Error("not blocked")
	}
}

// TestTCPIsBlockedWhereNoPeerIsGotToAndForTenMinutes: one peer may be at fault itself,
// and it has two addresses.
func TestTCPIsBlockedWhereNoPeerIsGotToAndForTenMinutes(t *testing.T) {
	client := newEnd(t, 2, keys.Key(1))
	now := time.Hour
	client.config.Now = func() time.Duration { return now }
	fails := func(addrs ...string) {
		for _, a := range addrs {
			client.dialled(netip.MustParseAddr(a), syscall.ETIMEDOUT)
		}
	}
	says := func(what string, peers int, want bool) {
		t.Helper()
		if got := client.Blocked(peers).IsValid(); got != want {
			t.Errorf("%s, of %d peers: blocked is %v; want %v", what, peers, got, want)
		}
	}
	fails("10.77.0.2", "fe80::2%eth0", "10.77.0.2", "fe80::2%eth0")
	says("one peer by both its addresses", 4, false)
	says("the only peer", 1, true)
	fails("10.77.0.3")
	says("two peers", 4, true)
	now += blockedFor - 1
	says("nearly ten minutes later", 4, true)
	now++
	says("ten minutes later", 4, false)
	fails("10.77.0.3")
	says("tried again in vain", 4, true)
	client.dialled(netip.MustParseAddr("10.77.0.4"), nil)
	fails("10.77.0.3", "10.77.0.3", "10.77.0.3")
	says("another got through", 4, false)
	for i := range byte(200) {
		client.dialled(netip.AddrFrom4([4]byte{10, 77, 1, i}), syscall.ETIMEDOUT)
	}
	if n := len(client.dial.peers); n > 4 {
		t.Errorf("%d addresses are remembered", n)
	}
}
