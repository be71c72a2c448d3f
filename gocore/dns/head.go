package dns

import "mcdns/gocore/labels"

// The header of a message (RFC 1035 section 4.1.1), and what is set in it.
const (
	HeaderLen = 12   // bytes
	FlagsHigh = 0x81 // of a reply, the third byte: QR, RD
	FlagsLow  = 0x80 // the fourth: RA, over the RCODE
	HeaderCD  = 0x10 // in the fourth (RFC 4035 section 3.2.2)
	EDNSDO    = 0x80 // in the third byte of OPT's TTL (RFC 3225)
	ClassIN   = 1
)

// A Head is the header of a reply, as far as whoever asked has to look at it.
type Head struct {
	ID    uint16
	Reply bool // it says that it is one
	Rcode int  // without what EDNS adds
	// Bare: there is no question in it. A failure may come without the question that
	// the server did not understand (RFC 1035 section 4.1.1 leaves it open).
	Bare bool
}

// ReadHead reads the header of what came, ok if there is one.
func ReadHead(p []byte) (h Head, ok bool) {
	if len(p) < HeaderLen {
		return Head{}, false
	}
	return Head{ID: be16(p), Reply: p[2]&0x80 != 0, Rcode: int(p[3] & 0xF), Bare: be16(p[4:]) == 0}, true
}

// DrawLetters draws the case of each letter in the name of a query that AppendQuery
// made (draft-vixie-dnsext-dns0x20), by the lowest bit of each byte of coins, of which
// there must be as many as of the query.
func DrawLetters(query, coins []byte) {
	// Lengths of labels are below 'A', so bytes need not be told apart.
	name := query[HeaderLen:labels.End(query, HeaderLen)]
	for i, c := range name {
		if 'a' <= c && c <= 'z' && coins[i]&1 == 1 {
			name[i] = c - ('a' - 'A')
		}
	}
}

// TakeLetters reports whether a reply repeats the query's name byte for byte, and if
// so puts the letters back that nobody drew, lower case: names that the server
// compressed point there, and programs would see them.
func TakeLetters(query, reply []byte) bool {
	end := labels.End(query, HeaderLen)
	if len(reply) < end || string(reply[HeaderLen:end]) != string(query[HeaderLen:end]) {
		return false
	}
	labels.Fold(reply[HeaderLen:end])
	return true
}
