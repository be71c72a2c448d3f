package trust

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mcdns/gocore/wire"
)

// key makes a key that differs by n.
func key(t testing.TB, n byte) Key {
	t.Helper()
	b := make([]byte, KeySize)
	for i := range b {
		b[i] = byte(i) ^ n
	}
	k, err := ParseKey(b)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func nonce(n byte) (v [NonceSize]byte) {
	v[0] = n
	return v
}

func TestKeyFileIsThirtyTwoRandomBytes(t *testing.T) {
	good := []byte("0123456789abcdef0123456789abcdef")
	if _, err := ParseKey(good); err != nil {
		t.Errorf("32 bytes: %v", err)
	}
	for _, c := range []struct {
		name string
		file []byte
		says string
	}{
		{"empty", nil, "mcdns key generate"},
		{"newline of an editor", append(bytes.Clone(good), '\n'), "no editor"},
		{"hex", bytes.Repeat([]byte("ab"), 32), "64 bytes"},
		{"cut", good[:31], "31 bytes"},
		{"zeros", make([]byte, 32), "not random"},
		{"one word", []byte("secretsecretsecretsecretsecretse"), "not random"},
	} {
		if k, err := ParseKey(c.file); err == nil || !strings.Contains(err.Error(), c.says) || k != (Key{}) {
			t.Errorf("%s: got %v, %v; want an error that says %q", c.name, k, err, c.says)
		}
	}
}

func TestKeyIsNeverPrinted(t *testing.T) {
	k := key(t, 0)
	secret := fmt.Sprintf("%x", k.secret)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(verb, k); strings.Contains(s, secret[:8]) || !strings.Contains(s, k.ID().String()) {
			t.Errorf("%s prints %q", verb, s)
		}
	}
}

func TestKeyIDsAreTheSameInEveryVersion(t *testing.T) {
	if got, want := key(t, 0).ID().String(), "62b4ac83"; got != want {
		t.Errorf("got %s; want %s", got, want)
	}
	if key(t, 0).ID() == key(t, 1).ID() {
		t.Error("two keys share an id")
	}
}

func TestOverheadIsWhatWireReckonsWith(t *testing.T) {
	if wire.MaxPlain+Overhead != wire.MaxDatagram {
		t.Errorf("%d + %d; want %d", wire.MaxPlain, Overhead, wire.MaxDatagram)
	}
	if d := NewRing(key(t, 0)).Seal(make([]byte, wire.MaxPlain), nonce(1)); len(d) != wire.MaxDatagram {
		t.Errorf("the longest plaintext sealed has %d bytes; want %d", len(d), wire.MaxDatagram)
	}
}

func TestSealedOpensUnderTheSameKeyAlone(t *testing.T) {
	a, b := NewRing(key(t, 1)), NewRing(key(t, 2))
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOfN(rapid.Byte(), 0, wire.MaxPlain).Draw(t, "plain")
		d := a.Seal(plain, nonce(rapid.Byte().Draw(t, "nonce")))
		if got, err := a.Open(d); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("got %x, %v", got, err)
		}
		if _, err := b.Open(d); err != ErrForeign {
			t.Fatalf("another group: %v; want ErrForeign", err)
		}
		i := rapid.IntRange(0, len(d)-1).Draw(t, "byte")
		d[i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := a.Open(d); err == nil {
			t.Fatalf("opens with byte %d changed", i)
		}
	})
}

func TestWhatIsDroppedIsToldApart(t *testing.T) {
	r := NewRing(key(t, 1))
	d := r.Seal([]byte("hello"), nonce(1))
	change := func(at int) []byte {
		b := bytes.Clone(d)
		b[at] ^= 1
		return b
	}
	for _, c := range []struct {
		name string
		b    []byte
		want error
	}{
		{"empty", nil, ErrShort},
		{"cut below the overhead", d[:Overhead-1], ErrShort},
		{"no magic", change(0), ErrShort},
		{"another version", change(4), ErrVersion},
		{"another key", change(5), ErrForeign},
		{"another nonce", change(9), ErrForged},
		{"another text", change(sealedAt), ErrForged},
		{"another tag", change(len(d) - 1), ErrForged},
		{"cut", d[:len(d)-1], ErrForged},
		{"longer", append(bytes.Clone(d), 0), ErrForged},
	} {
		if got, err := r.Open(c.b); err != c.want || got != nil {
			t.Errorf("%s: got %x, %v; want %v", c.name, got, err, c.want)
		}
	}
}

