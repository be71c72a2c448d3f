package dns

import (
	"encoding/binary"
	"slices"
	"time"

	"mcdns/gocore/labels"
)

// RecordsLeft is Records with the TTLs that are left of an answer so old, of which so
// much is left: those that a client of the listener gets.
func (a *Answer) RecordsLeft(age, ttl time.Duration) []string {
	left := *a
	if p := a.Packed; len(p) >= minPacked {
		left.Packed = a.AppendRecords(slices.Clone(p[:labels.End(p, HeaderLen)+4]), age, ttl, 0)
	}
	return left.Records()
}

// AppendRecords appends what stands behind the question of a packed answer so old, with
// the TTLs that are left when so much is left of the answer's. Of the records of the
// asked type so many, modulo how many there are, go behind the others.
func (a *Answer) AppendRecords(dst []byte, age, ttl time.Duration, turn uint32) []byte {
	p, at := a.Packed, len(dst)
	if len(p) < minPacked {
		return dst
	}
	dst = append(dst, p[labels.End(p, HeaderLen)+4:]...)
	set := a.countDown(dst, at, age, ttl)
	set.turn(dst, turn)
	return dst
}

// countDown gives the records from at on the TTLs that are left of them, and finds
// those of the asked type.
func (a *Answer) countDown(b []byte, at int, age, ttl time.Duration) (set rrset) {
	answers := int(be16(a.Packed[6:]))
	each := ttl == (a.TTL - age).Truncate(time.Second)
	for i := 0; at < len(b); i++ {
		fixed := ttlAt(b, at)
		if fixed == 0 {
			break
		}
		left := uint32(ttl / time.Second)
		if each && i < answers {
			left = max(left, be32(b[fixed:])-min(be32(b[fixed:]), uint32((age+time.Second-1)/time.Second)))
		}
		binary.BigEndian.PutUint32(b[fixed:], left)
		end := fixed + 6 + int(be16(b[fixed+4:]))
		if i < answers && be16(b[fixed-4:]) == a.Question.Type {
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
	} else if off = labels.End(b, off); off == 0 {
		return 0
	}
	if len(b)-off < 10 {
		return 0
	}
	return off + 4
}
