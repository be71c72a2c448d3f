package trust

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// KeySize is how many bytes a group key has.
const KeySize = 32

// Key is a group key: the same 32 random bytes on every host of a group.
type Key struct {
	secret [KeySize]byte
}

// KeyID tells keys apart, in clear in every datagram and in `mcdns status`. It
// says nothing about the key.
type KeyID [4]byte

func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// ParseKey takes the contents of a key file: exactly 32 raw bytes. The error
// says what to do.
func ParseKey(file []byte) (Key, error) {
	var k Key
	if len(file) != KeySize {
		return k, fmt.Errorf("group key: %d bytes, not %d: copy the file whole and unchanged (no editor), or make a new one for all hosts with `mcdns key generate`", len(file), KeySize)
	}
	k.secret = [KeySize]byte(file)
	if distinct(file) < 8 {
		return Key{}, fmt.Errorf("group key: not random: make one with `mcdns key generate`")
	}
	return k, nil
}

// distinct counts the different bytes. 32 random ones have fewer than 8 once
// in 10^27 keys; a file of zeros or of one repeated word has them always.
func distinct(b []byte) int {
	var seen [256]bool
	n := 0
	for _, c := range b {
		if !seen[c] {
			seen[c] = true
			n++
		}
	}
	return n
}

// ID names the key.
func (k Key) ID() KeyID { return KeyID(k.derive("mcdns 1 key id", 4)) }

// String keeps keys out of logs.
func (k Key) String() string { return "key " + k.ID().String() }

// GoString keeps keys out of %#v.
func (k Key) GoString() string { return k.String() }

// derive makes a key for one purpose, so that what is sealed for one can never
// be opened for another.
func (k Key) derive(purpose string, size int) []byte {
	return stretch(k.secret[:], nil, purpose, size)
}

// stretch is HKDF-SHA256 (RFC 5869).
func stretch(secret, salt []byte, info string, size int) []byte {
	b, err := hkdf.Key(sha256.New, secret, salt, info, size)
	if err != nil {
		panic("trust: HKDF: " + err.Error()) // only for sizes beyond 8160
	}
	return b
}
