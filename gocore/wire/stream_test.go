package wire

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"mcdns/gocore/dns"
)

func TestPageComesBackAsItWas(t *testing.T) {
	var aged []Aged
	for i, a := range samples(t) {
		aged = append(aged, Aged{a, time.Duration(i) * time.Minute})
	}
	for _, c := range []struct {
		answers   []Aged
		end, busy bool
	}{{aged, false, false}, {aged[:6], true, false}, {nil, true, true}} {
		kept := c.answers
		b := EncodePage(time.Hour, c.answers, 1<<63+5, c.end, c.busy)
		sent, answers, next, end, busy, err := DecodePage(b)
		if err != nil || sent != time.Hour || next != 1<<63+5 || end != c.end || busy != c.busy || !reflect.DeepEqual(answers, kept) {
			t.Errorf("got %v %d answers %d %v %v, %v; want %d answers %v %v", sent, len(answers), next, end, busy, err, len(kept), c.end, c.busy)
		}
		for n := range b {
			if _, _, _, _, _, err := DecodePage(b[:n]); err == nil {
				t.Fatalf("page cut to %d of %d bytes is taken", n, len(b))
			}
		}
	}
}

func TestLongestAnswerFitsAPage(t *testing.T) {
	q := question(t, "big.example", 65280)
	var lines []string
	for i := range 250 {
		lines = append(lines, `big.example. 300 IN TYPE65280 \# 248 `+strings.Repeat("00", 247)+string("0123456789abcdef"[i/16])+string("0123456789abcdef"[i%16]))
	}
	a, err := dns.ParseAnswer(q, 0, lines)
	if err != nil || len(a.Packed) < 64000 {
		t.Fatalf("%v", err)
	}
	a.Birth.ID = 1
	b := EncodePage(0, []Aged{{a, 0}}, 0, true, false)
	if _, answers, _, _, _, err := DecodePage(b); err != nil || len(answers) != 1 || len(b) > MaxPage {
		t.Errorf("%d bytes: %d answers, %v", len(b), len(answers), err)
	}
}

func TestWantComesBackAsItWas(t *testing.T) {
	qs := []dns.Question{question(t, "a.example", dns.TypeA), question(t, `\000.b`, dns.TypePTR)}
	for _, list := range [][]dns.Question{nil, qs} {
		b := EncodeWant(time.Minute, 7, list)
		away, after, got, err := DecodeWant(b)
		if err != nil || away != time.Minute || after != 7 || !reflect.DeepEqual(got, list) {
			t.Errorf("got %v %d %v, %v; want %v", away, after, got, err, list)
		}
		for n := range b {
			if _, _, _, err := DecodeWant(b[:n]); err == nil {
				t.Fatalf("want cut to %d of %d bytes is taken", n, len(b))
			}
		}
	}
}

func TestWantLeavesOutWhatDoesNotFit(t *testing.T) {
	q := question(t, strings.Repeat("abcdefg.", 31)+"x", dns.TypeA)
	var list []dns.Question
	for range 100 {
		list = append(list, q)
	}
	b := EncodeWant(0, 0, append([]dns.Question{{Name: ""}}, list...))
	_, _, got, err := DecodeWant(b)
	if err != nil || len(got) != 64 || len(b) > MaxWant {
		t.Errorf("%d bytes, %d questions, %v; want 64 questions", len(b), len(got), err)
	}
}

func FuzzDecodePage(f *testing.F) {
	var aged []Aged
	for _, a := range samples(f) {
		aged = append(aged, Aged{a, time.Second})
		f.Add(EncodePage(time.Hour, []Aged{{a, 5}}, 5, true, false))
	}
	f.Add(EncodePage(time.Hour, aged, 5, false, false))
	f.Fuzz(func(t *testing.T, b []byte) {
		sent, answers, next, end, busy, err := DecodePage(b)
		if err != nil {
			return
		}
		again := EncodePage(sent, answers, next, end, busy)
		s, a, n, e, y, err := DecodePage(again)
		if err != nil || s != sent || n != next || e != end || y != busy || !reflect.DeepEqual(a, answers) {
			t.Fatalf("%x\ncame back as\n%x, %v", b, again, err)
		}
		for _, x := range answers {
			checkUse(t, x.Answer)
		}
	})
}

func FuzzDecodeWant(f *testing.F) {
	f.Add(EncodeWant(time.Hour, 5, []dns.Question{{Name: "www.example.org.", Type: dns.TypeA}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		away, after, qs, err := DecodeWant(b)
		if err != nil {
			return
		}
		again := EncodeWant(away, after, qs)
		if !strings.HasPrefix(string(b), string(again)) { // fields may follow
			t.Fatalf("%x came back as %x", b, again)
		}
	})
}
