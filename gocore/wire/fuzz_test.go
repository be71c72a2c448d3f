package wire

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"mcdns/gocore/dns"
)

// FuzzDecodeAged: the saved file is read with it, byte for byte as it is found.
func FuzzDecodeAged(f *testing.F) {
	for _, a := range samples(f) {
		f.Add(EncodeAged(nil, Aged{a, time.Minute}))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, rest, err := DecodeAged(b)
		if err != nil {
			if rest != nil && (len(rest) > len(b)-agedHeader || !errors.Is(err, dns.ErrForm)) {
				t.Fatalf("%d of %d bytes left, %v", len(rest), len(b), err)
			}
			return
		}
		again := EncodeAged(nil, a)
		// A TTL beyond its bound is held there, drawn letters are put right; all else
		// comes back as it was.
		was := slices.Clone(b[:len(b)-len(rest)])
		if len(again) != len(was) || folded(again[4:]) != folded(was[4:]) {
			t.Fatalf("%x came back as %x", b, again)
		}
		checkUse(t, a.Answer)
	})
}

// checkUse does with an answer what a host may do; package dns has more of it.
func checkUse(t *testing.T, a *dns.Answer) {
	if q, err := dns.NewQuestion(a.Question.Name, a.Question.Type); err != nil || q != a.Question {
		t.Fatalf("its question %v would be spelt %v, %v", a.Question, q, err)
	}
	if _, err := a.View(); err != nil && !errors.Is(err, dns.ErrNoHostName) {
		t.Fatalf("View of %v: %v", a.Question, err)
	}
	a.Records()
	// Told by a DNS server it would be the same answer.
	b, err := dns.ParseReply(a.Question, a.Packed)
	if err != nil || b.Kind != a.Kind || b.Private != a.Private || !bytes.Equal(b.Packed, a.Packed) || !b.SameData(a) {
		t.Fatalf("%x\nas a reply is %+v, %v", a.Packed, b, err)
	}
}

// folded is b with its ASCII letters in lower case, whatever else it is.
func folded(b []byte) string {
	out := bytes.Clone(b)
	for i, c := range out {
		if 'A' <= c && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return string(out)
}
