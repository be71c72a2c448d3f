package trust

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mcdns/gocore/wire"
)

var (
	dialer   = wire.Peer{ID: 1, Epoch: 10}
	listener = wire.Peer{ID: 2, Epoch: 20}
)

// pair makes both ends of a stream, hellos exchanged.
func pair(t testing.TB, d, l *Ring) (*Stream, *Stream) {
	t.Helper()
	a := NewStream(d, dialer, time.Hour, true, nonce(1))
	b := NewStream(l, listener, 2*time.Hour, false, nonce(2))
	if err := b.Accept(a.Hello()); err != nil {
		t.Fatal(err)
	}
	if err := a.Accept(b.Hello()); err != nil {
		t.Fatal(err)
	}
	return a, b
}

// records splits what SealRecord returned as a driver would that reads it off
// a connection.
func records(t testing.TB, b []byte) (list [][]byte) {
	t.Helper()
	for len(b) > 0 {
		n, err := RecordSize([PrefixSize]byte(b))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, b[PrefixSize:PrefixSize+n])
		b = b[PrefixSize+n:]
	}
	return list
}

func seal(t testing.TB, s *Stream, message string, last bool) [][]byte {
	t.Helper()
	b, err := s.SealRecord([]byte(message), last)
	if err != nil {
		t.Fatal(err)
	}
	return records(t, b)
}

func TestStreamCarriesMessagesBothWays(t *testing.T) {
	ring := NewRing(key(t, 1))
	a, b := pair(t, ring, ring)
	if p, at := a.Peer(); p != listener || at != 2*time.Hour {
		t.Errorf("the dialer sees %v at %v", p, at)
	}
	if p, at := b.Peer(); p != dialer || at != time.Hour {
		t.Errorf("the listener sees %v at %v", p, at)
	}
	if a.Proven() || b.Proven() {
		t.Error("proven by a hello, which may be a recording")
	}
	for i, s := range []string{"want", "", "more"} {
		r := seal(t, a, s, i == 2)
		got, last, err := b.OpenRecord(r[0])
		if err != nil || string(got) != s || got == nil || last != (i == 2) || !b.Proven() {
			t.Errorf("got %q %v, %v; want %q", got, last, err, s)
		}
	}
	if err := a.Ended(); err != ErrCut {
		t.Errorf("the dialer has heard no end: %v", err)
	}
	if got, last, err := a.OpenRecord(seal(t, b, "page", true)[0]); err != nil || string(got) != "page" || !last {
		t.Errorf("got %q %v, %v", got, last, err)
	}
	if a.Ended() != nil || b.Ended() != nil {
		t.Error("both ended properly")
	}
}

func TestLongMessageTakesSeveralRecords(t *testing.T) {
	ring := NewRing(key(t, 1))
	rapid.Check(t, func(rt *rapid.T) {
		a, b := pair(t, ring, ring)
		size := rapid.OneOf(rapid.SampledFrom([]int{0, 1, recordPlain - 1, recordPlain, recordPlain + 1, 2 * recordPlain, MaxMessage}), rapid.IntRange(0, MaxMessage)).Draw(rt, "size")
		message := bytes.Repeat([]byte{7}, size)
		sealed, err := a.SealRecord(message, true)
		if err != nil {
			rt.Fatal(err)
		}
		list := records(t, sealed)
		for i, r := range list {
			got, last, err := b.OpenRecord(r)
			if done := i == len(list)-1; err != nil || last != done || done && !bytes.Equal(got, message) || !done && got != nil {
				rt.Fatalf("record %d of %d: %d bytes, %v, %v", i, len(list), len(got), last, err)
			}
		}
	})
	a, _ := pair(t, ring, ring)
	if _, err := a.SealRecord(make([]byte, MaxMessage+1), false); err == nil {
		t.Error("a message beyond the bound was sealed")
	}
}

