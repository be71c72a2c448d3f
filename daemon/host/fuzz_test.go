package host

import (
	"testing"

	"mcdns/daemon/survive"
	"mcdns/gocore/trust"
)

// FuzzReceive feeds a datagram's bytes, as they are and sealed with the group's key:
// nothing panics, and each is counted once.
func FuzzReceive(f *testing.F) {
	group := ring(f, 1)
	good := datagram(f, group)
	plain, err := group.Open(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(plain)
	f.Add(datagram(f, ring(f, 2)))
	r, _ := newReceiver(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		before := survive.Panics()
		r.receive(packet(1, b))
		if sealed := group.Seal(b, [trust.NonceSize]byte{1}); len(sealed) <= 1232 {
			r.receive(packet(1, sealed))
		}
		if survive.Panics() != before {
			t.Fatalf("%x panics", b)
		}
	})
}
