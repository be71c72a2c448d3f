package dns

import miekg "github.com/miekg/dns"

// A Request is a DNS message that a client sent to the loopback listener.
type Request struct {
	ID       uint16
	Question Question // class IN; Flags as the client set DO and CD
	// Rcode is what to reply at once, RcodeSuccess if Question is to be
	// answered.
	Rcode int
	// EDNS: the client sent an OPT, so the reply has one. Size is the most bytes
	// of a UDP reply that it takes, 512 at least.
	EDNS bool
	Size int

	opcode  byte
	flags   byte   // RD, as sent
	cd      bool   // as sent
	section []byte // the question as the client spelt it; nil if it has none
}

// RCODEs that the listener sends by itself (RFC 6895 section 2.3).
const (
	RcodeFormatError    = miekg.RcodeFormatError
	RcodeServerFailure  = miekg.RcodeServerFailure
	RcodeNotImplemented = miekg.RcodeNotImplemented
	RcodeRefused        = miekg.RcodeRefused
	RcodeBadVersion     = miekg.RcodeBadVers
)

// ParseRequest reads what a client sent. ok is false for what deserves no
// reply: less than a header, and replies, which could be made to circle between
// two servers for ever. section aliases p: it must not change until the reply
// is built.
//
// What is odd is answered as RFC 8906 (BCP 231) wants: unknown opcodes NOTIMP,
// an EDNS version above 0 BADVERS, unknown flags and options ignored.
func ParseRequest(p []byte) (r Request, ok bool) {
	if len(p) < headerLen || p[2]&0x80 != 0 {
		return r, false
	}
	r = Request{ID: be16(p), Size: minUDP, opcode: p[2] >> 3 & 0xF, flags: p[2] & 1, cd: p[3]&headerCD != 0}
	if r.opcode != miekg.OpcodeQuery {
		r.Rcode = RcodeNotImplemented // never passed on (CoreDNS CVE-2026-86003)
		return r, true
	}
	r.Rcode = r.read(p)
	return r, true
}

const (
	minUDP  = 512  // RFC 1035 section 4.2.1
	maxUDP  = 1232 // DNS flag day 2020
	classCH = 3
)

// read reads question and additional section and returns the RCODE to reply.
func (r *Request) read(p []byte) int {
	if be16(p[4:]) != 1 || be16(p[6:]) != 0 {
		return RcodeFormatError
	}
	var room [maxName]byte
	n, off, err := readName(p, headerLen, &room)
	if err != nil || len(p)-off < 4 || off != headerLen+n {
		return RcodeFormatError // a question has nothing to point to
	}
	r.section = p[headerLen : off+4]
	typ, class := be16(p[off:]), be16(p[off+2:])
	if be16(p[8:]) != 0 {
		if typ == miekg.TypeIXFR {
			return RcodeRefused // its SOA says what the client has (RFC 1995 section 3)
		}
		return RcodeFormatError
	}
	if rcode := r.readExtra(p, off+4); rcode != RcodeSuccess {
		return rcode
	}
	fold(room[:n])
	r.Question.Name, r.Question.Type = text(room[:n]), typ
	if r.cd {
		r.Question.Flags |= CD
	}
	return r.refusal(typ, class)
}

// readExtra walks over the additional section for the OPT. The counts are
// bounded before the walk: a record takes 11 bytes at least.
func (r *Request) readExtra(p []byte, off int) int {
	records := int(be16(p[10:]))
	if records > (len(p)-off)/11 {
		return RcodeFormatError
	}
	version := byte(0)
	var room [maxName]byte
	for range records {
		n, at, err := readName(p, off, &room)
		if err != nil || len(p)-at < 10 || len(p)-at-10 < int(be16(p[at+8:])) {
			return RcodeFormatError
		}
		off = at + 10 + int(be16(p[at+8:]))
		if be16(p[at:]) != miekg.TypeOPT {
			continue // TSIG, SIG(0): nobody here knows the key
		}
		if r.EDNS || n != 1 || !options(p[at+10:off]) {
			return RcodeFormatError // RFC 6891 section 6.1.1
		}
		r.EDNS, version = true, p[at+5]
		r.Size = min(max(int(be16(p[at+2:])), minUDP), maxUDP)
		if p[at+6]&ednsDO != 0 {
			r.Question.Flags |= DO
		}
	}
	if off != len(p) {
		return RcodeFormatError
	}
	if version != 0 {
		return RcodeBadVersion
	}
	return RcodeSuccess
}

// options reports whether EDNS options are well formed; what they are is
// ignored, however many there are (CVE-2026-41292: no work for each, no echo).
func options(b []byte) bool {
	for len(b) >= 4 {
		n := 4 + int(be16(b[2:]))
		if n > len(b) {
			return false
		}
		b = b[n:]
	}
	return len(b) == 0
}

// refusal is the RCODE for a question that is well formed and not for us.
func (r *Request) refusal(typ, class uint16) int {
	switch {
	case class != classIN:
		return RcodeRefused // CH, "version.bind": nobody's business
	case typ == miekg.TypeOPT || typ == 0:
		return RcodeFormatError
	case typ == miekg.TypeAXFR || typ == miekg.TypeIXFR:
		return RcodeRefused
	case typ == miekg.TypeANY:
		return RcodeSuccess
	case !askable(typ):
		return RcodeNotImplemented
	case r.flags == 0:
		return RcodeRefused // without recursion there is nothing here
	}
	return RcodeSuccess
}

// Any reports whether the client asked for any type, which is answered by
// itself (RFC 8482).
func (r *Request) Any() bool { return r.Question.Type == miekg.TypeANY }

// WithoutFlags is the question as somebody asks it who validates nothing.
func (q Question) WithoutFlags() Question {
	q.Flags = 0
	return q
}
