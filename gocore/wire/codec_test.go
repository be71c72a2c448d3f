package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mcdns/gocore/dns"
)

// messages has one of each kind, every field in use.
func messages(t testing.TB) []*Message {
	var aged []Aged
	for i, a := range samples(t)[:6] {
		aged = append(aged, Aged{a, time.Duration(i) * time.Second})
	}
	q := question(t, "www.example.org", dns.TypeA)
	bodies := []Body{
		&Hello{Version: "1.2.3", Names: 77, Told: 78, Hears: []Peer{peer(1, 2), peer(3, 4)}},
		&Hello{},
		&Prove{Nonce: 1 << 63},
		&Proof{Nonce: 5},
		&Announce{Answers: aged, Long: []Long{{q, birth(peer(1, 2), time.Second), time.Minute, 4000}}, New: 4},
		&Announce{},
		&Query{Nonce: 9, Wireless: true, Asked: []Asked{{q, dns.Birth{}}, {q, birth(peer(5, 6), time.Hour)}}},
		&Answer{Nonce: 9, Answers: aged[:1]},
		&Ask{Question: q},
		&Bye{},
	}
	var list []*Message
	for i, b := range bodies {
		list = append(list, &Message{
			From: peer(0x1111111111111111, 0x2222222222222222), Seq: uint64(i) + 1, Sent: 90 * time.Minute,
			Servers: []ServerState{{77, time.Second, Never, true}, {78, Never, 0, false}},
			Body:    b,
		})
	}
	return list
}

func TestEveryMessageComesBackAsItWas(t *testing.T) {
	for _, m := range messages(t) {
		b, err := Encode(m)
		if err != nil {
			t.Fatalf("%T: %v", m.Body, err)
		}
		if len(b) != Size(m) {
			t.Errorf("%T: Size %d, encoded %d bytes", m.Body, Size(m), len(b))
		}
		got, err := Decode(b)
		if err != nil {
			t.Fatalf("%T: %v", m.Body, err)
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("%T: got %+v; want %+v", m.Body, got, m)
		}
	}
}

func drawPeer(t *rapid.T) Peer {
	return peer(rapid.Uint64Min(1).Draw(t, "id"), rapid.Uint64().Draw(t, "epoch"))
}

func drawMillis(t *rapid.T, most int64) time.Duration {
	return time.Duration(rapid.Int64Range(0, most).Draw(t, "ms")) * time.Millisecond
}

func drawQuestion(t *rapid.T) dns.Question {
	q, err := dns.NewQuestion(rapid.StringMatching(`([a-z0-9_-]{1,12}\.){0,4}[a-z\x80-\xff]{1,20}`).Draw(t, "name"), rapid.Uint16Range(1, 40).Draw(t, "type"))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestAnyMessageComesBackAsItWas(t *testing.T) {
	pool := samples(t)
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.Custom(func(t *rapid.T) Aged {
			a := *rapid.SampledFrom(pool).Draw(t, "answer")
			a.Birth = birth(drawPeer(t), drawMillis(t, maxMillis))
			a.Server = dns.ServerID(rapid.Uint64().Draw(t, "server"))
			a.TTL = time.Duration(rapid.Uint32Max(dns.MaxTTL).Draw(t, "ttl")) * time.Second
			return Aged{&a, drawMillis(t, 1<<32-1)}
		})
		aged := rapid.SliceOfN(draw, 1, 8).Draw(t, "answers")
		asked := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Asked {
			return Asked{drawQuestion(t), birth(drawPeer(t), drawMillis(t, maxMillis))}
		}), 1, 10).Draw(t, "asked")
		bodies := []Body{
			&Hello{rapid.StringMatching(`[!-~]{0,32}`).Draw(t, "version"), rapid.Uint32().Draw(t, "names"), rapid.Uint32().Draw(t, "told"),
				rapid.SliceOfN(rapid.Custom(drawPeer), 1, MaxHears).Draw(t, "hears"),
				rapid.StringMatching(`[A-Za-z0-9-]{0,63}`).Draw(t, "name")},
			&Prove{rapid.Uint64().Draw(t, "nonce")},
			&Announce{Answers: aged, New: rapid.Uint8().Draw(t, "new")},
			&Query{rapid.Uint64().Draw(t, "nonce"), rapid.Bool().Draw(t, "wireless"), asked},
			&Answer{rapid.Uint64().Draw(t, "nonce"), aged},
			&Ask{drawQuestion(t)},
			&Bye{},
		}
		m := &Message{From: drawPeer(t), Seq: rapid.Uint64Min(1).Draw(t, "seq"), Sent: drawMillis(t, maxMillis),
			Body: rapid.SampledFrom(bodies).Draw(t, "body")}
		b, err := Encode(m)
		if errors.Is(err, ErrTooLong) && Size(m) > MaxPlain {
			return
		}
		if err != nil || len(b) != Size(m) {
			t.Fatalf("%d bytes, Size %d, %v", len(b), Size(m), err)
		}
		if got, err := Decode(b); err != nil || !reflect.DeepEqual(got, m) {
			t.Fatalf("got %+v, %v; want %+v", got, err, m)
		}
	})
}

