package streams

import (
	"context"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"

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
		if client.Blocked().IsValid() {
			t.Fatalf("blocked after %d in vain", i)
		}
		client.Pull(node.Pull{ID: uint64(i), Addr: closed})
		next[node.Pulled](t, client)
	}
	if got := client.Blocked(); got != closed.Addr() {
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
	if client.Blocked().IsValid() || counts["streams_opened"] != 1 || counts["streams_failed"] != blockedAfter {
		t.Errorf("one got through: blocked %v, %v", client.Blocked(), counts)
	}
}

func TestPullThatIsGivenUpSaysNothingOfThePath(t *testing.T) {
	client := newEnd(t, 2, keys.Key(1))
	for range 2 * blockedAfter {
		client.dialled(netip.MustParseAddr("192.0.2.1"), &net.OpError{Op: "dial", Err: context.Canceled})
	}
	if client.Blocked().IsValid() {
		t.Error("blocked")
	}
	for range blockedAfter {
		client.dialled(netip.MustParseAddr("192.0.2.1"), &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EPERM)})
	}
	if !client.Blocked().IsValid() {
		t.Error("not blocked")
	}
}
