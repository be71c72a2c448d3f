package dns

import (
	miekg "github.com/miekg/dns"

	"mcdns/gocore/labels"
)

// An EDE is an extended DNS error (RFC 8914): its INFO-CODE and one, 0 if there is
// none.
type EDE uint16

// Extended DNS errors that the listener gives.
const (
	NoEDE         EDE = 0
	EDEStale          = EDE(miekg.ExtendedErrorCodeStaleAnswer) + 1
	EDEStaleNX        = EDE(miekg.ExtendedErrorCodeStaleNXDOMAINAnswer) + 1
	EDENoReach        = EDE(miekg.ExtendedErrorCodeNoReachableAuthority) + 1
	EDEProhibited     = EDE(miekg.ExtendedErrorCodeProhibited) + 1
	EDENotSupport     = EDE(miekg.ExtendedErrorCodeNotSupported) + 1
)

const optionEDE = 15

// An opt is what a reply's OPT says that matters here.
type opt struct {
	rcode int // the upper bits, in their place
	ede   EDE
}

// findOPT looks through the records behind the question; off is where they begin.
// What cannot be read is not looked at any further: it is no part of the answer.
func findOPT(p []byte, off int) (o opt) {
	before := int(be16(p[6:])) + int(be16(p[8:]))
	for i := range before + int(be16(p[10:])) {
		root := off < len(p) && p[off] == 0
		if off = labels.Skip(p, off); off == 0 || len(p)-off < 10 {
			return o
		}
		end := off + 10 + int(be16(p[off+8:]))
		if end > len(p) {
			return o
		}
		if root && i >= before && be16(p[off:]) == miekg.TypeOPT {
			o = opt{rcode: int(p[off+4]) << 4, ede: readEDE(p[off+10 : end])}
		}
		off = end
	}
	return o
}

// readEDE looks for the first extended error among EDNS options.
func readEDE(b []byte) EDE {
	for len(b) >= 4 {
		n := 4 + int(be16(b[2:]))
		if n > len(b) {
			break
		}
		if be16(b) == optionEDE && n >= 6 {
			return EDE(be16(b[4:])) + 1
		}
		b = b[n:]
	}
	return NoEDE
}
