package trust

// WindowSize is how far behind the newest a seq may come and still be told
// apart from one heard before.
const WindowSize = 1024

const windowWords = WindowSize/64 + 1

// Window lets each seq of one (id, epoch) pass once, whatever the order they
// come in: the ring of blocks of RFC 6479. The zero value is ready and has
// heard nothing.
type Window struct {
	top  uint64
	bits [windowWords]uint64
}

// Accept reports whether seq was not accepted before and is not too old to
// tell, and remembers it. 0 is no seq.
func (w *Window) Accept(seq uint64) bool {
	if seq == 0 || w.top >= WindowSize && seq <= w.top-WindowSize {
		return false
	}
	block := seq / 64
	if seq > w.top {
		// Blocks between the old top and the new one were never heard of.
		for n := min(block-w.top/64, windowWords); n > 0; n-- {
			w.bits[(block-n+1)%windowWords] = 0
		}
		w.top = seq
	}
	word, bit := &w.bits[block%windowWords], uint64(1)<<(seq%64)
	if *word&bit != 0 {
		return false
	}
	*word |= bit
	return true
}
