package main

import (
	"encoding/hex"
	"testing"

	"mcdns/gocore/trust"
)

// The bytes are those that a ring of version 2 made, as its own test had them.
func TestInsiderIsHeardByTheDaemonsOfBefore(t *testing.T) {
	secret := make([]byte, trust.KeySize)
	for i := range secret {
		secret[i] = byte(i) ^ 1
	}
	key, err := trust.ParseKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	e, err := newElder(key, secret)
	if err != nil {
		t.Fatal(err)
	}
	const want = "6d63646e0238d631a209000000000000000000000000000000000000000000000074e986ac2e6e150f22b87544f04432b00f80be044a"
	sealed := e.Seal([]byte("hello"), [trust.NonceSize]byte{9})
	if got := hex.EncodeToString(sealed); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if plain, err := e.Open(sealed); err != nil || string(plain) != "hello" {
		t.Errorf("opened as %q, %v", plain, err)
	}
	if _, err := e.Open(trust.NewRing(key).Seal([]byte("hello"), [trust.NonceSize]byte{9})); err == nil {
		t.Error("a datagram of today is one of version 2")
	}
	if _, err := e.Open(sealed[:20]); err == nil {
		t.Error("half a header is a datagram")
	}
}
