package dns

import "mcdns/gocore/labels"

// hash is FNV-1a of the folded plain name.
func hash(name []byte) uint64 {
	h := uint64(fnvOffset)
	for _, c := range name {
		h = (h ^ uint64(labels.Lower(c))) * fnvPrime
	}
	return h
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// mix spreads every bit of h over all of them (the finalizer of MurmurHash3)
// and never returns 0, so that 0 can mean "none".
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	h ^= h >> 33
	return max(h, 1)
}
