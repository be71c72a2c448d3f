// Package keys has keys of groups, for tests.
package keys

import (
	"crypto/sha256"

	"mcdns/gocore/trust"
)

// Bytes are those of the n-th key's file.
func Bytes(n byte) []byte {
	sum := sha256.Sum256([]byte{n})
	return sum[:]
}

// Key is the n-th key.
func Key(n byte) trust.Key {
	k, err := trust.ParseKey(Bytes(n))
	if err != nil {
		panic(err) // 32 bytes that are not all the same
	}
	return k
}

// Ring has the n-th key alone.
func Ring(n byte) *trust.Ring { return trust.NewRing(Key(n)) }
