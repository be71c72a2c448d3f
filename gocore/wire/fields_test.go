package wire

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"mcdns/gocore/dns"
)

// planted is what a version 4 may add to anything: fields of types that this one does
// not know, an empty one among them.
var planted = slices.Concat([]byte{200, 0, 5}, []byte("later"), []byte{201, 0, 0}, []byte{202, 1, 0}, make([]byte, 256))

func TestEveryMessageWithUnknownFieldsIsUnderstood(t *testing.T) {
	for _, m := range messages(t) {
		if a, ok := m.Body.(*Announce); ok && len(a.Answers) > 3 {
			a.Answers = a.Answers[:3] // so that the fields fit
		}
		b, err := Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(append(b, planted...))
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%v with unknown fields: got %+v, %v; want what it is without them", m.Body.Kind(), got, err)
		}
	}
}

func TestStreamsWithUnknownFieldsAreUnderstood(t *testing.T) {
	aged := []Aged{{samples(t)[0], time.Second}}
	page := append(EncodePage(time.Hour, aged, 7, true, false), planted...)
	sent, answers, next, end, busy, err := DecodePage(page)
	if err != nil || sent != time.Hour || !reflect.DeepEqual(answers, aged) || next != 7 || !end || busy {
		t.Errorf("page: got %v %v %d %v %v, %v", sent, answers, next, end, busy, err)
	}
	qs := []dns.Question{question(t, "a.example", dns.TypeA)}
	away, after, got, err := DecodeWant(append(EncodeWant(time.Minute, 7, qs), planted...))
	if err != nil || away != time.Minute || after != 7 || !reflect.DeepEqual(got, qs) {
		t.Errorf("want: got %v %d %v, %v", away, after, got, err)
	}
	if _, _, _, _, _, err := DecodePage(page[:len(page)-1]); err == nil {
		t.Error("a page with half a field is taken")
	}
}

// What is longest in a version without fields leaves room for those of the next.
func TestLongestOfAStreamHasRoomForFields(t *testing.T) {
	q := question(t, "b.example", dns.TypeA)
	var list []dns.Question
	for range MaxWant {
		list = append(list, q)
	}
	if b := EncodeWant(0, 0, list); len(b)+len(planted) > MaxWant {
		t.Errorf("a want of %d bytes; want room for fields in %d", len(b), MaxWant)
	}
	if longest := pageHeader + agedHeader + dns.MaxPacked; longest+len(planted) > MaxPage {
		t.Errorf("a page of %d bytes; want room for fields in %d", longest, MaxPage)
	}
}

func TestNameOfAHostIsAFieldOfHello(t *testing.T) {
	m := &Message{From: peer(1, 1), Seq: 1, Body: &Hello{Version: "1", Name: "ws-17"}}
	b, err := Encode(m)
	if err != nil || !bytes.HasSuffix(b, []byte("\x01\x00\x05ws-17")) || len(b) != Size(m) {
		t.Fatalf("%x (Size %d), %v; want the name at the end", b, Size(m), err)
	}
	if got, err := Decode(b); err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("got %+v, %v; want %+v", got, err, m)
	}
	if got, err := Decode(append(b, 1, 0, 1, 'x')); err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("with a second name: got %+v, %v; want the first", got, err)
	}
}

// What a key holder says of itself is printed: on terminals too.
func TestStrangeNameOfAHostIsPassedOver(t *testing.T) {
	plain, err := Encode(&Message{From: peer(1, 1), Seq: 1, Body: &Hello{Version: "1", Names: 5}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "a.b", "a b", "a\x1b[2J", "b\u00fcro", "a\x00", strings.Repeat("a", MaxName+1)} {
		b := append(bytes.Clone(plain), fieldName, 0, byte(len(name)))
		m, err := Decode(append(b, name...))
		if err != nil || m.Body.(*Hello).Name != "" || m.Body.(*Hello).Names != 5 {
			t.Errorf("%q: got %+v, %v; want a HELLO without a name", name, m, err)
		}
	}
}
