package dns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	miekg "github.com/miekg/dns"

	"mcdns/gocore/labels"
)

var (
	// ErrMismatch: not a reply to this question, or so malformed that anybody
	// may have sent it. The caller goes on waiting for the real one, or a forger
	// could end every wait (draft-li-dnsop-response-preprocessing).
	ErrMismatch = errors.New("no reply to this question")
	// ErrTruncated: the reply does not fit UDP, ask again by TCP.
	ErrTruncated = errors.New("reply is truncated; ask by TCP")
	// ErrUseless: a reply to this question out of which no answer can be made:
	// CNAMEs in a circle or more than 11 of them, more than 64 KiB once
	// unpacked, or a referral or nothing at all from a server that does not recurse.
	ErrUseless = errors.New("reply is of no use")
)

// RcodeError is a reply whose RCODE says that the server failed or refuses.
type RcodeError struct {
	Rcode int // with the upper bits that EDNS has (RFC 6891 section 6.1.3)
	EDE   EDE // why, if it says so
}

func (e *RcodeError) Error() string {
	if s, ok := miekg.RcodeToString[e.Rcode]; ok {
		return "DNS server says " + s
	}
	return fmt.Sprintf("DNS server says RCODE %d", e.Rcode)
}

// ParseReply makes an answer of what a DNS server replied to q. Only the chain
// of CNAMEs from the question, the RRset at its end or the SOA of the zone that
// denies it are taken; whatever else the reply holds is not even looked at
// (promiscuous NS and additional records: CVE-2025-11411, CVE-2026-42960). The
// TTL is the lowest of all records taken, for a negative bounded by the SOA's
// minimum too (RFC 2308 section 5), and a second without an SOA. The caller compares
// ids and sets Birth and Server. reply is not kept.
//
// The error is ErrMismatch, ErrTruncated, ErrUseless or an *RcodeError.
func ParseReply(q Question, reply []byte) (*Answer, error) {
	var room [labels.MaxName]byte
	name, err := labels.Append(room[:0], q.Name)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrMismatch, err)
	}
	off, o, err := checkReply(name, q.Type, reply)
	if err != nil {
		return nil, err
	}
	s := scrubber{reply: reply, q: q, ttl: MaxTTL, rcode: reply[3] & 0xF, ede: o.ede}
	if off, err = s.index(off); err != nil {
		return nil, err
	}
	if err := s.build(name, off); err != nil {
		return nil, err
	}
	if q.Flags&DO != 0 {
		if err := s.addProofs(name, off); err != nil {
			return nil, err
		}
	}
	return s.answer(), nil
}

// checkReply judges by header and question, and returns the offset behind
// these.
func checkReply(name []byte, typ uint16, p []byte) (int, opt, error) {
	// QR set, opcode QUERY.
	if len(p) < HeaderLen || len(p) > MaxPacked || p[2]&0xF8 != 0x80 {
		return 0, opt{}, ErrMismatch
	}
	rcode := int(p[3] & 0xF)
	if be16(p[4:]) == 0 && len(p) == HeaderLen && (rcode == miekg.RcodeFormatError || rcode == miekg.RcodeNotImplemented) {
		return 0, opt{}, &RcodeError{Rcode: rcode} // how servers older than EDNS say so
	}
	records := int(be16(p[6:])) + int(be16(p[8:])) + int(be16(p[10:]))
	if be16(p[4:]) != 1 || records > (len(p)-HeaderLen)/11 {
		return 0, opt{}, ErrMismatch
	}
	var room [labels.MaxName]byte
	n, off, err := labels.Read(p, HeaderLen, &room)
	if err != nil || !labels.Same(room[:n], name) ||
		len(p)-off < 4 || be16(p[off:]) != typ || be16(p[off+2:]) != ClassIN {
		return 0, opt{}, ErrMismatch
	}
	if p[2]&0x02 != 0 {
		return 0, opt{}, ErrTruncated
	}
	o := findOPT(p, off+4)
	if rcode |= o.rcode; rcode != RcodeSuccess && rcode != RcodeNXDomain {
		return 0, o, &RcodeError{rcode, o.ede}
	}
	return off + 4, o, nil
}

// MaxTTL in seconds (RFC 2181 section 8); a larger one counts as this
// (RFC 8767 section 4).
const MaxTTL = 1<<31 - 1

// A scrubber makes a packed answer of one reply.
type scrubber struct {
	reply []byte
	q     Question
	rcode byte
	ede   EDE
	found []candidate // of the answer section, in its order
	// dnames are at most maxChain: more are no part of an answer.
	dnames []candidate

	out     []byte
	ttl     uint32 // lowest so far
	kind    Kind
	private bool
}

// A candidate is a record that may belong to the answer. It is kept small: a
// hostile reply has 6000 of them.
type candidate struct {
	hash             uint64 // of the owner
	ttl              uint32
	owner, data, end uint16 // offsets into reply
	cname            bool
}