// layouts is what each version seals: the start of the hash of its messages. A line
// is never changed, only added: hosts out there speak it.
var layouts = map[byte]string{
	2: "e02eadc9fb7f50c7",
	3: "e02eadc9fb7f50c7", // the same, and fields may stand behind any of them
}

func TestEachLayoutHasAVersionOfItsOwn(t *testing.T) {
	text, err := os.ReadFile("../wire/testdata/layout.txt")
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(text)
	if got := hex.EncodeToString(hash[:8]); got != layouts[version] {
		t.Errorf("version %d is %s; want %s: raise the version, and add it to the list", version, got, layouts[version])
	}
}

func TestKeysRotateWithoutLosingADatagram(t *testing.T) {
	old, next := key(t, 1), key(t, 2)
	steps := []*Ring{NewRing(old), NewRing(old, next), NewRing(next, old), NewRing(next)}
	for i := range steps[:3] {
		for _, pair := range [][2]*Ring{{steps[i], steps[i+1]}, {steps[i+1], steps[i]}} {
			if _, err := pair[1].Open(pair[0].Seal([]byte("x"), nonce(1))); err != nil {
				t.Errorf("between step %d and %d: %v", i, i+1, err)
			}
		}
	}
	if _, err := steps[3].Open(steps[0].Seal([]byte("x"), nonce(1))); err != ErrForeign {
		t.Errorf("a key that was removed: %v; want ErrForeign", err)
	}
	if ids := NewRing(old, next, old).IDs(); len(ids) != 2 || ids[0] != old.ID() || NewRing(old).SealID() != old.ID() {
		t.Errorf("ids %v", ids)
	}
}

func TestHelloAndDatagramAreNotTakenForEachOther(t *testing.T) {
	r := NewRing(key(t, 1))
	s := NewStream(r, wire.Peer{ID: 1}, 0, true, nonce(1))
	if _, err := r.Open(s.Hello()); err != ErrForged {
		t.Errorf("a hello opens as a datagram: %v", err)
	}
	d := r.Seal(make([]byte, helloPlain), nonce(2))
	if err := NewStream(r, wire.Peer{ID: 2}, 0, false, nonce(3)).Accept(d); !errors.Is(err, ErrForged) {
		t.Errorf("a datagram passes as a hello: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	var b [KeySize]byte
	for i := range b {
		b[i] = byte(i)
	}
	k, err := ParseKey(b[:])
	if err != nil {
		f.Fatal(err)
	}
	r := NewRing(k)
	f.Add(r.Seal([]byte("x"), nonce(1)))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		plain, err := r.Open(b)
		if !bytes.Equal(b, before) {
			t.Fatal("the datagram was changed")
		}
		// Only what this key sealed opens: the nonce tells what it was.
		if err == nil && !bytes.Equal(r.Seal(plain, [NonceSize]byte(b[nonceAt:])), b) {
			t.Fatalf("%x opens to %x, which seals otherwise", b, plain)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	r := NewRing(key(b, 1))
	for _, size := range []int{200, wire.MaxPlain} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			plain := make([]byte, size)
			b.ReportAllocs()
			for b.Loop() {
				r.Seal(plain, nonce(1))
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	r := NewRing(key(b, 1))
	for _, size := range []int{200, wire.MaxPlain} {
		d := r.Seal(make([]byte, size), nonce(1))
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Open(d)
			}
		})
	}
	foreign := NewRing(key(b, 2)).Seal(make([]byte, 200), nonce(1))
	b.Run("foreign", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.Open(foreign)
		}
	})
}
