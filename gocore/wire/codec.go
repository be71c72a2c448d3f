package wire

import (
	"errors"
	"fmt"

	"mcdns/gocore/dns"
)

// The plaintext of a datagram, integers big endian:
//
//	id 8  epoch 8  seq 8  sent 8 (ms)  kind 1  servers 1
//	servers x { server 8  success 4 (ms)  failure 4 (ms)  flags 1 }
//	body, by kind
//	fields, to the end (fields.go)
const (
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
// message breaks a bound, is longer than MaxPlain or asks what dns.NewQuestion
// would refuse.
func Encode(m *Message) ([]byte, error) {
	if m.Body == nil {
		return nil, fmt.Errorf("%w: no body", ErrMalformed)
	}
	w := (&writer{b: make([]byte, 0, min(Size(m), MaxPlain))}).message(m)
	if w.err != nil {
		return nil, w.err
	}
	if len(w.b) > MaxPlain {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLong, len(w.b), MaxPlain)
	}
	return w.b, nil
}

// Size is len of what Encode would return, in bytes.
func Size(m *Message) int { return counting().message(m).n }

// AgedSize is what an answer adds to an Announce, an Answer or a page, in bytes.
func AgedSize(a *dns.Answer) int { return counting().aged(Aged{Answer: a}).n }

// LongSize is what a Long adds to an Announce, in bytes.
func LongSize(l Long) int { return counting().long(l).n }

// AskedSize is what an Asked adds to a Query, in bytes.
func AskedSize(a Asked) int { return counting().asked(a).n }

// EncodeAged appends an answer and its age, as they stand in datagrams, stream
// records and the saved file:
//
//	ttl 4 (s)  birth 24 (id, epoch, clock in ms)  server 8  age 4 (ms)  len 2  packed
//
// An age beyond 49 days is held at Never. Packed must not exceed 64 KiB.
func EncodeAged(dst []byte, a Aged) []byte { return (&writer{b: dst}).aged(a).b }

func (w *writer) message(m *Message) *writer {
	if len(m.Servers) > MaxServers {
		w.err = fmt.Errorf("%w: %d server states, at most %d", ErrTooLong, len(m.Servers), MaxServers)
	}
	w.peer(m.From).u64(m.Seq).clock(m.Sent)
	if m.Body == nil { // only Size is asked for such a message: for its head
		w.u8(0)
	} else {
		w.u8(byte(m.Body.Kind()))
	}
	w.u8(byte(len(m.Servers)))
	for _, s := range m.Servers {
		w.u64(uint64(s.Server)).age(s.Success).age(s.Failure).flag(s.Suspect, flagSuspect)
	}
	if m.Body == nil {
		return w
	}
	return m.Body.encode(w)
}

func (h *Hello) encode(w *writer) *writer {
	if len(h.Version) > maxVersion || len(h.Hears) > MaxHears {
		w.err = fmt.Errorf("%w: version of %d bytes, %d peers heard", ErrTooLong, len(h.Version), len(h.Hears))
	}
	w.u8(byte(len(h.Version))).text(h.Version).u32(h.Names).u32(h.Told).u8(byte(len(h.Hears)))
	for _, p := range h.Hears {
		w.peer(p)
	}
	if h.Name == "" {
		return w
	}
	if !IsName(h.Name) {
		w.err = fmt.Errorf("%w: a host called %q", ErrMalformed, h.Name)
	}
	return w.field(fieldName, h.Name)
}

func (p *Prove) encode(w *writer) *writer { return w.u64(p.Nonce) }

func (p *Proof) encode(w *writer) *writer { return w.u64(p.Nonce) }

func (a *Announce) encode(w *writer) *writer {
	w.answers(a.Answers).length(len(a.Long))
	for _, l := range a.Long {
		w.long(l)
	}
	return w.u8(a.New)
}

func (q *Query) encode(w *writer) *writer {
	w.u64(q.Nonce).flag(q.Wireless, flagWireless).length(len(q.Asked))
	for _, a := range q.Asked {
		w.asked(a)
	}
	return w
}

func (r *Answer) encode(w *writer) *writer { return w.u64(r.Nonce).answers(r.Answers) }

func (a *Ask) encode(w *writer) *writer { return w.question(a.Question) }

func (*Bye) encode(w *writer) *writer { return w }
