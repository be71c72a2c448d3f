package labels

import "errors"

// The most bytes of a label and of a plain name (RFC 1035 section 2.3.4).
const (
	MaxLabel = 63
	MaxName  = 255
)

// MaxPointers bounds the compression pointers followed within one name: one
// for each label that fits a name. Pointers go strictly backwards as well, so
// the bound is on work, not on termination.
const MaxPointers = 127

var errName = errors.New("malformed name")

// Read unpacks the possibly compressed name at off into buf and returns
// its length there and the offset behind it in msg. buf is then a plain name:
// labels as received, no pointer, the root's zero last.
func Read(msg []byte, off int, buf *[MaxName]byte) (n, next int, err error) {
	low, pointers := off, 0
	for {
		if off >= len(msg) {
			return 0, 0, errName
		}
		c := int(msg[off])
		switch {
		case c == 0:
			buf[n] = 0 // there is room: labels leave the last byte free
			if pointers == 0 {
				next = off + 1
			}
			return n + 1, next, nil
		case c <= MaxLabel:
			end := off + 1 + c
			if end > len(msg) || n+1+c >= MaxName {
				return 0, 0, errName
			}
			n += copy(buf[n:], msg[off:end])
			off = end
		case c >= 0xC0:
			if off+1 >= len(msg) {
				return 0, 0, errName
			}
			if pointers == 0 {
				next = off + 2
			}
			off = (c&0x3F)<<8 | int(msg[off+1])
			pointers++
			if off >= low || pointers > MaxPointers {
				return 0, 0, errName
			}
			low = off
		default: // 0x40 and 0x80 are not in use (RFC 6891 section 5)
			return 0, 0, errName
		}
	}
}

// End returns the offset behind the uncompressed name at off, 0 if there
// is none within b.
func End(b []byte, off int) int {
	start := off
	for off < len(b) {
		c := int(b[off])
		off += 1 + c
		if c > MaxLabel || off-start > MaxName {
			return 0
		}
		if c == 0 {
			return off
		}
	}
	return 0
}

// Lower folds ASCII letters, the only ones that DNS folds (RFC 4343).
func Lower(c byte) byte {
	if c-'A' < 26 {
		c += 'a' - 'A'
	}
	return c
}

// Fold lower-cases a plain name in place. Lengths are below 'A', so bytes need
// not be told apart.
func Fold(b []byte) {
	for i, c := range b {
		b[i] = Lower(c)
	}
}

// Folded reports whether a plain name holds no upper-case letter.
func Folded(b []byte) bool {
	for _, c := range b {
		if c-'A' < 26 {
			return false
		}
	}
	return true
}

// Same compares two plain names.
func Same(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i, c := range a {
		if c != b[i] && Lower(c) != Lower(b[i]) {
			return false
		}
	}
	return true
}

// Below returns the offset within the plain name at which its ancestor zone
// begins, -1 if zone is neither the name nor above it.
func Below(name, zone []byte) int {
	for off := 0; len(name)-off >= len(zone); off += 1 + int(name[off]) {
		if Same(name[off:], zone) {
			return off
		}
	}
	return -1
}

// Skip returns the offset behind the possibly compressed name at off, 0 if there
// is none. It follows no pointer.
func Skip(p []byte, off int) int {
	for off < len(p) {
		switch c := p[off]; {
		case c == 0:
			return off + 1
		case c >= 0xC0:
			return off + 2
		case c > MaxLabel:
			return 0
		default:
			off += 1 + int(c)
		}
	}
	return 0
}

// Starts notes where each label of a plain name begins, and returns how many there
// are without the root's.
func Starts(name []byte, at *[MaxPointers + 1]uint8) (n int) {
	for off := 0; name[off] != 0; off += 1 + int(name[off]) {
		at[n] = uint8(off)
		n++
	}
	return n
}
