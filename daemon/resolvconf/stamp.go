package resolvconf

import (
	"os"
	"time"
)

// A Stamp stands for a file's size and time of change, in 24 bits (nss/stamp.c mixes
// alike). A copy with the same size and time has the same: it says the same, or
// somebody took pains.
type Stamp uint32

// Unknown is the stamp of a file that is not there or may not be looked at.
const Unknown Stamp = 0

const known = 1 << 24

// Known is the stamp with these 24 bits.
func Known(bits uint32) Stamp { return Stamp(bits&(known-1) | known) }

// Bits are the 24 bits of a stamp that is not Unknown.
func (s Stamp) Bits() uint32 { return uint32(s) & (known - 1) }

// StampOf is the stamp of a file.
func StampOf(size int64, changed time.Time) Stamp {
	var mixed uint64
	for _, v := range []int64{size, changed.Unix(), int64(changed.Nanosecond())} {
		mixed = (mixed ^ uint64(v)) * 0x9e3779b97f4a7c15
		mixed ^= mixed >> 32
	}
	return Known(uint32(mixed))
}

// settle is longer than the clock stands still by which files are stamped (10 ms at
// 100 ticks a second): what is written twice in that time may have one stamp.
const settle = 20 * time.Millisecond

// stamp looks at the file. young says that it was changed so lately that its next
// change might not show.
func stamp(path string) (s Stamp, young bool) {
	st, err := os.Stat(path)
	if err != nil {
		return Unknown, false
	}
	age := time.Since(st.ModTime())
	return StampOf(st.Size(), st.ModTime()), age >= 0 && age < settle
}