func TestHelloThatMustNotPass(t *testing.T) {
	ring := NewRing(key(t, 1))
	good := NewStream(ring, listener, 0, false, nonce(2)).Hello()
	spoilt := bytes.Clone(good)
	spoilt[len(spoilt)-1] ^= 1
	self := func() *Stream { return NewStream(ring, dialer, 0, true, nonce(1)) }
	for _, c := range []struct {
		name  string
		hello []byte
		want  error
	}{
		{"reflected", self().Hello(), ErrReflected},
		{"of another dialer", NewStream(ring, listener, 0, true, nonce(2)).Hello(), ErrReflected},
		{"from myself on the other side", NewStream(ring, dialer, 0, false, nonce(2)).Hello(), ErrReflected},
		{"with my nonce", NewStream(ring, listener, 0, false, nonce(1)).Hello(), ErrReflected},
		{"from nobody", NewStream(ring, wire.Peer{}, 0, false, nonce(2)).Hello(), ErrForged},
		{"of another group", NewStream(NewRing(key(t, 2)), listener, 0, false, nonce(2)).Hello(), ErrForeign},
		{"forged", spoilt, ErrForged},
		{"cut", good[:len(good)-1], ErrShort},
		{"longer", append(bytes.Clone(good), 0), ErrShort},
	} {
		s := self()
		if err := s.Accept(c.hello); err != c.want {
			t.Errorf("%s: got %v; want %v", c.name, err, c.want)
		}
		if _, err := s.SealRecord(nil, false); err == nil {
			t.Errorf("%s: the stream goes on", c.name)
		}
	}
	s := self()
	if s.Accept(good) != nil || s.Accept(good) == nil {
		t.Error("a second hello was taken")
	}
}