// rr reads the record at off: owner into room, then its fixed fields.
func (s *scrubber) rr(off int, room *[labels.MaxName]byte) (owner []byte, typ, class uint16, c candidate, err error) {
	n, at, err := labels.Read(s.reply, off, room)
	if err != nil || len(s.reply)-at < 10 {
		return nil, 0, 0, c, ErrMismatch
	}
	p := s.reply[at:]
	end := at + 10 + int(be16(p[8:]))
	if end > len(s.reply) {
		return nil, 0, 0, c, ErrMismatch
	}
	c = candidate{ttl: min(be32(p[4:]), MaxTTL), owner: uint16(off), data: uint16(at + 10), end: uint16(end)}
	return room[:n], be16(p), be16(p[2:]), c, nil
}

// index walks once over the answer section and returns the offset behind it,
// so that following the chain is cheap however the records are ordered.
func (s *scrubber) index(off int) (int, error) {
	var room [labels.MaxName]byte
	for range be16(s.reply[6:]) {
		owner, typ, class, c, err := s.rr(off, &room)
		if err != nil {
			return 0, err
		}
		off = int(c.end)
		if class == ClassIN && typ == miekg.TypeDNAME && len(s.dnames) < maxChain {
			s.dnames = append(s.dnames, c)
		}
		if class != ClassIN || typ != s.q.Type && typ != TypeCNAME {
			continue
		}
		c.hash, c.cname = hash(owner), typ == TypeCNAME
		s.found = append(s.found, c)
	}
	return off, nil
}

// build follows the chain and leaves the packed answer in s.out. authority is
// the offset of the authority section.
func (s *scrubber) build(name []byte, authority int) error {
	s.out = make([]byte, HeaderLen, min(len(s.reply)+64, 1024))
	s.out[2], s.out[3], s.out[5] = FlagsHigh, FlagsLow|s.rcode, 1
	s.out = append(s.out, name...)
	s.out = binary.BigEndian.AppendUint16(s.out, s.q.Type)
	s.out = append(s.out, 0, ClassIN)
	names := [maxChain + 1]int{HeaderLen}
	for links := 0; ; links++ {
		cur := names[links]
		n, err := s.rrset(cur)
		if err != nil {
			return err
		}
		if n > 0 {
			s.kind = Positive
			s.count(6, links+n)
			return nil
		}
		next, err := s.link(cur)
		if err != nil {
			return err
		}
		if next == 0 {
			s.count(6, links)
			return s.negative(cur, authority)
		}
		if links == maxChain || s.circle(names[:links+1], next) {
			return fmt.Errorf("%w: its CNAMEs run in a circle or are more than %d", ErrUseless, maxChain)
		}
		names[links+1] = next
	}
}

func (s *scrubber) count(at, n int) { binary.BigEndian.PutUint16(s.out[at:], uint16(n)) }

// nameAt is the plain name at an offset of the answer under construction.
func (s *scrubber) nameAt(at int) []byte { return s.out[at:labels.End(s.out, at)] }

// question is its name, plain and folded.
func (s *scrubber) question() []byte { return s.nameAt(HeaderLen) }

func (s *scrubber) circle(names []int, next int) bool {
	for _, at := range names {
		if labels.Same(s.nameAt(at), s.nameAt(next)) {
			return true
		}
	}
	return false
}

// rrset adds the records of the asked type whose owner is the name at cur.
func (s *scrubber) rrset(cur int) (n int, err error) {
	if s.rcode == RcodeNXDomain {
		return 0, nil // it denies the end of the chain (RFC 2308 section 2.1)
	}
	h := hash(s.nameAt(cur))
	for _, c := range s.found {
		if c.hash != h || c.cname != (s.q.Type == TypeCNAME) || !s.owns(c, cur) {
			continue
		}
		if c.cname {
			c.ttl = s.linkTTL(s.nameAt(cur), c)
		}
		if err := s.add(c, cur, s.q.Type); err != nil {
			return 0, err
		}
		if n++; c.cname {
			break // a name has one CNAME (RFC 2181 section 10.1)
		}
	}
	return n, nil
}

// link adds the CNAME of the name at cur and returns the offset of its target,
// 0 if there is none.
func (s *scrubber) link(cur int) (int, error) {
	if s.q.Type == TypeCNAME {
		return 0, nil
	}
	h := hash(s.nameAt(cur))
	for _, c := range s.found {
		if c.cname && c.hash == h && s.owns(c, cur) {
			c.ttl = s.linkTTL(s.nameAt(cur), c)
			at := len(s.out) + recordLen
			return at, s.add(c, cur, TypeCNAME)
		}
	}
	return 0, nil
}

