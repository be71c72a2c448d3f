package dns

import "errors"

// RFC 1035 section 2.3.4.
const (
	maxLabel = 63
	maxName  = 255
)

// maxPointers bounds the compression pointers followed within one name: one
// for each label that fits a name. Pointers go strictly backwards as well, so
// the bound is on work, not on termination.
const maxPointers = 127

var errName = errors.New("malformed name")

// readName unpacks the possibly compressed name at off into buf and returns
// its length there and the offset behind it in msg. buf is then a plain name:
// labels as received, no pointer, the root's zero last.
func readName(msg []byte, off int, buf *[maxName]byte) (n, next int, err error) {
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
		case c <= maxLabel:
			end := off + 1 + c
			if end > len(msg) || n+1+c >= maxName {
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
			if off >= low || pointers > maxPointers {
				return 0, 0, errName
			}
			low = off
		default: // 0x40 and 0x80 are not in use (RFC 6891 section 5)
			return 0, 0, errName
		}
	}
}

// plainName returns the offset behind the uncompressed name at off, 0 if there
// is none within b.
func plainName(b []byte, off int) int {
	start := off
	for off < len(b) {
		c := int(b[off])
		off += 1 + c
		if c > maxLabel || off-start > maxName {
			return 0
		}
		if c == 0 {
			return off
		}
	}
	return 0
}

// lower folds ASCII letters, the only ones that DNS folds (RFC 4343).
func lower(c byte) byte {
	if c-'A' < 26 {
		c += 'a' - 'A'
	}
	return c
}

// fold lower-cases a plain name in place. Lengths are below 'A', so bytes need
// not be told apart.
func fold(b []byte) {
	for i, c := range b {
		b[i] = lower(c)
	}
}

// folded reports whether a plain name holds no upper-case letter.
func folded(b []byte) bool {
	for _, c := range b {
		if c-'A' < 26 {
			return false
		}
	}
	return true
}

// sameName compares two plain names.
func sameName(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i, c := range a {
		if c != b[i] && lower(c) != lower(b[i]) {
			return false
		}
	}
	return true
}

// below returns the offset within the plain name at which its ancestor zone
// begins, -1 if zone is neither the name nor above it.
func below(name, zone []byte) int {
	for off := 0; len(name)-off >= len(zone); off += 1 + int(name[off]) {
		if sameName(name[off:], zone) {
			return off
		}
	}
	return -1
}

// appendText appends a plain name in presentation form, with the final dot,
// escaped as miekg/dns does.
func appendText(dst, name []byte) []byte {
	if name[0] == 0 {
		return append(dst, '.')
	}
	for off := 0; name[off] != 0; {
		end := off + 1 + int(name[off])
		for _, c := range name[off+1 : end] {
			dst = appendEscaped(dst, c)
		}
		dst = append(dst, '.')
		off = end
	}
	return dst
}

func appendEscaped(dst []byte, c byte) []byte {
	if c-'a' < 26 || c-'0' < 10 {
		return append(dst, c)
	}
	switch c {
	case '.', ' ', '\'', '@', ';', '(', ')', '"', '\\':
		return append(dst, '\\', c)
	}
	if c < ' ' || c > '~' {
		return append(dst, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
	}
	return append(dst, c)
}

// text is appendText as a string, of which names of usual length cost one
// allocation.
func text(name []byte) string {
	var room [128]byte
	return string(appendText(room[:0], name))
}

// hostText is the presentation form of a plain name as nss-dns gives it to
// programs: no final dot, and only if glibc's res_hnok lets it pass ("" if
// not): letters, digits, '-' and '_', no leading dash.
func hostText(name []byte) string {
	if name[0] == 0 || name[1] == '-' {
		return ""
	}
	for off := 0; name[off] != 0; {
		end := off + 1 + int(name[off])
		for _, c := range name[off+1 : end] {
			if lower(c)-'a' >= 26 && c-'0' >= 10 && c != '-' && c != '_' {
				return ""
			}
		}
		off = end
	}
	s := text(name)
	return s[:len(s)-1]
}

// hash is FNV-1a of the folded plain name.
func hash(name []byte) uint64 {
	h := uint64(fnvOffset)
	for _, c := range name {
		h = (h ^ uint64(lower(c))) * fnvPrime
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
