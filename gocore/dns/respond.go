package dns

import (
	"encoding/binary"
	"slices"
	"time"

	miekg "github.com/miekg/dns"
)

// A Response is what is to be said to a Request.
type Response struct {
	Rcode int // of a reply without Answer; Answer has its own
	// Answer is nil if there is none.
	Answer *Answer
	// Age is how old the answer is; TTL what is left of it, in whole seconds.
	Age, TTL time.Duration
	// EDE is an extended error, NoEDE if none; only a client with EDNS sees it.
	EDE EDE
	// Turn is how many records of the answer's RRset go behind the others, modulo how
	// many it has. What is held is one answer for all; what clients get goes round.
	Turn uint32
	// TCP: the reply may have 65,535 bytes.
	TCP bool
}

// AppendResponse appends the reply to a request. The question is repeated as
// the client spelt it (draft-vixie-dnsext-dns0x20). What does not fit is cut to
// nothing with TC set, so that the client asks by TCP (RFC 2181 section 9).
func AppendResponse(dst []byte, r *Request, res Response) []byte {
	start, limit := len(dst), r.Size
	if res.TCP {
		limit = MaxPacked
	}
	dst = r.appendHead(dst, res)
	head := len(dst) - start
	if res.Answer != nil {
		dst = appendRecords(dst, start, r, res)
	}
	if len(dst)-start+r.optSize(res) > limit {
		dst = dst[:start+head]
		clear(dst[start+6 : start+12])
		dst[start+2] |= 0x02
		res.EDE = NoEDE
	}
	return r.appendOPT(dst, start, res)
}

func (r *Request) appendHead(dst []byte, res Response) []byte {
	rcode := res.Rcode
	if res.Answer != nil {
		rcode = res.Answer.Rcode()
	}
	low := byte(rcode & 0xF)
	if rcode != RcodeNotImplemented {
		low |= 0x80 // RA speaks of queries
	}
	if r.cd {
		low |= headerCD
	}
	dst = binary.BigEndian.AppendUint16(dst, r.ID)
	dst = append(dst, 0x80|r.opcode<<3|r.flags, low, 0, 0, 0, 0, 0, 0, 0, 0)
	if r.section != nil {
		dst[len(dst)-headerLen+5] = 1
		dst = append(dst, r.section...)
	}
	return dst
}

// appendRecords copies the records of a packed answer, whose pointers fit: the
// client's question is as long as the answer's.
func appendRecords(dst []byte, start int, r *Request, res Response) []byte {
	p := res.Answer.Packed
	from := plainName(p, headerLen) + 4
	if len(p) < minPacked || from != headerLen+len(r.section) {
		return dst
	}
	copy(dst[start+6:start+10], p[6:10])
	at := len(dst)
	dst = append(dst, p[from:]...)
	set := res.countDown(dst, at)
	set.turn(dst, res.Turn)
	return dst
}

// countDown gives the records from at on the TTLs that are left of them, and finds
// those of the asked type.
func (res *Response) countDown(b []byte, at int) (set rrset) {
	answers := int(be16(res.Answer.Packed[6:]))
	each := res.TTL == (res.Answer.TTL - res.Age).Truncate(time.Second)
	for i := 0; at < len(b); i++ {
		fixed := ttlAt(b, at)
		if fixed == 0 {
			break
		}
		left := uint32(res.TTL / time.Second)
		if each && i < answers {
			left = max(left, be32(b[fixed:])-min(be32(b[fixed:]), uint32((res.Age+time.Second-1)/time.Second)))
		}
		binary.BigEndian.PutUint32(b[fixed:], left)
		end := fixed + 6 + int(be16(b[fixed+4:]))
		if i < answers && be16(b[fixed-4:]) == res.Answer.Question.Type {
			set.note(at, end)
		}
		at = end
	}
	return set
}

// rrset is where the records of the asked type lie in a reply; signatures may follow.
type rrset struct {
	from, to int // offsets
	n        uint32
}

func (s *rrset) note(from, to int) {
	if s.n == 0 {
		s.from, s.to = from, from
	}
	if s.to == from { // nothing of another type lies between
		s.to, s.n = to, s.n+1
	}
}

// turn moves the first records of the set behind the others. No name points to one
// of them: owners point to the chain before.
func (s *rrset) turn(b []byte, by uint32) {
	if s.n < 2 {
		return
	}
	at := s.from
	for range by % s.n {
		fixed := ttlAt(b, at)
		at = fixed + 6 + int(be16(b[fixed+4:]))
	}
	slices.Reverse(b[s.from:at])
	slices.Reverse(b[at:s.to])
	slices.Reverse(b[s.from:s.to])
}

// ttlAt is the offset of the TTL of the record at off, 0 if there is none.
func ttlAt(b []byte, off int) int {
	if b[off] >= 0xC0 {
		off += 2
	} else if off = plainName(b, off); off == 0 {
		return 0
	}
	if len(b)-off < 10 {
		return 0
	}
	return off + 4
}

func (r *Request) optSize(res Response) int {
	switch {
	case !r.EDNS:
		return 0
	case res.EDE == NoEDE:
		return 11
	}
	return 17
}

// appendOPT adds the OPT of a reply: our size, DO as asked (RFC 3225 section
// 3), the high bits of the RCODE, version 0.
func (r *Request) appendOPT(dst []byte, start int, res Response) []byte {
	if !r.EDNS {
		return dst
	}
	dst[start+11] = 1
	high := byte(0)
	if res.Answer == nil {
		high = byte(res.Rcode >> 4)
	}
	do := byte(0)
	if r.Question.Flags&DO != 0 {
		do = ednsDO
	}
	dst = append(dst, 0, 0, byte(miekg.TypeOPT), maxUDP>>8, maxUDP&0xFF, high, 0, do, 0, 0, 0)
	if res.EDE == NoEDE {
		return dst
	}
	dst[len(dst)-1] = 6
	dst = append(dst, 0, 15, 0, 2)
	return binary.BigEndian.AppendUint16(dst, uint16(res.EDE-1))
}

// AnyAnswer is the answer to a question for any type: one record that says so
// (RFC 8482 section 4.2). Giving all there is would make a small question a
// large reply.
func AnyAnswer(r *Request) *Answer {
	b := make([]byte, headerLen, 64+len(r.section))
	b[2], b[3], b[5], b[7] = flagsHigh, flagsLow, 1, 1
	b = append(b, r.section...)
	b = append(b, 0xC0, headerLen, 0, byte(miekg.TypeHINFO), 0, classIN, 0, 0, 0x0E, 0x10, 0, 9, 7)
	b = append(b, "RFC8482\x00"...)
	return &Answer{Question: r.Question, Kind: Positive, TTL: time.Hour, Packed: b}
}
