package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"mcdns/gocore/dns"
)

// The plaintext of a datagram, integers big endian:
//
//	id 8  epoch 8  seq 8  sent 8 (ms)  kind 1  servers 1
//	servers x { server 8  success 4 (ms)  failure 4 (ms)  flags 1 }
//	body, by kind; nothing behind it
const (
	frameLen       = 34
	serverStateLen = 17
	peerLen        = 16
	birthLen       = 24
	questionMin    = 1 + 2
	askedMin       = questionMin + birthLen
	longMin        = questionMin + birthLen + 8
	agedHeader     = 42
)

// sealOverhead is what sealing adds: magic 4, version 1, key id 4, nonce 24,
// tag 16.
const sealOverhead = 49

// MaxPlain is the most bytes that Encode makes and Decode takes: sealed, they
// fill a datagram.
const MaxPlain = MaxDatagram - sealOverhead

// maxMillis bounds clocks so that they fit a time.Duration (278 years).
const maxMillis = 1 << 43

const maxVersion = 32

const (
	kindHello = iota + 1
	kindProve
	kindProof
	kindAnnounce
	kindQuery
	kindReply
	kindAsk
	kindBye
)

const (
	flagSuspect  = 1 << 0 // of a server state
	flagWireless = 1 << 0 // of a query
)

var (
	// ErrMalformed: bytes that no Encode made.
	ErrMalformed = errors.New("malformed message")
	// ErrTooLong: a message that does not fit a datagram or breaks a bound of
	// its fields.
	ErrTooLong = errors.New("message does not fit a datagram")
)

// Encode returns the plaintext to be sealed. Ages are rounded up, TTLs and
// clocks down, so that nothing becomes younger on the way. It fails if the
// message breaks a bound, is longer than MaxPlain or asks what NewQuestion
// would refuse.
func Encode(m *Message) ([]byte, error) {
	if len(m.Servers) > MaxServers {
		return nil, fmt.Errorf("%w: %d server states, at most %d", ErrTooLong, len(m.Servers), MaxServers)
	}
	b := appendPeer(make([]byte, 0, min(Size(m), MaxPlain)), m.From)
	b = binary.BigEndian.AppendUint64(b, m.Seq)
	b = appendClock(b, m.Sent)
	b = append(b, kindOf(m.Body), byte(len(m.Servers)))
	for _, s := range m.Servers {
		b = binary.BigEndian.AppendUint64(b, uint64(s.Server))
		b = appendAge(appendAge(b, s.Success), s.Failure)
		b = append(b, flag(s.Suspect, flagSuspect))
	}
	b, err := appendBody(b, m.Body)
	if err != nil {
		return nil, err
	}
	if len(b) > MaxPlain {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLong, len(b), MaxPlain)
	}
	return b, nil
}

func kindOf(b Body) byte {
	switch b.(type) {
	case *Hello:
		return kindHello
	case *Prove:
		return kindProve
	case *Proof:
		return kindProof
	case *Announce:
		return kindAnnounce
	case *Query:
		return kindQuery
	case *Reply:
		return kindReply
	case *Ask:
		return kindAsk
	}
	return kindBye
}

func appendBody(b []byte, body Body) ([]byte, error) {
	switch body := body.(type) {
	case *Hello:
		return appendHello(b, body)
	case *Prove:
		return binary.BigEndian.AppendUint64(b, body.Nonce), nil
	case *Proof:
		return binary.BigEndian.AppendUint64(b, body.Nonce), nil
	case *Announce:
		return appendAnnounce(b, body)
	case *Query:
		return appendAsked(b, body)
	case *Reply:
		return appendAnswers(binary.BigEndian.AppendUint64(b, body.Nonce), body.Answers)
	case *Ask:
		return body.Question.Append(b)
	case *Bye:
		return b, nil
	}
	return b, fmt.Errorf("%w: body %T", ErrMalformed, body)
}

func appendHello(b []byte, h *Hello) ([]byte, error) {
	if len(h.Version) > maxVersion || len(h.Hears) > MaxHears {
		return b, fmt.Errorf("%w: version of %d bytes, %d peers heard", ErrTooLong, len(h.Version), len(h.Hears))
	}
	b = append(b, byte(len(h.Version)))
	b = append(b, h.Version...)
	b = binary.BigEndian.AppendUint32(b, h.Names)
	b = binary.BigEndian.AppendUint32(b, h.Told)
	b = append(b, byte(len(h.Hears)))
	for _, p := range h.Hears {
		b = appendPeer(b, p)
	}
	return b, nil
}

