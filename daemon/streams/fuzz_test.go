package streams

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"mcdns/gocore/node"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
)

// FuzzConnection feeds a stream's bytes to the end that is pulled from, and, sealed
// as a member would, a page to the end that pulls: nothing panics, nothing hangs.
func FuzzConnection(f *testing.F) {
	f.Add([]byte("no hello"))
	f.Add(wire.EncodePage(time.Second, nil, 0, true, false))
	f.Add(wire.EncodeWant(time.Hour, 0, nil))
	ring := trust.NewRing(fuzzKey(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := New(Config{
			Self: func() wire.Peer { return wire.Peer{ID: 1, Epoch: 1} }, Ring: func() *trust.Ring { return ring },
			Put: func(node.Input) error { return nil }, Now: func() time.Duration { return time.Hour },
			PullBytes: func() int { return 1 << 20 }, Members: func() []netip.Addr { return nil },
		})
		defer s.Close()
		ours, theirs := net.Pipe()
		go func() {
			theirs.Write(b)
			theirs.Close()
		}()
		s.prove(ours)
		ours.Close()
		if len(b) == 0 || len(b) > trust.MaxMessage {
			return
		}
		peer := trust.NewStream(ring, wire.Peer{ID: 2, Epoch: 2}, time.Hour, false, [trust.NonceSize]byte{2})
		own := trust.NewStream(ring, wire.Peer{ID: 1, Epoch: 1}, time.Hour, true, [trust.NonceSize]byte{1})
		if peer.Accept(own.Hello()) != nil || own.Accept(peer.Hello()) != nil {
			t.Fatal("two members do not agree")
		}
		record, err := peer.SealRecord(b, true)
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs = net.Pipe()
		go func() {
			theirs.Write(record)
			theirs.Close()
		}()
		s.take(&channel{conn: ours, stream: own, ring: s.config.Ring}, 1)
		ours.Close()
		io.Copy(io.Discard, theirs)
	})
}

func fuzzKey(t testing.TB) trust.Key {
	t.Helper()
	b := make([]byte, trust.KeySize)
	for i := range b {
		b[i] = byte(i)
	}
	k, err := trust.ParseKey(b)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
