package wire

// Behind the body of every datagram, and at the end of a page and of a want, fields
// may stand (PROTOCOL 3.18):
//
//	type 1  length 2 (of the value)  value
//
// No type has a meaning yet. What a later mcdns adds is a field, and who does not
// know its type skips it: so neither has to be of the other's version.

// fields skips what stands behind all that this version knows, to the end. A field
// that is longer than what is left is no field: all of the message is refused.
func (r *reader) fields() {
	for len(r.b) > 0 && !r.bad {
		r.u8()
		r.take(int(r.u16()))
	}
}
