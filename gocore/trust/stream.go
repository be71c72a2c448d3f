package trust

import (
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"mcdns/gocore/wire"
)

// A stream is one TCP connection (PROTOCOL 3.16). Each side first sends a hello,
// sealed as a datagram is but under a key of its own purpose:
//
//	role 1  id 8  epoch 8  clock 8 (ms)
//
// Two keys, one for each direction, are made of the group keys that sealed the
// hellos, both nonces and both names. So a record proves that its sender holds
// the key and saw this very connection's nonces: nothing in it is a recording.
// Records follow, their number being the nonce:
//
//	length 2 (of the rest)  sealed { flags 1  part of a message }
const (
	// HelloSize is the length of a hello, in bytes.
	HelloSize = Overhead + helloPlain
	// PrefixSize is how many bytes of a record tell its length (RecordSize).
	PrefixSize = 2
	// MaxMessage is the most bytes that SealRecord takes and OpenRecord gives.
	MaxMessage = wire.MaxPage

	helloPlain  = 1 + 8 + 8 + 8
	recordPlain = 16 << 10
	recordMin   = 1 + chacha20poly1305.Overhead
	recordMax   = recordPlain + recordMin

	flagMore = 1 << 0 // the message goes on in the next record
	flagLast = 1 << 1 // nothing comes after this message

	roleDial, roleListen = 1, 2

	// maxClock in milliseconds fits a time.Duration.
	maxClock = 1 << 43
)

var (
	// ErrReflected: what came back is this host's own.
	ErrReflected = errors.New("stream: own hello came back")
	// ErrRecord: a record was forged, left out, repeated or reordered, or stands
	// behind the last.
	ErrRecord = errors.New("stream: broken record")
	// ErrCut: the connection ended before the last record.
	ErrCut = errors.New("stream: cut off before its end")

	errState = errors.New("stream: used out of turn")
)

// Stream is one end of a stream, without the connection: the driver carries
// the bytes. Once a method has failed, all others do.
type Stream struct {
	ring  *Ring
	self  wire.Peer
	clock time.Duration
	nonce [NonceSize]byte
	role  byte

	peer      wire.Peer
	peerClock time.Duration
	keys      [2]Key // that sealed the dialer's hello and the listener's

	in, out     direction
	partial     []byte
	established bool
	proven      bool
	failed      bool
}

// direction is one way of a stream.
type direction struct {
	aead  cipher.AEAD
	count uint64
	last  bool
}

// NewStream begins a stream. dials is true on the side that opened the
// connection; clock is this host's BOOTTIME now; nonce must be random and is
// used for this stream alone.
func NewStream(ring *Ring, self wire.Peer, clock time.Duration, dials bool, nonce [NonceSize]byte) *Stream {
	s := &Stream{ring: ring, self: self, clock: clock, nonce: nonce, role: roleListen}
	if dials {
		s.role = roleDial
	}
	return s
}

// Hello is what to send first: HelloSize bytes.
func (s *Stream) Hello() []byte {
	b := append(make([]byte, 0, helloPlain), s.role)
	b = binary.BigEndian.AppendUint64(b, s.self.ID)
	b = binary.BigEndian.AppendUint64(b, s.self.Epoch)
	b = binary.BigEndian.AppendUint64(b, uint64(max(s.clock, 0)/time.Millisecond))
	k := &s.ring.keys[0]
	return k.seal(k.hello, b, s.nonce)
}

// Accept takes the peer's hello. The peer is not proven by it: a hello may be a
// recording, a record cannot. The error is that of Ring.Open or ErrReflected.
func (s *Stream) Accept(hello []byte) error {
	if s.failed || s.established {
		return s.fail(errState)
	}
	if len(hello) != HelloSize {
		return s.fail(ErrShort)
	}
	b, k, err := s.ring.open(nil, hello, true)
	if err != nil {
		return s.fail(err)
	}
	s.peer = wire.Peer{ID: binary.BigEndian.Uint64(b[1:]), Epoch: binary.BigEndian.Uint64(b[9:])}
	ms := binary.BigEndian.Uint64(b[17:])
	nonce := [NonceSize]byte(hello[nonceAt:sealedAt])
	if b[0] != roleDial+roleListen-s.role || s.peer == s.self || nonce == s.nonce {
		return s.fail(ErrReflected)
	}
	if ms > maxClock || s.peer == (wire.Peer{}) {
		return s.fail(ErrForged)
	}
	s.peerClock = time.Duration(ms) * time.Millisecond
	s.agree(k.key, nonce)
	return nil
}

// agree makes the keys of both directions.
func (s *Stream) agree(key Key, nonce [NonceSize]byte) {
	nonces := [2][NonceSize]byte{s.nonce, nonce}
	peers := [2]wire.Peer{s.self, s.peer}
	s.keys = [2]Key{s.ring.keys[0].key, key}
	if s.role == roleListen {
		nonces[0], nonces[1] = nonces[1], nonces[0]
		peers[0], peers[1] = peers[1], peers[0]
		s.keys[0], s.keys[1] = s.keys[1], s.keys[0]
	}
	info := []byte("mcdns 1 stream")
	for _, p := range peers {
		info = binary.BigEndian.AppendUint64(info, p.ID)
		info = binary.BigEndian.AppendUint64(info, p.Epoch)
	}
	secret := append(s.keys[0].secret[:], s.keys[1].secret[:]...)
	salt := append(nonces[0][:], nonces[1][:]...)
	both := stretch(secret, salt, string(info), 2*chacha20poly1305.KeySize)
	dialer, listener := newRecordAEAD(both[:32]), newRecordAEAD(both[32:])
	if s.role == roleDial {
		s.out.aead, s.in.aead = dialer, listener
	} else {
		s.out.aead, s.in.aead = listener, dialer
	}
	s.established = true
}