// A second implementation, and our own next version, must find these bytes.
func TestDatagramLayoutIsFixed(t *testing.T) {
	var b strings.Builder
	for _, m := range messages(t) {
		plain, err := Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(reflect.TypeOf(m.Body).String(), "*wire.")
		if name == "Answer" {
			name = "Reply" // as it was called when its line was written, which is never changed
		}
		b.WriteString(name + " " + hex.EncodeToString(plain) + "\n")
	}
	const file = "testdata/layout.txt"
	want, err := os.ReadFile(file)
	if err != nil || b.String() != string(want) {
		t.Errorf("the layout changed (%v): if that is meant, raise the version in the header of a sealed datagram and put this into %s:\n%s", err, file, b.String())
	}
}

func TestNothingBecomesYoungerOnTheWay(t *testing.T) {
	a := *samples(t)[0]
	a.TTL = 90*time.Second + 999*time.Millisecond
	m := &Message{From: peer(1, 1), Seq: 1, Sent: 5*time.Millisecond + 900*time.Microsecond,
		Servers: []ServerState{{1, time.Nanosecond, 100 * 24 * time.Hour, false}},
		Body:    &Announce{Answers: []Aged{{&a, 7*time.Millisecond + 1}, {&a, -5}, {&a, Never + 1}}}}
	b, err := Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	list := got.Body.(*Announce).Answers
	if got.Sent != 5*time.Millisecond || list[0].TTL != 90*time.Second {
		t.Errorf("sent %v, TTL %v; want both rounded down", got.Sent, list[0].TTL)
	}
	if list[0].Age != 8*time.Millisecond || list[1].Age != 0 || list[2].Age != Never {
		t.Errorf("ages %v %v %v; want 8 ms (rounded up), 0, Never", list[0].Age, list[1].Age, list[2].Age)
	}
	if s := got.Servers[0]; s.Success != time.Millisecond || s.Failure != Never {
		t.Errorf("evidence %v %v; want 1 ms, Never", s.Success, s.Failure)
	}
}

func TestEncodeKeepsToItsBounds(t *testing.T) {
	a := samples(t)[0]
	from := peer(1, 1)
	full := func(n int) []Aged {
		list := make([]Aged, n)
		for i := range list {
			list[i] = Aged{a, 0}
		}
		return list
	}
	for _, c := range []struct {
		name string
		m    *Message
	}{
		{"too many servers", &Message{From: from, Seq: 1, Servers: make([]ServerState, MaxServers+1), Body: &Bye{}}},
		{"too many heard", &Message{From: from, Seq: 1, Body: &Hello{Hears: make([]Peer, MaxHears+1)}}},
		{"long version", &Message{From: from, Seq: 1, Body: &Hello{Version: strings.Repeat("1", 33)}}},
		{"a name that writes to terminals", &Message{From: from, Seq: 1, Body: &Hello{Name: "a\x1b"}}},
		{"long name", &Message{From: from, Seq: 1, Body: &Hello{Name: strings.Repeat("a", MaxName+1)}}},
		{"too many answers", &Message{From: from, Seq: 1, Body: &Announce{Answers: full(256)}}},
		{"more than a datagram", &Message{From: from, Seq: 1, Body: &Announce{Answers: full(20)}}},
		{"no question", &Message{From: from, Seq: 1, Body: &Ask{}}},
		{"no body", &Message{From: from, Seq: 1}},
	} {
		if b, err := Encode(c.m); err == nil {
			t.Errorf("%s: encoded to %d bytes; want an error", c.name, len(b))
		}
	}
}

