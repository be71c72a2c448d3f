package request

import (
	"encoding/binary"

	"mcdns/gocore/dns"
	"mcdns/gocore/labels"
)

// A Request is a DNS message that a client sent to the loopback listener.
type Request struct {
	ID       uint16
	Question dns.Question // class IN; Flags as the client set DO and CD
	// Rcode is what to reply at once, dns.RcodeSuccess if Question is to be
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

// Parse reads what a client sent. ok is false for what deserves no
// reply: less than a header, and replies, which could be made to circle between
// two servers for ever. section aliases p: it must not change until the reply
// is built.
//
// What is odd is answered as RFC 8906 (BCP 231) wants: unknown opcodes NOTIMP,
// an EDNS version above 0 BADVERS, unknown flags and options ignored.
func Parse(p []byte) (r Request, ok bool) {
	if len(p) < dns.HeaderLen || p[2]&0x80 != 0 {
		return r, false
	}
	r = Request{ID: binary.BigEndian.Uint16(p), Size: minUDP, opcode: p[2] >> 3 & 0xF, flags: p[2] & 1, cd: p[3]&dns.HeaderCD != 0}
	if r.opcode != opcodeQuery {
		r.Rcode = dns.RcodeNotImplemented // never passed on (CoreDNS CVE-2026-86003)
		return r, true
	}
	r.Rcode = r.read(p)
	return r, true
}

const (
	minUDP = 512  // RFC 1035 section 4.2.1
	maxUDP = 1232 // DNS flag day 2020

	opcodeQuery = 0 // RFC 1035 section 4.1.1
)

// read reads question and additional section and returns the RCODE to reply.
func (r *Request) read(p []byte) int {
	if binary.BigEndian.Uint16(p[4:]) != 1 || binary.BigEndian.Uint16(p[6:]) != 0 {
		return dns.RcodeFormatError
	}
	var room [labels.MaxName]byte
	n, off, err := labels.Read(p, dns.HeaderLen, &room)
	if err != nil || len(p)-off < 4 || off != dns.HeaderLen+n {
		return dns.RcodeFormatError // a question has nothing to point to
	}
	r.section = p[dns.HeaderLen : off+4]
	typ, class := binary.BigEndian.Uint16(p[off:]), binary.BigEndian.Uint16(p[off+2:])
	if binary.BigEndian.Uint16(p[8:]) != 0 {
		if typ == dns.TypeIXFR {
			return dns.RcodeRefused // its SOA says what the client has (RFC 1995 section 3)
		}
		return dns.RcodeFormatError
	}
	if rcode := r.readExtra(p, off+4); rcode != dns.RcodeSuccess {
		return rcode
	}
	labels.Fold(room[:n])
	r.Question.Name, r.Question.Type = labels.Text(room[:n]), typ
	if r.cd {
		r.Question.Flags |= dns.CD
	}
	return r.refusal(typ, class)
}

// readExtra walks over the additional section for the OPT. The counts are
// bounded before the walk: a record takes 11 bytes at least.
func (r *Request) readExtra(p []byte, off int) int {
	records := int(binary.BigEndian.Uint16(p[10:]))
	if records > (len(p)-off)/11 {
		return dns.RcodeFormatError
	}
	version := byte(0)
	var room [labels.MaxName]byte
	for range records {
		n, at, err := labels.Read(p, off, &room)
		if err != nil || len(p)-at < 10 || len(p)-at-10 < int(binary.BigEndian.Uint16(p[at+8:])) {
			return dns.RcodeFormatError
		}
		off = at + 10 + int(binary.BigEndian.Uint16(p[at+8:]))
		if binary.BigEndian.Uint16(p[at:]) != dns.TypeOPT {
			continue // TSIG, SIG(0): nobody here knows the key
		}
		if r.EDNS || n != 1 || !options(p[at+10:off]) {
			return dns.RcodeFormatError // RFC 6891 section 6.1.1
		}
		r.EDNS, version = true, p[at+5]
		r.Size = min(max(int(binary.BigEndian.Uint16(p[at+2:])), minUDP), maxUDP)
		if p[at+6]&dns.EDNSDO != 0 {
			r.Question.Flags |= dns.DO
		}
	}
	if off != len(p) {
		return dns.RcodeFormatError
	}
	if version != 0 {
		return dns.RcodeBadVersion
	}
	return dns.RcodeSuccess
}

// options reports whether EDNS options are well formed; what they are is
// ignored, however many there are (CVE-2026-41292: no work for each, no echo).
func options(b []byte) bool {
	for len(b) >= 4 {
		n := 4 + int(binary.BigEndian.Uint16(b[2:]))
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
	case class != dns.ClassIN:
		return dns.RcodeRefused // CH, "version.bind": nobody's business
	case typ == dns.TypeOPT || typ == 0:
		return dns.RcodeFormatError
	case typ == dns.TypeAXFR || typ == dns.TypeIXFR:
		return dns.RcodeRefused
	case typ == dns.TypeANY:
		return dns.RcodeSuccess
	case !dns.Askable(typ):
		return dns.RcodeNotImplemented
	case r.flags == 0:
		return dns.RcodeRefused // without recursion there is nothing here
	}
	return dns.RcodeSuccess
}

// Any reports whether the client asked for any type, which is answered by
// itself (RFC 8482).
func (r *Request) Any() bool { return r.Question.Type == dns.TypeANY }
