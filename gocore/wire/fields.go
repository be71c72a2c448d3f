package wire

import "slices"

// Behind the body of every datagram, and at the end of a page and of a want, fields
// may stand (PROTOCOL 3.18):
//
//	type 1  length 2 (of the value)  value
//
// What a later mcdns adds is a field, and who does not know its type skips it: so
// neither has to be of the other's version.

// fieldName is the type of Hello.Name; no other has a meaning yet.
const fieldName = 1

// MaxName is the most bytes of Hello.Name.
const MaxName = 63

// fielded is a body that knows the types of some fields.
type fielded interface {
	field(kind byte, value []byte)
}

// fields hands what stands behind all else, to the end, to a body that knows any of
// it, and skips the rest. A field that is longer than what is left is no field: all of
// the message is refused.
func (r *reader) fields(b Body) {
	to, knows := b.(fielded)
	for len(r.b) > 0 && !r.bad {
		kind := r.u8()
		value := r.take(int(r.u16()))
		if knows && !r.bad {
			to.field(kind, value)
		}
	}
}

func (w *writer) field(kind byte, value string) *writer {
	return w.u8(kind).u16(uint16(len(value))).text(value)
}

// field takes the first name that is one. A later version may allow others: they are
// passed over, and the rest of the message counts.
func (h *Hello) field(kind byte, value []byte) {
	if kind == fieldName && h.Name == "" && IsName(value) {
		h.Name = string(value)
	}
}

// IsName reports whether a host may be called so in a HELLO: letters, digits and
// hyphens, for it is printed in logs and on terminals.
func IsName[S ~string | ~[]byte](name S) bool {
	strange := func(c byte) bool {
		return c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}
	return len(name) > 0 && len(name) <= MaxName && !slices.ContainsFunc([]byte(name), strange)
}