// A hello that could not be sent would make its host vanish.
func TestLongestHelloFitsADatagram(t *testing.T) {
	m := &Message{From: peer(1, 1), Seq: 1, Servers: make([]ServerState, MaxServers),
		Body: &Hello{Version: strings.Repeat("1", maxVersion), Hears: make([]Peer, MaxHears)}}
	b, err := Encode(m)
	if err != nil || MaxPlain-len(b) < 200 {
		t.Errorf("%d bytes of %d, %v; want 200 left for what later versions add", len(b), MaxPlain, err)
	}
}

func TestMalformedDatagramIsRefused(t *testing.T) {
	hello := func(change func([]byte) []byte) []byte {
		b, err := Encode(&Message{From: peer(1, 1), Seq: 1, Body: &Hello{Version: "1", Hears: []Peer{peer(1, 2)}}})
		if err != nil {
			t.Fatal(err)
		}
		return change(b)
	}
	set := func(at int, v ...byte) func([]byte) []byte {
		return func(b []byte) []byte { copy(b[at:], v); return b }
	}
	ff := bytes.Repeat([]byte{0xFF}, 8)
	for _, c := range []struct {
		name string
		b    []byte
	}{
		{"empty", nil},
		{"longer than a datagram", make([]byte, MaxPlain+1)},
		{"from nobody", hello(set(0, make([]byte, 16)...))},
		{"seq 0", hello(set(16, make([]byte, 8)...))},
		{"a clock beyond time.Duration", hello(set(24, ff...))},
		{"kind 0", hello(set(32, 0))},
		{"kind of the future", hello(set(32, 99))},
		{"more servers than bytes", hello(set(33, 8))},
		{"more servers than allowed", hello(set(33, 9))},
		{"version longer than the rest", hello(set(34, 32))},
		{"version that writes to terminals", hello(set(35, 0x1B))},
		{"more heard than bytes", hello(set(44, 2))},
		{"half a field behind", hello(func(b []byte) []byte { return append(b, 9, 0) })},
		{"field longer than the rest", hello(func(b []byte) []byte { return append(b, 9, 0, 2, 1) })},
	} {
		if m, err := Decode(c.b); !errors.Is(err, ErrMalformed) || m != nil {
			t.Errorf("%s: got %+v, %v; want ErrMalformed", c.name, m, err)
		}
	}
	for _, m := range messages(t) {
		b, _ := Encode(m)
		for n := range b {
			if got, err := Decode(b[:n]); err == nil {
				t.Fatalf("%T cut to %d of %d bytes: taken as %+v", m.Body, n, len(b), got)
			}
		}
	}
}

func TestMalformedAnswerIsLeftOut(t *testing.T) {
	good, bad := samples(t)[0], *samples(t)[1]
	bad.Packed = append([]byte(nil), bad.Packed...)
	bad.Packed[7]++ // one record more than there is
	born := *good
	born.Birth = dns.Birth{}
	soaless := answer(t, "no.example.org", dns.TypeA, 3)
	soaless.TTL, soaless.Birth = 2*time.Second, good.Birth
	m := &Message{From: peer(1, 1), Seq: 1, Body: &Announce{Answers: []Aged{{&bad, 0}, {good, 0}, {&born, 0}, {soaless, 0}}}}
	b, err := Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if list := got.Body.(*Announce).Answers; len(list) != 1 || !reflect.DeepEqual(list[0].Answer, good) {
		t.Errorf("got %d answers; want the good one alone", len(list))
	}
}

