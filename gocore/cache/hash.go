package cache

import (
	"math/bits"

	"mcdns/gocore/dns"
)

// A Key is the secret of one run's table: 128 random bits. Who does not know
// it cannot make names that all fall into one chain (SipHash, Aumasson and
// Bernstein 2012). Nothing that can be seen depends on it.
type Key [2]uint64

// Hash is SipHash-1-3 of eight bytes for the type and the flags, and the name.
func (k Key) Hash(q dns.Question) uint64 {
	s := sip{
		k[0] ^ 0x736f6d6570736575, k[1] ^ 0x646f72616e646f6d,
		k[0] ^ 0x6c7967656e657261, k[1] ^ 0x7465646279746573,
	}
	s.block(uint64(q.Type) | uint64(q.Flags)<<16)
	name := q.Name
	for ; len(name) >= 8; name = name[8:] {
		s.block(uint64(name[0]) | uint64(name[1])<<8 | uint64(name[2])<<16 | uint64(name[3])<<24 |
			uint64(name[4])<<32 | uint64(name[5])<<40 | uint64(name[6])<<48 | uint64(name[7])<<56)
	}
	last := uint64(8+len(q.Name)) << 56
	for i := range len(name) {
		last |= uint64(name[i]) << (8 * i)
	}
	s.block(last)
	s[2] ^= 0xff
	for range 3 {
		s.round()
	}
	return s[0] ^ s[1] ^ s[2] ^ s[3]
}

type sip [4]uint64

func (s *sip) block(m uint64) {
	s[3] ^= m
	s.round()
	s[0] ^= m
}

func (s *sip) round() {
	s[0] += s[1]
	s[1] = bits.RotateLeft64(s[1], 13) ^ s[0]
	s[0] = bits.RotateLeft64(s[0], 32)
	s[2] += s[3]
	s[3] = bits.RotateLeft64(s[3], 16) ^ s[2]
	s[0] += s[3]
	s[3] = bits.RotateLeft64(s[3], 21) ^ s[0]
	s[2] += s[1]
	s[1] = bits.RotateLeft64(s[1], 17) ^ s[2]
	s[2] = bits.RotateLeft64(s[2], 32)
}
