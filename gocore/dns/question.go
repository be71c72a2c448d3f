package dns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	miekg "github.com/miekg/dns"
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
)

// The RCODEs that an answer may have (Answer.Rcode).
const (
	RcodeSuccess  = miekg.RcodeSuccess
	RcodeNXDomain = miekg.RcodeNameError
)

// NewQuestion makes the one spelling of a question from a name in presentation
// form: lower case, final dot added. Bytes above 127 are the DNS bytes they
// are. The error says what is wrong with the name.
func NewQuestion(name string, typ uint16) (Question, error) {
	if !askable(typ) {
		return Question{}, fmt.Errorf("type %d cannot be asked for: it is no type of data (RFC 6895 section 3.1)", typ)
	}
	var room [maxName]byte
	b, err := appendName(room[:0], name)
	if err != nil {
		return Question{}, fmt.Errorf("name %.80q: %w", name, err)
	}
	return Question{Name: text(b), Type: typ}, nil
}

// udpRoom is what a server may send by UDP, in bytes: it passes every link
// unfragmented (DNS flag day 2020).
const udpRoom = 1232

// Bits of the header's second flag byte and of the third byte of OPT's TTL.
const (
	headerCD = 0x10 // RFC 4035 section 3.2.2
	ednsDO   = 0x80 // RFC 3225
)

// askable is false for OPT and the meta types (ANY, AXFR, TSIG ...), whose
// answers are not one RRset.
func askable(typ uint16) bool {
	return typ != 0 && typ != miekg.TypeOPT && (typ < 128 || typ > 255)
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

var (
	errEmptyName  = errors.New("empty; give a name such as www.example.org")
	errEmptyLabel = errors.New("two dots in a row, or a dot in front")
	errLongLabel  = errors.New("a label (what stands between two dots) has more than 63 bytes")
	errLongName   = errors.New("longer than 255 bytes")
	errEscape     = errors.New(`a backslash must be followed by a character or by a number from 000 to 255`)
)

// appendName appends the folded plain name of a presentation form, its final
// dot optional.
func appendName(dst []byte, name string) ([]byte, error) {
	if name == "" {
		return dst, errEmptyName
	}
	if name == "." {
		return append(dst, 0), nil
	}
	start, label := len(dst), len(dst)
	dst = append(dst, 0)
	for i := 0; i < len(name); {
		c := name[i]
		i++
		if c == '.' {
			if len(dst)-label == 1 {
				return dst, errEmptyLabel
			}
			dst[label] = byte(len(dst) - label - 1)
			label = len(dst)
			dst = append(dst, 0)
			continue
		}
		if c == '\\' {
			var n int
			if c, n = unescape(name[i:]); n == 0 {
				return dst, errEscape
			}
			i += n
		}
		dst = append(dst, lower(c))
		if len(dst)-label > 1+maxLabel {
			return dst, errLongLabel
		}
		// One byte is the root's, still to come.
		if len(dst)-start >= maxName {
			return dst, errLongName
		}
	}
	if n := len(dst) - label - 1; n > 0 {
		dst[label] = byte(n)
		dst = append(dst, 0)
	}
	return dst, nil
}

// unescape reads what stands behind a backslash: the byte meant and how much
// of s it took, 0 if it means nothing.
func unescape(s string) (c byte, n int) {
	if s == "" {
		return 0, 0
	}
	if s[0]-'0' >= 10 {
		return s[0], 1
	}
	if len(s) < 3 || s[1]-'0' >= 10 || s[2]-'0' >= 10 {
		return 0, 0
	}
	v := int(s[0]-'0')*100 + int(s[1]-'0')*10 + int(s[2]-'0')
	if v > 255 {
		return 0, 0
	}
	return byte(v), 3
}

// Append appends name and type, as questions stand in datagrams: the name's
// labels and its root, then the type. It fails where NewQuestion would.
func (q Question) Append(dst []byte) ([]byte, error) {
	dst, err := appendName(dst, q.Name)
	if err != nil {
		return dst, fmt.Errorf("question %q: %w", q.Name, err)
	}
	return binary.BigEndian.AppendUint16(dst, q.Type), nil
}

// ReadQuestion reads what Append appended from hostile bytes, and returns what
// stands behind it. b is not kept.
func ReadQuestion(b []byte) (q Question, rest []byte, ok bool) {
	end := plainName(b, 0)
	if end == 0 || len(b)-end < 2 || !folded(b[:end]) || !askable(be16(b[end:])) {
		return Question{}, nil, false
	}
	return Question{Name: text(b[:end]), Type: be16(b[end:])}, b[end+2:], true
}

// Size is how many bytes Append appends.
func (q Question) Size() int {
	n := 1 + 2
	if q.Name == "." {
		return n
	}
	for i := 0; i < len(q.Name); i++ {
		if q.Name[i] == '\\' {
			if _, k := unescape(q.Name[i+1:]); k > 0 {
				i += k
			}
		}
		n++
	}
	return n
}

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
		flags = headerCD
	}
	b = append(b, 1, flags, 0, 1, 0, 0, 0, 0, 0, extra)
	b, err := q.Append(b)
	if err != nil {
		return dst
	}
	b = append(b, 0, classIN)
	if edns {
		do := byte(0)
		if q.Flags&DO != 0 {
			do = ednsDO
		}
		b = append(b, 0, 0, byte(miekg.TypeOPT), udpRoom>>8, udpRoom&0xFF, 0, 0, do, 0, 0, 0)
	}
	return b
}
