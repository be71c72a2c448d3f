package request

import (
	"encoding/binary"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/labels"
)

// A Reply is what is to be said to a Request.
type Reply struct {
	Rcode int // of a reply without Answer; Answer has its own
	// Answer is nil if there is none.
	Answer *dns.Answer
	// Age is how old the answer is; TTL what is left of it, in whole seconds.
	Age, TTL time.Duration
	// EDE is an extended error, dns.NoEDE if none; only a client with EDNS sees it.
	EDE dns.EDE
	// Turn is how many records of the answer's RRset go behind the others, modulo how
	// many it has. What is held is one answer for all; what clients get goes round.
	Turn uint32
	// TCP: the reply may have 65,535 bytes.
	TCP bool
}

// AppendReply appends the reply to a request. The question is repeated as
// the client spelt it (draft-vixie-dnsext-dns0x20). What does not fit is cut to
// nothing with TC set, so that the client asks by TCP (RFC 2181 section 9).
func (r *Request) AppendReply(dst []byte, res Reply) []byte {
	start, limit := len(dst), r.Size
	if res.TCP {
		limit = dns.MaxPacked
	}
	dst = r.appendHead(dst, res)
	head := len(dst) - start
	if res.Answer != nil {
		dst = r.appendRecords(dst, start, res)
	}
	if len(dst)-start+r.optSize(res) > limit {
		dst = dst[:start+head]
		clear(dst[start+6 : start+12])
		dst[start+2] |= 0x02
		res.EDE = dns.NoEDE
	}
	return r.appendOPT(dst, start, res)
}

func (r *Request) appendHead(dst []byte, res Reply) []byte {
	rcode := res.Rcode
	if res.Answer != nil {
		rcode = res.Answer.Rcode()
	}
	low := byte(rcode & 0xF)
	if rcode != dns.RcodeNotImplemented {
		low |= 0x80 // RA speaks of queries
	}
	if r.cd {
		low |= dns.HeaderCD
	}
	dst = binary.BigEndian.AppendUint16(dst, r.ID)
	dst = append(dst, 0x80|r.opcode<<3|r.flags, low, 0, 0, 0, 0, 0, 0, 0, 0)
	if r.section != nil {
		dst[len(dst)-dns.HeaderLen+5] = 1
		dst = append(dst, r.section...)
	}
	return dst
}

// appendRecords copies the records of a packed answer, whose pointers fit: the
// client's question is as long as the answer's.
func (r *Request) appendRecords(dst []byte, start int, res Reply) []byte {
	p := res.Answer.Packed
	if from := labels.End(p, dns.HeaderLen) + 4; from != dns.HeaderLen+len(r.section) || len(p) < from {
		return dst
	}
	copy(dst[start+6:start+10], p[6:10])
	return res.Answer.AppendRecords(dst, res.Age, res.TTL, res.Turn)
}

func (r *Request) optSize(res Reply) int {
	switch {
	case !r.EDNS:
		return 0
	case res.EDE == dns.NoEDE:
		return 11
	}
	return 17
}

// appendOPT adds the OPT of a reply: our size, DO as asked (RFC 3225 section
// 3), the high bits of the RCODE, version 0.
func (r *Request) appendOPT(dst []byte, start int, res Reply) []byte {
	if !r.EDNS {
		return dst
	}
	dst[start+11] = 1
	high := byte(0)
	if res.Answer == nil {
		high = byte(res.Rcode >> 4)
	}
	do := byte(0)
	if r.Question.Flags&dns.DO != 0 {
		do = dns.EDNSDO
	}
	dst = append(dst, 0, 0, byte(dns.TypeOPT), maxUDP>>8, maxUDP&0xFF, high, 0, do, 0, 0, 0)
	if res.EDE == dns.NoEDE {
		return dst
	}
	dst[len(dst)-1] = 6
	dst = append(dst, 0, 15, 0, 2)
	return binary.BigEndian.AppendUint16(dst, uint16(res.EDE-1))
}

// AnyAnswer is the answer to a question for any type: one record that says so
// (RFC 8482 section 4.2). Giving all there is would make a small question a
// large reply.
func (r *Request) AnyAnswer() *dns.Answer {
	b := make([]byte, dns.HeaderLen, 64+len(r.section))
	b[2], b[3], b[5], b[7] = dns.FlagsHigh, dns.FlagsLow, 1, 1
	b = append(b, r.section...)
	b = append(b, 0xC0, dns.HeaderLen, 0, byte(dns.TypeHINFO), 0, dns.ClassIN, 0, 0, 0x0E, 0x10, 0, 9, 7)
	b = append(b, "RFC8482\x00"...)
	return &dns.Answer{Question: r.Question, Kind: dns.Positive, TTL: time.Hour, Packed: b}
}