func TestRecordedStreamProvesNothing(t *testing.T) {
	ring := NewRing(key(t, 1))
	a, _ := pair(t, ring, ring)
	hello, want := a.Hello(), seal(t, a, "want", true)
	// Tomorrow somebody plays back all that the dialer sent.
	b := NewStream(ring, listener, 24*time.Hour, false, nonce(99))
	if err := b.Accept(hello); err != nil {
		t.Fatal(err)
	}
	if got, _, err := b.OpenRecord(want[0]); !errors.Is(err, ErrRecord) || b.Proven() {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestRecordOutOfPlaceBreaksTheStream(t *testing.T) {
	ring := NewRing(key(t, 1))
	for _, c := range []struct {
		name string
		feed func(a, b *Stream) [][]byte // to b, the last of it is wrong
	}{
		{"repeated", func(a, _ *Stream) [][]byte { r := seal(t, a, "1", false)[0]; return [][]byte{r, r} }},
		{"left out", func(a, _ *Stream) [][]byte { seal(t, a, "1", false); return seal(t, a, "2", false) }},
		{"reordered", func(a, _ *Stream) [][]byte {
			first, second := seal(t, a, "1", false), seal(t, a, "2", false)
			return append(second, first...)[:1]
		}},
		{"reflected", func(_, b *Stream) [][]byte { return seal(t, b, "1", false) }},
		{"changed", func(a, _ *Stream) [][]byte { r := seal(t, a, "1", false); r[0][0] ^= 1; return r }},
		{"cut", func(a, _ *Stream) [][]byte { r := seal(t, a, "12", false); return [][]byte{r[0][:len(r[0])-1]} }},
		{"empty", func(_, _ *Stream) [][]byte { return [][]byte{nil} }},
		{"too long", func(_, _ *Stream) [][]byte { return [][]byte{make([]byte, recordMax+1)} }},
		{"behind the last", func(a, _ *Stream) [][]byte {
			r := seal(t, a, "1", true)
			a.out.last = false // a peer that does not keep to it
			return append(r, seal(t, a, "2", false)...)
		}},
		{"unknown flags", func(a, _ *Stream) [][]byte { return records(t, a.out.seal(nil, 4, nil)) }},
		{"part shorter than a record", func(a, _ *Stream) [][]byte { return records(t, a.out.seal(nil, flagMore, []byte("x"))) }},
		{"message without end", func(a, _ *Stream) (list [][]byte) {
			for range MaxMessage/recordPlain + 1 {
				list = append(list, records(t, a.out.seal(nil, flagMore, make([]byte, recordPlain)))...)
			}
			return list
		}},
	} {
		a, b := pair(t, ring, ring)
		list := c.feed(a, b)
		for _, r := range list[:len(list)-1] {
			if _, _, err := b.OpenRecord(r); err != nil {
				t.Fatalf("%s: a good record: %v", c.name, err)
			}
		}
		if got, _, err := b.OpenRecord(list[len(list)-1]); !errors.Is(err, ErrRecord) || got != nil {
			t.Errorf("%s: got %q, %v; want ErrRecord", c.name, got, err)
		}
		if _, err := b.SealRecord(nil, true); err == nil || b.Ended() != ErrCut {
			t.Errorf("%s: the stream goes on", c.name)
		}
	}
}

func TestStreamIsUsedInTurn(t *testing.T) {
	ring := NewRing(key(t, 1))
	fresh := func() *Stream { return NewStream(ring, dialer, 0, true, nonce(1)) }
	if _, err := fresh().SealRecord(nil, false); err == nil {
		t.Error("sealed before the hellos")
	}
	if _, _, err := fresh().OpenRecord(make([]byte, recordMin)); err == nil {
		t.Error("opened before the hellos")
	}
	a, _ := pair(t, ring, ring)
	seal(t, a, "", true)
	if _, err := a.SealRecord(nil, false); err == nil {
		t.Error("sealed behind the last")
	}
}

func TestRecordSizeIsBoundedBeforeReading(t *testing.T) {
	for n, good := range map[int]bool{0: false, recordMin - 1: false, recordMin: true, recordMax: true, recordMax + 1: false, 65535: false} {
		got, err := RecordSize([PrefixSize]byte{byte(n >> 8), byte(n)})
		if (err == nil) != good || good && got != n {
			t.Errorf("%d: got %d, %v", n, got, err)
		}
	}
}

func TestStreamBetweenHostsInTheMiddleOfARotation(t *testing.T) {
	old, next, other := key(t, 1), key(t, 2), key(t, 3)
	before, after := NewRing(old, next), NewRing(next, old)
	for _, rings := range [][2]*Ring{{before, after}, {after, before}} {
		a, b := pair(t, rings[0], rings[1])
		if got, _, err := b.OpenRecord(seal(t, a, "x", false)[0]); err != nil || string(got) != "x" {
			t.Errorf("got %q, %v", got, err)
		}
		if !a.Under(before) || !b.Under(NewRing(other, next, old)) {
			t.Error("its keys are still there")
		}
		if a.Under(NewRing(next)) || b.Under(NewRing(old)) || a.Under(NewRing(other, key(t, 4))) {
			t.Error("a key of the stream was removed, and it goes on")
		}
	}
}

// A second implementation, and our own next version, must find these bytes.
func TestSealedBytesAreFixed(t *testing.T) {
	ring := NewRing(key(t, 1))
	a, b := pair(t, ring, ring)
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"datagram", ring.Seal([]byte("hello"), nonce(9)), "6d63646e0338d631a209000000000000000000000000000000000000000000000074e986ac2ed35b7c7aaeac44037daba960a0562af6"},
		{"hello", a.Hello(), "6d63646e0338d631a20100000000000000000000000000000000000000000000002498fdcd159daf91a2e14617769f88faccd6015f7a1bf94e5f9600e8f2559f39c84f4d43e1cc77a494"},
		{"dialer's record", bytes.Join(seal(t, a, "want", true), nil), "a7d00edb2a4d163ceee2be2c151179c6815157e207"},
		{"listener's record", bytes.Join(seal(t, b, "page", false), nil), "f5003af5d4a5613f2ab1519e53db2cd1035f744ae9"},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s: got %s; want %s: if the change is meant, raise the version", c.name, got, c.want)
		}
	}
}

func FuzzStream(f *testing.F) {
	ring := NewRing(key(f, 1))
	hello := NewStream(ring, listener, 0, false, nonce(2)).Hello()
	f.Add(hello, []byte("record"))
	f.Fuzz(func(t *testing.T, hello, record []byte) {
		s := NewStream(ring, dialer, 0, true, nonce(1))
		if s.Accept(hello) != nil {
			return
		}
		if got, _, err := s.OpenRecord(record); err == nil {
			t.Fatalf("%x opens to %x", record, got)
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	ring := NewRing(key(b, 1))
	s, l := pair(b, ring, ring)
	plain := make([]byte, recordPlain)
	b.SetBytes(recordPlain)
	b.ReportAllocs()
	for b.Loop() {
		sealed, _ := s.SealRecord(plain, false)
		l.OpenRecord(sealed[PrefixSize:])
	}
}
