package trust

import (
	"crypto/cipher"
	"encoding/binary"
	"errors"

	"golang.org/x/crypto/chacha20poly1305"
)

// A sealed datagram:
//
//	magic 4  version 1  key id 4  nonce 24  ciphertext  tag 16
//
// Everything before the ciphertext is in clear and authenticated. The nonce is
// random: with 24 bytes of it a group may seal 2^80 datagrams before two are
// expected to share one.
const (
	magic = "mcdn"
	// version is raised with every change of what is sealed: hosts that understood
	// each other's unchanged messages alone counted one another as peers, and as
	// heard, in an outage, and shared nothing before it.
	version    = 3
	idAt       = len(magic) + 1
	nonceAt    = idAt + 4
	sealedAt   = nonceAt + NonceSize
	headerSize = sealedAt
)

// NonceSize is the bytes of randomness that each Seal needs.
const NonceSize = chacha20poly1305.NonceSizeX

// Overhead is what Seal adds, in bytes.
const Overhead = headerSize + chacha20poly1305.Overhead

var (
	// ErrShort: too few bytes, or not ours at all.
	ErrShort = errors.New("no mcdns datagram")
	// ErrVersion: of another version of the protocol. Cheap to find out; whoever
	// upgrades a group host by host has two of them for a while.
	ErrVersion = errors.New("datagram of another version of mcdns")
	// ErrForeign: under a key that this host does not hold. Cheap to find out, and
	// nothing to worry about: another group on the same link.
	ErrForeign = errors.New("datagram of another group")
	// ErrForged: under a key id of ours, but not sealed with that key.
	ErrForged = errors.New("forged or damaged datagram")
)

// Ring holds the group keys of a host: one that seals, and more that only open
// while keys are changed. It is immutable and safe for concurrent use.
type Ring struct {
	keys []ringKey // the first seals
}

type ringKey struct {
	key      Key
	id       KeyID
	datagram cipher.AEAD
	hello    cipher.AEAD
}

// NewRing makes a ring that seals with seal and opens with all.
func NewRing(seal Key, open ...Key) *Ring {
	r := &Ring{keys: make([]ringKey, 0, 1+len(open))}
	r.add(seal)
	for _, k := range open {
		r.add(k)
	}
	return r
}

func (r *Ring) add(k Key) {
	for _, have := range r.keys {
		if have.key == k {
			return
		}
	}
	r.keys = append(r.keys, ringKey{
		key:      k,
		id:       k.ID(),
		datagram: newAEAD(k.derive("mcdns 1 datagram", chacha20poly1305.KeySize)),
		hello:    newAEAD(k.derive("mcdns 1 stream hello", chacha20poly1305.KeySize)),
	})
}

func newAEAD(key []byte) cipher.AEAD {
	a, err := chacha20poly1305.NewX(key)
	if err != nil {
		panic("trust: " + err.Error()) // only for keys of another size
	}
	return a
}

// SealID is the id of the key that seals.
func (r *Ring) SealID() KeyID { return r.keys[0].id }

// IDs of all keys, the one that seals first.
func (r *Ring) IDs() []KeyID {
	ids := make([]KeyID, len(r.keys))
	for i, k := range r.keys {
		ids[i] = k.id
	}
	return ids
}

// Seal returns plain as a datagram of len(plain)+Overhead bytes. nonce must be
// random and is used for this call alone.
func (r *Ring) Seal(plain []byte, nonce [NonceSize]byte) []byte {
	k := &r.keys[0]
	return k.seal(k.datagram, plain, nonce)
}

func (k *ringKey) seal(aead cipher.AEAD, plain []byte, nonce [NonceSize]byte) []byte {
	b := make([]byte, headerSize, Overhead+len(plain))
	copy(b, magic)
	b[len(magic)] = version
	copy(b[idAt:], k.id[:])
	copy(b[nonceAt:], nonce[:])
	return aead.Seal(b, nonce[:], plain, b[:headerSize])
}

// Claims looks at what stands in clear: nil if a datagram claims to be sealed with
// a key of this ring, else ErrShort, ErrVersion or ErrForeign. It costs nothing.
func (r *Ring) Claims(b []byte) error {
	if len(b) < Overhead || string(b[:len(magic)]) != magic {
		return ErrShort
	}
	if b[len(magic)] != version {
		return ErrVersion
	}
	for i := range r.keys {
		if r.keys[i].id == KeyID(b[idAt:nonceAt]) {
			return nil
		}
	}
	return ErrForeign
}

// Open returns the plaintext of a datagram, which it leaves unchanged. The
// error is ErrShort, ErrVersion, ErrForeign or ErrForged; all but the last cost
// nothing to find.
func (r *Ring) Open(datagram []byte) ([]byte, error) {
	plain, _, err := r.open(nil, datagram, false)
	return plain, err
}

// OpenIn is Open that makes the plaintext in room, where it fits; what room held is
// overwritten even if the datagram is forged. Room made anew for each was two thirds
// of what 1232 forged bytes cost.
func (r *Ring) OpenIn(room, datagram []byte) ([]byte, error) {
	plain, _, err := r.open(room[:0], datagram, false)
	return plain, err
}

func (r *Ring) open(room, b []byte, hello bool) ([]byte, *ringKey, error) {
	if err := r.Claims(b); err != nil {
		return nil, nil, err
	}
	err := ErrForged
	for i := range r.keys {
		k := &r.keys[i]
		if k.id != KeyID(b[idAt:nonceAt]) {
			continue
		}
		aead := k.datagram
		if hello {
			aead = k.hello
		}
		plain, bad := aead.Open(room, b[nonceAt:sealedAt], b[sealedAt:], b[:headerSize])
		if bad == nil {
			return plain, k, nil
		}
		// Two keys may share an id: go on.
	}
	return nil, nil, err
}

// Tag is a datagram's own mark, by which it is told from any other: the first 8
// bytes of what authenticates it. 0 if it is too short to be one.
func Tag(datagram []byte) uint64 {
	if len(datagram) < Overhead {
		return 0
	}
	return binary.BigEndian.Uint64(datagram[len(datagram)-chacha20poly1305.Overhead:])
}