func newRecordAEAD(key []byte) cipher.AEAD {
	a, err := chacha20poly1305.New(key)
	if err != nil {
		panic("trust: " + err.Error()) // only for keys of another size
	}
	return a
}

// Peer is who the other end says it is, and its BOOTTIME when it began. Believe
// it once Proven.
func (s *Stream) Peer() (peer wire.Peer, clock time.Duration) { return s.peer, s.peerClock }

// Proven reports whether a record came: the peer lives, knows the key and
// answers to my nonce.
func (s *Stream) Proven() bool { return s.proven }

// Under reports whether a ring still holds the keys of the stream. If not, the
// driver closes it: a key that was removed is not trusted any more.
func (s *Stream) Under(r *Ring) bool {
	for _, k := range s.keys {
		if !r.holds(k) {
			return false
		}
	}
	return true
}

func (r *Ring) holds(key Key) bool {
	for _, k := range r.keys {
		if k.key == key {
			return true
		}
	}
	return false
}

// SealRecord returns a message of at most MaxMessage bytes as it is to be
// written to the connection: one record for each 16 KiB of it. last says that
// no more messages follow.
func (s *Stream) SealRecord(message []byte, last bool) ([]byte, error) {
	if s.failed || !s.established || s.out.last {
		return nil, s.fail(errState)
	}
	if len(message) > MaxMessage {
		return nil, s.fail(fmt.Errorf("stream: message of %d bytes, at most %d", len(message), MaxMessage))
	}
	records := max(1, (len(message)+recordPlain-1)/recordPlain)
	b := make([]byte, 0, len(message)+records*(PrefixSize+recordMin))
	for ; records > 1; records-- {
		b = s.out.seal(b, flagMore, message[:recordPlain])
		message = message[recordPlain:]
	}
	flags := byte(0)
	if last {
		flags, s.out.last = flagLast, true
	}
	return s.out.seal(b, flags, message), nil
}

func (d *direction) seal(b []byte, flags byte, part []byte) []byte {
	start := len(b)
	b = binary.BigEndian.AppendUint16(b, uint16(recordMin+len(part)))
	plain := append(append(make([]byte, 0, 1+len(part)), flags), part...)
	nonce := d.nonce()
	return d.aead.Seal(b, nonce[:], plain, b[start:start+PrefixSize])
}

// nonce is the number of the record, which goes up.
func (d *direction) nonce() (n [chacha20poly1305.NonceSize]byte) {
	binary.BigEndian.PutUint64(n[4:], d.count)
	d.count++
	return n
}

// RecordSize tells from the first PrefixSize bytes of a record how many follow.
// It bounds what a driver reads before anything is known of the peer.
func RecordSize(prefix [PrefixSize]byte) (int, error) {
	n := int(binary.BigEndian.Uint16(prefix[:]))
	if n < recordMin || n > recordMax {
		return 0, fmt.Errorf("%w: %d bytes", ErrRecord, n)
	}
	return n, nil
}

// OpenRecord takes the next record, without its prefix. message is nil if it
// goes on in the next record; last says that it was the last. The error is
// ErrRecord.
func (s *Stream) OpenRecord(record []byte) (message []byte, last bool, err error) {
	if s.failed || !s.established {
		return nil, false, s.fail(errState)
	}
	if s.in.last || len(record) < recordMin || len(record) > recordMax {
		return nil, false, s.fail(ErrRecord)
	}
	var prefix [PrefixSize]byte
	binary.BigEndian.PutUint16(prefix[:], uint16(len(record)))
	nonce := s.in.nonce()
	plain, err := s.in.aead.Open(nil, nonce[:], record, prefix[:])
	if err != nil || plain[0] > flagLast || len(s.partial)+len(plain)-1 > MaxMessage {
		return nil, false, s.fail(ErrRecord)
	}
	s.proven = true
	flags, part := plain[0], plain[1:]
	if flags&flagMore != 0 {
		if len(part) < recordPlain {
			return nil, false, s.fail(ErrRecord) // records for nothing
		}
		s.partial = append(s.partial, part...)
		return nil, false, nil
	}
	if len(s.partial) > 0 {
		part, s.partial = append(s.partial, part...), nil
	}
	s.in.last = flags&flagLast != 0
	return part, s.in.last, nil
}

// Ended says what the end of the connection means: nil after the peer's last
// record, else ErrCut. A stream that is cut has brought what it brought; its
// driver resumes with another peer.
func (s *Stream) Ended() error {
	if s.in.last && !s.failed {
		return nil
	}
	return ErrCut
}

func (s *Stream) fail(err error) error {
	s.failed = true
	return err
}
