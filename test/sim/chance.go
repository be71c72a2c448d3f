package sim

import (
	"math/bits"
	"strconv"
)

// chance is randomness without a state to share: a number in [0, 1) made of
// the seed and of what is being decided. Deliveries decided on two cores then
// come out as on one.
func chance(seed uint64, what ...uint64) float64 {
	h := seed
	for _, w := range what {
		h = mix(h, w)
	}
	return float64(h>>11) / (1 << 53)
}

// mix folds w into h (the multiply-and-fold step of wyhash).
func mix(h, w uint64) uint64 {
	hi, lo := bits.Mul64(h^0x9e3779b97f4a7c15, w^0xe7037ed1a0b428db)
	return hi ^ lo
}

// mixText folds a text into h.
func mixText(h uint64, s string) uint64 {
	for i := 0; i < len(s); i++ {
		h = mix(h, uint64(s[i]))
	}
	return h
}

func hex(v uint64) string { return strconv.FormatUint(v, 16) }