// linkTTL is the TTL of a CNAME. One of 0 that a DNAME made has the DNAME's: servers of
// RFC 2672 say 0, those of RFC 6672 section 3.1 the other.
func (s *scrubber) linkTTL(name []byte, c candidate) uint32 {
	if c.ttl != 0 {
		return c.ttl
	}
	var from, to, base [labels.MaxName]byte
	t, _, err := labels.Read(s.reply, int(c.data), &to)
	if err != nil {
		return 0
	}
	for _, d := range s.dnames {
		n, _, _ := labels.Read(s.reply, int(d.owner), &from) // rr has read it
		b, _, err := labels.Read(s.reply, int(d.data), &base)
		at := labels.Below(name, from[:n])
		if err == nil && at > 0 && t == at+b && labels.Same(to[:at], name[:at]) && labels.Same(to[at:t], base[:b]) {
			return d.ttl
		}
	}
	return 0
}

func (s *scrubber) owns(c candidate, cur int) bool {
	var room [labels.MaxName]byte
	n, _, err := labels.Read(s.reply, int(c.owner), &room)
	return err == nil && labels.Same(room[:n], s.nameAt(cur))
}

// add appends a record with a pointer for its owner.
func (s *scrubber) add(c candidate, owner int, typ uint16) error {
	out := binary.BigEndian.AppendUint16(s.out, uint16(pointerTag|owner))
	out = binary.BigEndian.AppendUint16(out, typ)
	out = append(out, 0, ClassIN)
	out = binary.BigEndian.AppendUint32(out, c.ttl)
	at := len(out) + 2
	out, err := appendData(append(out, 0, 0), s.reply, int(c.data), int(c.end), typ)
	if err != nil || !plainData(out[at:], typ) {
		return ErrMismatch
	}
	n := len(out) - at
	if n > 1<<16-1 || len(out) > MaxPacked {
		return fmt.Errorf("%w: more than 64 KiB", ErrUseless)
	}
	settle(out[at:], typ, s.question())
	binary.BigEndian.PutUint16(out[at-2:], uint16(n))
	s.private = s.private || typ == s.q.Type && holdsPrivate(out[at:], typ)
	s.ttl = min(s.ttl, c.ttl)
	s.out = out
	return nil
}

// negative looks for the SOA that says how long the name at cur may be held
// not to exist. Only a zone that the name is in can say so.
func (s *scrubber) negative(cur, off int) error {
	s.kind = NoData
	if s.rcode == RcodeNXDomain {
		s.kind = NXDomain
	}
	if s.lame() {
		return fmt.Errorf("%w: empty, and the server neither knows nor recurses", ErrUseless)
	}
	var room [labels.MaxName]byte
	referral := false
	for range be16(s.reply[8:]) {
		owner, typ, class, c, err := s.rr(off, &room)
		if err != nil {
			return err
		}
		off = int(c.end)
		referral = referral || typ == miekg.TypeNS
		if typ != TypeSOA || class != ClassIN {
			continue
		}
		if zone := labels.Below(s.nameAt(cur), owner); zone >= 0 {
			return s.addSOA(c, cur+zone)
		}
	}
	// AA and RA clear, NS and no SOA: the server does not know and does not ask
	// (RFC 2308 section 2.2, a referral).
	if referral && s.rcode == RcodeSuccess && s.reply[2]&0x04 == 0 && s.reply[3]&0x80 == 0 {
		return fmt.Errorf("%w: a referral, the server does not recurse", ErrUseless)
	}
	s.ttl = bareNegativeTTL
	if cur != HeaderLen {
		s.ttl = 0 // a chain cut short says nothing about its end
	}
	return nil
}

// lame reports whether a reply is one that glibc passes over for the next server: NOERROR
// with nothing, AA and RA clear (resolv/res_send.c, next_ns). The record that may be
// there is that of EDNS, which glibc does not send.
func (s *scrubber) lame() bool {
	p := s.reply
	return s.rcode == RcodeSuccess && be16(p[6:]) == 0 && be16(p[10:]) <= 1 && p[2]&0x04 == 0 && p[3]&0x80 == 0
}

// bareNegativeTTL, in seconds, is the life of a negative without an SOA. RFC
// 2308 section 5 would not have it cached; but dnsmasq never sends one, and
// without the "no AAAA" every IPv4-only name would be lost in an outage. One
// second is what a failure may be remembered for (RFC 9520 section 3.2).
const bareNegativeTTL = 1

func (s *scrubber) addSOA(c candidate, owner int) error {
	if err := s.add(c, owner, TypeSOA); err != nil {
		return err
	}
	s.count(8, 1)
	minimum := be32(s.out[len(s.out)-4:])
	s.ttl = min(s.ttl, minimum)
	return nil
}

func (s *scrubber) answer() *Answer {
	return &Answer{
		Question: s.q,
		Kind:     s.kind,
		TTL:      time.Duration(s.ttl) * time.Second,
		Private:  s.private,
		EDE:      s.ede,
		Packed:   append(make([]byte, 0, len(s.out)), s.out...),
	}
}
