package links

import (
	"testing"

	"mcdns/daemon/survive"
	"mcdns/gocore/trust"
	"mcdns/test/keys"
)

// FuzzReceive feeds a datagram's bytes, as they are and sealed with the group's key:
// nothing panics, and each is counted once.
func FuzzReceive(f *testing.F) {
	group := keys.Ring(1)
	good := sealed(f, group)
	plain, err := group.Open(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(plain)
	f.Add(sealed(f, keys.Ring(2)))
	r, _ := receiverOf(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		before := survive.Panics()
		r.receive(came(1, b))
		if again := group.Seal(b, [trust.NonceSize]byte{1}); len(again) <= 1232 {
			r.receive(came(1, again))
		}
		if survive.Panics() != before {
			t.Fatalf("%x panics", b)
		}
	})
}
