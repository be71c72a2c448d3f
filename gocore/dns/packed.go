package dns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"mcdns/gocore/labels"
)

// A packed answer has one form, so that every host checks it in one walk and
// without unpacking a name:
//
//   - header: id 0, QR RD RA, RCODE 0 or 3, one question, no additional;
//   - the question's name plain and lower case, class IN;
//   - the CNAMEs in the order of the chain, then the RRset; the owner of each
//     is a pointer to the name it follows from (the question's, or the target
//     of the CNAME before);
//   - names in data plain, TTLs below 2^31;
//   - a negative has at most the SOA, in the authority section, its owner a
//     pointer into the last name of the chain, at the zone it is in.
//
// Whatever else a peer may think of (NS, glue, OPT, records for other names)
// cannot be written down in this form (PROTOCOL 7.1).
const (
	recordLen  = 12 // of a record with a pointer for its owner, without data
	maxChain   = 11 // CNAMEs in one answer, as unbound follows
	minPacked  = HeaderLen + 1 + 4
	pointerTag = 0xC000
)

// MaxPacked is the most bytes that a packed answer has.
const MaxPacked = 1<<16 - 1

// ErrForm: a packed answer that is not of the form of one.
var ErrForm = errors.New("malformed answer")

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
func be64(b []byte) uint64 { return binary.BigEndian.Uint64(b) }

// A record is one of a packed answer; data aliases it.
type record struct {
	owner int // offset of the owner's name
	typ   uint16
	ttl   uint32
	at    int // offset of the data
	data  []byte
}

// recordAt reads the record at off, and the offset behind it; 0 if there is
// none.
func recordAt(p []byte, off int) (r record, next int) {
	if len(p)-off < recordLen || p[off] < 0xC0 || be16(p[off+4:]) != ClassIN {
		return r, 0
	}
	n := int(be16(p[off+10:]))
	r = record{
		owner: int(be16(p[off:]) &^ pointerTag),
		typ:   be16(p[off+2:]),
		ttl:   be32(p[off+6:]),
		at:    off + recordLen,
	}
	if next = r.at + n; next > len(p) {
		return r, 0
	}
	r.data = p[r.at:next]
	return r, next
}

// plain reports whether a record is as add leaves it.
func (r *record) plain() bool { return r.ttl <= MaxTTL && plainData(r.data, r.typ) }

// form is what checkForm found in a packed answer.
type form struct {
	name    []byte // of the question, plain; aliases the answer
	typ     uint16
	kind    Kind
	private bool
	soa     bool
	records int // offset of the first record
}

// Unpack makes a, whose TTL is set, of a packed answer of unknown origin:
// Question, Kind and Private are what its records say. A negative without an
// SOA, of which nobody says how long it lives, must not live longer than
// ParseReply would let it. packed is copied.
func (a *Answer) Unpack(packed []byte) error {
	f, err := checkForm(packed)
	if err != nil {
		return err
	}
	if f.kind != Positive && !f.soa && a.TTL > bareNegativeTTL*time.Second {
		return fmt.Errorf("%w: a negative that nobody says the life of", ErrForm)
	}
	a.Question = Question{Name: labels.Text(f.name), Type: f.typ}
	a.Kind, a.Private = f.kind, f.private
	a.Packed = append(make([]byte, 0, len(packed)), packed...)
	f.settle(a.Packed)
	return nil
}

