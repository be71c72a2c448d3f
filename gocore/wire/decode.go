package wire

import (
	"encoding/binary"
	"fmt"
	"time"

	"mcdns/gocore/dns"
)

// A reader takes fields off hostile bytes. A field that is not there reads as
// zero and is remembered, so that one check at the end is enough; counts are
// checked against the bytes left before anything is allocated for them.
type reader struct {
	b   []byte
	bad bool
}

// fail ends the reading: nothing is left, every further field is zero.
func (r *reader) fail() { r.bad, r.b = true, nil }

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.fail()
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) u8() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// count bounds what a length field says by the bytes that so many items of at
// least size bytes would take.
func (r *reader) count(n, most, size int) int {
	if n > most || n*size > len(r.b) {
		r.fail()
		return 0
	}
	return n
}

func (r *reader) peer() Peer { return Peer{ID: r.u64(), Epoch: r.u64()} }

func (r *reader) birth() dns.Birth { return dns.Birth{Peer: r.peer(), Clock: r.clock()} }

func (r *reader) clock() time.Duration {
	ms := r.u64()
	if ms > maxMillis {
		r.fail()
		return 0
	}
	return time.Duration(ms) * time.Millisecond
}

func (r *reader) age() time.Duration { return time.Duration(r.u32()) * time.Millisecond }

func (r *reader) ttl() time.Duration {
	return time.Duration(min(r.u32(), dns.MaxTTL)) * time.Second
}

func (r *reader) flags(known byte) byte {
	f := r.u8()
	if f&^known != 0 {
		r.fail()
	}
	return f
}

func (r *reader) question() dns.Question {
	q, rest, ok := dns.ReadQuestion(r.b)
	if !ok {
		r.fail()
		return q
	}
	r.b = rest
	return q
}

// Decode reads the plaintext of a datagram whose seal was good; it may still be
// hostile, since a key holder may be. Question, Kind and Private of an answer
// are what its records say. An answer that is not of the form that ParseReply
// makes is left out of a message that is otherwise good. b is not kept.
func Decode(b []byte) (*Message, error) {
	if len(b) > MaxPlain {
		return nil, fmt.Errorf("%w: %d bytes", ErrMalformed, len(b))
	}
	r := reader{b: b}
	m := &Message{From: r.peer(), Seq: r.u64(), Sent: r.clock()}
	kind := Kind(r.u8())
	m.Servers = r.servers()
	m.Body = r.body(kind)
	r.fields(m.Body)
	if r.bad || m.Body == nil || m.From == (Peer{}) || m.Seq == 0 {
		return nil, fmt.Errorf("%w: %v, %d bytes", ErrMalformed, kind, len(b))
	}
	return m, nil
}

func (r *reader) servers() []ServerState {
	n := r.count(int(r.u8()), MaxServers, serverStateLen)
	if n == 0 {
		return nil
	}
	list := make([]ServerState, n)
	for i := range list {
		list[i] = ServerState{
			Server: dns.ServerID(r.u64()), Success: r.age(), Failure: r.age(),
			Suspect: r.flags(flagSuspect) != 0,
		}
	}
	return list
}

func (r *reader) body(k Kind) Body {
	if k == 0 || k >= Kinds {
		return nil
	}
	return kinds[k].decode(r)
}

func (r *reader) hello() *Hello {
	h := &Hello{Version: r.version(), Names: r.u32(), Told: r.u32()}
	if n := r.count(int(r.u8()), MaxHears, peerLen); n > 0 {
		h.Hears = make([]Peer, n)
		for i := range h.Hears {
			h.Hears[i] = r.peer()
		}
	}
	return h
}

// version is printed in logs and on terminals: nothing but visible ASCII.
func (r *reader) version() string {
	b := r.take(r.count(int(r.u8()), maxVersion, 1))
	for _, c := range b {
		if c <= ' ' || c > '~' {
			r.fail()
			return ""
		}
	}
	return string(b)
}

func (r *reader) long() []Long {
	n := r.count(int(r.u8()), 255, longMin)
	if n == 0 {
		return nil
	}
	list := make([]Long, n)
	for i := range list {
		l := Long{Question: r.question(), Birth: r.birth(), TTL: r.ttl(), Length: r.u32()}
		if l.Length > dns.MaxPacked || l.Birth.Peer == (Peer{}) {
			r.fail()
		}
		if r.bad {
			return nil
		}
		list[i] = l
	}
	return list
}

func (r *reader) query() *Query {
	q := &Query{Nonce: r.u64(), Wireless: r.flags(flagWireless) != 0}
	n := r.count(int(r.u8()), 255, askedMin)
	if n == 0 {
		return q
	}
	q.Asked = make([]Asked, n)
	for i := range q.Asked {
		q.Asked[i] = Asked{Question: r.question(), Held: r.birth()}
		if r.bad {
			break
		}
	}
	return q
}

func (r *reader) answers(most int) []Aged {
	n := r.count(int(r.u8()), most, agedHeader)
	return r.agedList(n)
}

// agedList reads n answers and leaves out those that are malformed in
// themselves.
func (r *reader) agedList(n int) []Aged {
	var list []Aged
	for i := range n {
		a, err := r.aged()
		if r.bad {
			return nil
		}
		if err != nil {
			continue
		}
		if list == nil {
			list = make([]Aged, 0, n-i)
		}
		list = append(list, a)
	}
	return list
}

// aged reads one answer. r.bad says that the bytes cannot be gone on with, err
// that the answer is worth nothing.
func (r *reader) aged() (Aged, error) {
	a := dns.Answer{TTL: r.ttl(), Birth: r.birth(), Server: dns.ServerID(r.u64())}
	age := r.age()
	packed := r.take(int(r.u16()))
	if r.bad {
		return Aged{}, ErrMalformed
	}
	if a.Birth.Peer == (Peer{}) {
		return Aged{}, fmt.Errorf("%w: no birth", dns.ErrForm)
	}
	if err := a.Unpack(packed); err != nil {
		return Aged{}, err
	}
	return Aged{Answer: &a, Age: age}, nil
}

// DecodeAged reads what EncodeAged appended and returns what stands behind it.
// After an error rest is nil if it is not known where the next answer begins;
// else only this answer was bad. b is not kept.
func DecodeAged(b []byte) (a Aged, rest []byte, err error) {
	r := reader{b: b}
	a, err = r.aged()
	return a, r.b, err
}
