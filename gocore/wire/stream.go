package wire

import (
	"encoding/binary"
	"fmt"
	"time"

	"mcdns/gocore/dns"
)

// What a catch-up stream carries (PROTOCOL 3.16): one want, then pages.
const (
	// PageRoom is the most bytes of answers, counted by AgedSize, that a page
	// should hold; one answer alone may be longer.
	PageRoom = 16<<10 - pageHeader
	// MaxPage is the most bytes that DecodePage takes: a page of the longest
	// answer, with room for the fields of a later version.
	MaxPage = pageHeader + agedHeader + dns.MaxPacked + fieldsRoom
	// MaxWant is the most bytes that DecodeWant takes; EncodeWant leaves out
	// the questions that do not fit beside fieldsRoom.
	MaxWant = 16<<10 + fieldsRoom

	pageHeader = 8 + 8 + 1 + 2 // sent (ms), next, flags, count
	wantHeader = 8 + 8 + 2     // away (ms), after, count
	fieldsRoom = 1 << 10

	flagEnd  = 1 << 0
	flagBusy = 1 << 1
)

// EncodePage makes one page. The caller keeps to PageRoom.
func EncodePage(sent time.Duration, answers []Aged, next uint64, end, busy bool) []byte {
	n := pageHeader
	for _, a := range answers {
		n += AgedSize(a.Answer)
	}
	w := (&writer{b: make([]byte, 0, n)}).clock(sent).u64(next).u8(flags(end, busy)).u16(uint16(len(answers)))
	for _, a := range answers {
		w.aged(a)
	}
	return w.b
}

func flags(end, busy bool) (f byte) {
	if end {
		f |= flagEnd
	}
	if busy {
		f |= flagBusy
	}
	return f
}

// DecodePage reads a page; malformed answers are left out as by Decode. b is
// not kept.
func DecodePage(b []byte) (sent time.Duration, answers []Aged, next uint64, end, busy bool, err error) {
	if len(b) > MaxPage {
		return 0, nil, 0, false, false, fmt.Errorf("%w: page of %d bytes", ErrMalformed, len(b))
	}
	r := reader{b: b}
	sent, next = r.clock(), r.u64()
	f := r.flags(flagEnd | flagBusy)
	answers = r.agedList(r.count(int(r.u16()), len(b)/agedHeader, agedHeader))
	if r.fields(nil); r.bad {
		return 0, nil, 0, false, false, fmt.Errorf("%w: page of %d bytes", ErrMalformed, len(b))
	}
	return sent, answers, next, f&flagEnd != 0, f&flagBusy != 0, nil
}

// EncodeWant makes what the host that opens a stream says first: how long it
// was away, the hash to resume behind, and the questions if only these are
// wanted. Questions that NewQuestion would refuse are left out.
func EncodeWant(away time.Duration, after uint64, qs []dns.Question) []byte {
	b := (&writer{b: make([]byte, 0, 256)}).clock(away).u64(after).u16(0).b
	n := 0
	for _, q := range qs {
		longer, err := q.Append(b)
		if err != nil {
			continue
		}
		if len(longer) > MaxWant-fieldsRoom {
			break
		}
		b = longer
		n++
	}
	binary.BigEndian.PutUint16(b[wantHeader-2:], uint16(n))
	return b
}

// DecodeWant reads a want. b is not kept.
func DecodeWant(b []byte) (away time.Duration, after uint64, qs []dns.Question, err error) {
	r := reader{b: b}
	if len(b) > MaxWant {
		r.fail()
	}
	away, after = r.clock(), r.u64()
	if n := r.count(int(r.u16()), MaxWant/questionMin, questionMin); n > 0 {
		qs = make([]dns.Question, n)
		for i := 0; i < n && !r.bad; i++ {
			qs[i] = r.question()
		}
	}
	if r.fields(nil); r.bad {
		return 0, 0, nil, fmt.Errorf("%w: want of %d bytes", ErrMalformed, len(b))
	}
	return away, after, qs, nil
}