// A peer's word counts for nothing where the records speak.
func TestKindAndPrivacyAreReadFromTheRecords(t *testing.T) {
	lie := *samples(t)[2]
	lie.Private, lie.Kind, lie.Question = false, dns.NXDomain, dns.Question{Name: "bank.example.", Type: dns.TypeA}
	a, rest, err := DecodeAged(append(EncodeAged(nil, Aged{&lie, 0}), "rest"...))
	if err != nil || string(rest) != "rest" {
		t.Fatalf("rest %q, %v", rest, err)
	}
	if !a.Private || a.Kind != dns.Positive || a.Question.Name != "intranet.example.org." {
		t.Errorf("got %+v; want a private address of intranet.example.org.", a.Answer)
	}
}

func TestDecodedAnswerKeepsNothingOfTheDatagram(t *testing.T) {
	m := messages(t)[4]
	b, _ := Encode(m)
	got, _ := Decode(b)
	clear(b)
	if !reflect.DeepEqual(got, m) {
		t.Error("the message changed with the buffer it was decoded from")
	}
}

func TestDecodeAllocatesWithinTheBytesGiven(t *testing.T) {
	const constant = 2048
	check := func(name string, b []byte, f func()) {
		if got, most := allocated(f), uint64(16*len(b)+constant); got > most {
			t.Errorf("%s: %d bytes allocated %d; want at most %d", name, len(b), got, most)
		}
	}
	inputs := map[string][]byte{}
	for _, m := range messages(t) {
		inputs[strings.TrimPrefix(reflect.TypeOf(m.Body).String(), "*wire.")], _ = Encode(m)
	}
	root := dns.Question{Name: ".", Type: 2}
	smallest := answer(t, ".", 2, 0, ". 1 IN NS .")
	many := &Message{From: peer(1, 1), Seq: 1, Body: &Announce{}}
	for Size(many) < MaxPlain-AgedSize(smallest) {
		many.Body.(*Announce).Answers = append(many.Body.(*Announce).Answers, Aged{smallest, 0})
	}
	inputs["smallest answers"], _ = Encode(many)
	asks := &Query{}
	for Size(&Message{Body: asks}) < MaxPlain-30 {
		asks.Asked = append(asks.Asked, Asked{Question: root})
	}
	inputs["smallest questions"], _ = Encode(&Message{From: peer(1, 1), Seq: 1, Body: asks})
	for name, b := range inputs {
		if len(b) == 0 {
			t.Fatalf("%s: not encoded", name)
		}
		check(name, b, func() { Decode(b) })
		// The same with every byte in turn at its most.
		for i := range b {
			c := bytes.Clone(b)
			c[i] = 0xFF
			if i%7 == 0 {
				check(name+" spoilt", c, func() { Decode(c) })
			}
		}
	}
	var long []dns.Question
	for range MaxWant / 3 {
		long = append(long, root)
	}
	want := EncodeWant(0, 0, long)
	check("want", want, func() { DecodeWant(want) })
	var answers []Aged
	for range PageRoom / AgedSize(smallest) {
		answers = append(answers, Aged{smallest, 0})
	}
	page := EncodePage(0, answers, 0, false, false)
	check("page", page, func() { DecodePage(page) })
}

func FuzzDecode(f *testing.F) {
	for _, m := range messages(f) {
		b, err := Encode(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			return
		}
		// What was understood can be said again, and means the same.
		again, err := Encode(m)
		if err != nil || len(again) != Size(m) || len(again) > len(b) {
			t.Fatalf("%+v encodes to %d bytes (Size %d, was %d), %v", m, len(again), Size(m), len(b), err)
		}
		if got, err := Decode(again); err != nil || !reflect.DeepEqual(got, m) {
			t.Fatalf("got %+v, %v; want %+v", got, err, m)
		}
		if a, ok := m.Body.(*Announce); ok {
			for _, x := range a.Answers {
				checkUse(t, x.Answer)
			}
		}
	})
}

// An age is told in whole milliseconds, and nothing gets younger by it (PROTOCOL 1.2).
func TestAgeIsRoundedUp(t *testing.T) {
	for age, want := range map[time.Duration]time.Duration{
		0: 0, 1: time.Millisecond, time.Millisecond: time.Millisecond, time.Millisecond + 1: 2 * time.Millisecond,
	} {
		if got := AgedOf(nil, age).Age; got != want {
			t.Errorf("%v is told as %v; want %v", age, got, want)
		}
	}
}