func appendAnnounce(b []byte, a *Announce) ([]byte, error) {
	b, err := appendAnswers(b, a.Answers)
	if err != nil {
		return b, err
	}
	if len(a.Long) > 255 {
		return b, ErrTooLong
	}
	b = append(b, byte(len(a.Long)))
	for _, l := range a.Long {
		if b, err = l.Question.Append(b); err != nil {
			return b, err
		}
		b = appendBirth(b, l.Birth)
		b = binary.BigEndian.AppendUint32(b, seconds(l.TTL))
		b = binary.BigEndian.AppendUint32(b, l.Length)
	}
	return append(b, a.New), nil
}

func appendAnswers(b []byte, answers []Aged) ([]byte, error) {
	if len(answers) > 255 {
		return b, ErrTooLong
	}
	b = append(b, byte(len(answers)))
	for _, a := range answers {
		if len(a.Packed) > dns.MaxPacked {
			return b, ErrTooLong
		}
		b = EncodeAged(b, a)
	}
	return b, nil
}

func appendAsked(b []byte, q *Query) ([]byte, error) {
	if len(q.Asked) > 255 {
		return b, ErrTooLong
	}
	b = binary.BigEndian.AppendUint64(b, q.Nonce)
	b = append(b, flag(q.Wireless, flagWireless), byte(len(q.Asked)))
	var err error
	for _, a := range q.Asked {
		if b, err = a.Question.Append(b); err != nil {
			return b, err
		}
		b = appendBirth(b, a.Held)
	}
	return b, nil
}

// EncodeAged appends an answer and its age, as they stand in datagrams, stream
// records and the saved file:
//
//	ttl 4 (s)  birth 24 (id, epoch, clock in ms)  server 8  age 4 (ms)  len 2  packed
//
// An age beyond 49 days is held at Never. Packed must not exceed 64 KiB.
func EncodeAged(dst []byte, a Aged) []byte {
	dst = binary.BigEndian.AppendUint32(dst, seconds(a.TTL))
	dst = appendBirth(dst, a.Birth)
	dst = binary.BigEndian.AppendUint64(dst, uint64(a.Server))
	dst = appendAge(dst, a.Age)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(a.Packed)))
	return append(dst, a.Packed...)
}

func appendPeer(b []byte, p Peer) []byte {
	b = binary.BigEndian.AppendUint64(b, p.ID)
	return binary.BigEndian.AppendUint64(b, p.Epoch)
}

func appendBirth(b []byte, v dns.Birth) []byte { return appendClock(appendPeer(b, v.Peer), v.Clock) }

func appendClock(b []byte, d time.Duration) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(max(d, 0)/time.Millisecond))
}

// appendAge rounds up to whole milliseconds and holds at Never.
func appendAge(b []byte, d time.Duration) []byte {
	ms := (min(max(d, 0), Never) + time.Millisecond - 1) / time.Millisecond
	return binary.BigEndian.AppendUint32(b, uint32(ms))
}

func seconds(d time.Duration) uint32 {
	return uint32(min(max(d, 0)/time.Second, dns.MaxTTL))
}

func flag(on bool, bit byte) byte {
	if on {
		return bit
	}
	return 0
}

// Size is len of what Encode would return, in bytes.
func Size(m *Message) int {
	n := frameLen + serverStateLen*len(m.Servers)
	switch b := m.Body.(type) {
	case *Hello:
		n += 1 + len(b.Version) + 4 + 4 + 1 + peerLen*len(b.Hears)
	case *Prove, *Proof:
		n += 8
	case *Announce:
		n += answersSize(b.Answers) + 1 + 1
		for _, l := range b.Long {
			n += LongSize(l)
		}
	case *Query:
		n += 8 + 1 + 1
		for _, a := range b.Asked {
			n += AskedSize(a)
		}
	case *Reply:
		n += 8 + answersSize(b.Answers)
	case *Ask:
		n += b.Question.Size()
	}
	return n
}

func answersSize(answers []Aged) int {
	n := 1
	for _, a := range answers {
		n += AgedSize(a.Answer)
	}
	return n
}

// AgedSize is what an answer adds to an Announce, a Reply or a page, in bytes.
func AgedSize(a *dns.Answer) int { return agedHeader + len(a.Packed) }

// LongSize is what a Long adds to an Announce, in bytes.
func LongSize(l Long) int { return l.Question.Size() + birthLen + 8 }

// AskedSize is what an Asked adds to a Query, in bytes.
func AskedSize(a Asked) int { return a.Question.Size() + birthLen }
