package sim

import (
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

// mix folds w into h: splitmix64's finaliser, so that w and w+1 have nothing
// in common. (A bare multiplication gave a sequence too even to be chance: one
// host asked for minutes on end.)
func mix(h, w uint64) uint64 {
	x := (h ^ w*0x9e3779b97f4a7c15) + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func hex(v uint64) string { return strconv.FormatUint(v, 16) }