// checkForm walks over a packed answer of unknown origin.
func checkForm(p []byte) (form, error) {
	if len(p) < minPacked || len(p) > MaxPacked {
		return form{}, fmt.Errorf("%w: %d bytes", ErrForm, len(p))
	}
	rcode := p[3] & 0xF
	answers, authorities := int(be16(p[6:])), int(be16(p[8:]))
	if be16(p) != 0 || p[2] != FlagsHigh || p[3]&0xF0 != FlagsLow ||
		rcode != RcodeSuccess && rcode != RcodeNXDomain ||
		be16(p[4:]) != 1 || be16(p[10:]) != 0 || authorities > 1 ||
		answers > (len(p)-HeaderLen)/recordLen {
		return form{}, fmt.Errorf("%w: header", ErrForm)
	}
	end := labels.End(p, HeaderLen)
	if end == 0 || len(p)-end < 4 || be16(p[end+2:]) != ClassIN || !labels.Folded(p[HeaderLen:end]) || !Askable(be16(p[end:])) {
		return form{}, fmt.Errorf("%w: question", ErrForm)
	}
	f := form{name: p[HeaderLen:end], typ: be16(p[end:]), kind: NoData, records: end + 4}
	if rcode == RcodeNXDomain {
		f.kind = NXDomain
	}
	cur, off, err := f.checkAnswers(p, answers)
	if err != nil {
		return form{}, err
	}
	if authorities == 1 {
		if off, err = f.checkSOA(p, off, cur); err != nil {
			return form{}, err
		}
	}
	if off != len(p) {
		return form{}, fmt.Errorf("%w: bytes behind it", ErrForm)
	}
	return f, nil
}

// checkAnswers walks over the answer section and returns the offset of the
// last name of the chain and that behind the section.
func (f *form) checkAnswers(p []byte, count int) (cur, off int, err error) {
	var chain [maxChain + 1]int
	cur, off = HeaderLen, f.records
	chain[0] = cur
	links := 0
	for range count {
		r, next := recordAt(p, off)
		if next == 0 || r.owner != cur || !r.plain() {
			return 0, 0, fmt.Errorf("%w: record", ErrForm)
		}
		switch {
		case r.typ == f.typ && f.kind != NXDomain && (f.kind == NoData || f.typ != TypeCNAME):
			f.kind = Positive
			f.private = f.private || holdsPrivate(r.data, r.typ)
		case r.typ == TypeCNAME && f.typ != TypeCNAME && f.kind != Positive && links < maxChain:
			for _, at := range chain[:links+1] {
				if labels.Same(p[at:labels.End(p, at)], r.data) {
					return 0, 0, fmt.Errorf("%w: CNAMEs run in a circle", ErrForm)
				}
			}
			links++
			cur = r.at
			chain[links] = cur
		default:
			return 0, 0, fmt.Errorf("%w: a record that is no part of it", ErrForm)
		}
		off = next
	}
	return cur, off, nil
}

// checkSOA checks the one record of the authority section of a negative.
func (f *form) checkSOA(p []byte, off, cur int) (int, error) {
	r, next := recordAt(p, off)
	if next == 0 || f.kind == Positive || r.typ != TypeSOA || !r.plain() || !startsLabel(p, cur, r.owner) {
		return 0, fmt.Errorf("%w: SOA", ErrForm)
	}
	f.soa = true
	return next, nil
}

// startsLabel reports whether a label (or the root) of the plain name at cur
// begins at off.
func startsLabel(p []byte, cur, off int) bool {
	for cur < off && p[cur] != 0 {
		cur += 1 + int(p[cur])
	}
	return cur == off
}

// sameRecords reports whether two packed answers hold the same records,
// whatever their order and TTLs, and the case of names in them.
func sameRecords(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) < minPacked {
		return string(a) == string(b)
	}
	return sameButTTLs(a, b) || sameSets(a, b)
}

// sameButTTLs compares in step: what it finds equal needs no sorting.
func sameButTTLs(a, b []byte) bool {
	off := labels.End(a, HeaderLen) + 4
	if off > len(b) || string(a[:off]) != string(b[:off]) {
		return false
	}
	for off < len(a) {
		r, next := recordAt(a, off)
		s, nextB := recordAt(b, off)
		if next == 0 || next != nextB || r.owner != s.owner || r.typ != s.typ || string(r.data) != string(s.data) {
			return false
		}
		off = next
	}
	return true
}
