package dns

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	miekg "github.com/miekg/dns"

	"mcdns/gocore/labels"
)

// The record types that this project names. Any other data type may be asked
// for by number.
const (
	TypeA     = miekg.TypeA
	TypeCNAME = miekg.TypeCNAME
	TypeSOA   = miekg.TypeSOA
	TypePTR   = miekg.TypePTR
	TypeAAAA  = miekg.TypeAAAA
	TypeSVCB  = miekg.TypeSVCB
	TypeHTTPS = miekg.TypeHTTPS
	TypeHINFO = miekg.TypeHINFO
)

// Types that are asked for, and no type of data.
const (
	TypeOPT  = miekg.TypeOPT
	TypeIXFR = miekg.TypeIXFR
	TypeAXFR = miekg.TypeAXFR
	TypeANY  = miekg.TypeANY
)

// The RCODEs that an answer may have (Answer.Rcode).
const (
	RcodeSuccess  = miekg.RcodeSuccess
	RcodeNXDomain = miekg.RcodeNameError
)

// RCODEs that the listener sends by itself (RFC 6895 section 2.3).
const (
	RcodeFormatError    = miekg.RcodeFormatError
	RcodeServerFailure  = miekg.RcodeServerFailure
	RcodeNotImplemented = miekg.RcodeNotImplemented
	RcodeRefused        = miekg.RcodeRefused
	RcodeBadVersion     = miekg.RcodeBadVers
)

// NewQuestion makes the one spelling of a question from a name in presentation
// form: lower case, final dot added. Bytes above 127 are the DNS bytes they
// are. The error says what is wrong with the name.
func NewQuestion(name string, typ uint16) (Question, error) {
	if !Askable(typ) {
		return Question{}, fmt.Errorf("type %d cannot be asked for: it is no type of data (RFC 6895 section 3.1)", typ)
	}
	var room [labels.MaxName]byte
	b, err := labels.Append(room[:0], name)
	if err != nil {
		return Question{}, fmt.Errorf("name %.80q: %w", name, err)
	}
	return Question{Name: labels.Text(b), Type: typ}, nil
}

// udpRoom is what a server may send by UDP, in bytes: it passes every link
// unfragmented (DNS flag day 2020).
const udpRoom = 1232

// Askable is false for OPT and the meta types (ANY, AXFR, TSIG ...), whose
// answers are not one RRset.
func Askable(typ uint16) bool {
	return typ != 0 && typ != TypeOPT && (typ < 128 || typ > 255)
}

// String gives "www.example.org. AAAA".
func (q Question) String() string { return q.Name + " " + TypeName(q.Type) }

// TypeName is the mnemonic of a record type, TYPEn for one that has none (RFC 3597).
func TypeName(typ uint16) string {
	if name, ok := miekg.TypeToString[typ]; ok {
		return name
	}
	return fmt.Sprintf("TYPE%d", typ)
}

// TypeNamed is the record type with this mnemonic, or TYPEn, in either case. Not all
// that have one can be asked for (NewQuestion).
func TypeNamed(name string) (typ uint16, ok bool) {
	name = strings.ToUpper(name)
	if typ, ok = miekg.StringToType[name]; ok {
		return typ, typ != 0
	}
	digits, is := strings.CutPrefix(name, "TYPE")
	n, err := strconv.ParseUint(digits, 10, 16)
	return uint16(n), is && err == nil && n != 0
}

// Hash is the same on every host and in every version: rank and the order of
// streams stand on it. It is never 0.
func (q Question) Hash() uint64 {
	h := uint64(fnvOffset)
	for i := range len(q.Name) {
		h = (h ^ uint64(q.Name[i])) * fnvPrime
	}
	h = (h ^ uint64(q.Type&0xFF)) * fnvPrime
	h = (h ^ uint64(q.Type>>8)) * fnvPrime
	return mix(h)
}

// Append appends name and type, as questions stand in datagrams: the name's
// labels and its root, then the type. It fails where NewQuestion would.
func (q Question) Append(dst []byte) ([]byte, error) {
	dst, err := labels.Append(dst, q.Name)
	if err != nil {
		return dst, fmt.Errorf("question %q: %w", q.Name, err)
	}
	return binary.BigEndian.AppendUint16(dst, q.Type), nil
}

// ReadQuestion reads what Append appended from hostile bytes, and returns what
// stands behind it. b is not kept.
func ReadQuestion(b []byte) (q Question, rest []byte, ok bool) {
	end := labels.End(b, 0)
	if end == 0 || len(b)-end < 2 || !labels.Folded(b[:end]) || !Askable(be16(b[end:])) {
		return Question{}, nil, false
	}
	return Question{Name: labels.Text(b[:end]), Type: be16(b[end:])}, b[end+2:], true
}

// Size is how many bytes Append appends.
func (q Question) Size() int { return labels.Size(q.Name) + 2 }

// AppendQuery appends the query to send to a DNS server: recursion desired,
// with EDNS0 and room for 1232 bytes if edns is set (RFC 6891; DNS flag day
// 2020), DO and CD as the question's flags say. q must come from NewQuestion or a decoder; else nothing is appended.
func AppendQuery(dst []byte, q Question, id uint16, edns bool) []byte {
	extra := byte(0)
	if edns {
		extra = 1
	}
	b := binary.BigEndian.AppendUint16(dst, id)
	flags := byte(0)
	if q.Flags&CD != 0 {
		flags = HeaderCD
	}
	b = append(b, 1, flags, 0, 1, 0, 0, 0, 0, 0, extra)
	b, err := q.Append(b)
	if err != nil {
		return dst
	}
	b = append(b, 0, ClassIN)
	if edns {
		do := byte(0)
		if q.Flags&DO != 0 {
			do = EDNSDO
		}
		b = append(b, 0, 0, byte(TypeOPT), udpRoom>>8, udpRoom&0xFF, 0, 0, do, 0, 0, 0)
	}
	return b
}
