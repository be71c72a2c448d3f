package dns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	miekg "github.com/miekg/dns"

	"mcdns/gocore/labels"
)

// View is an answer as programs want it. Names are in presentation form
// without the final dot, as nss-dns gives them.
type View struct {
	// Canonical is the last name of the chain of CNAMEs that a host may have.
	Canonical string
	// Aliases are the names before it, the question's first.
	Aliases []string
	// Links is the number of CNAMEs, those to no host's name included.
	Links int
	// Addrs of A and AAAA, in the order the server gave them.
	Addrs []netip.Addr
	// Names of PTR.
	Names []string
}

// ErrNoHostName: no name of the chain could be a host's (res_hnok), so that
// glibc takes the whole answer for broken.
var ErrNoHostName = errors.New("the answer is for a name that no host may have")

// View unpacks the addresses of A and AAAA and the names of PTR; other types
// have only their chain. Names that glibc's res_hnok would not let pass are
// left out, as nss-dns leaves them out.
func (a *Answer) View() (View, error) {
	p := a.Packed
	if len(p) < minPacked {
		return View{}, ErrForm
	}
	end := labels.End(p, HeaderLen)
	v := View{Canonical: labels.Host(p[HeaderLen:end])}
	for off := end + 4; off < len(p); {
		r, next := recordAt(p, off)
		if next == 0 {
			return View{}, ErrForm
		}
		if r.typ == TypeCNAME && a.Question.Type != TypeCNAME {
			v.follow(r.data)
		} else if r.typ == a.Question.Type {
			v.add(r)
		}
		off = next
	}
	if v.Canonical == "" && len(v.Addrs) > 0 {
		return View{}, ErrNoHostName
	}
	return v, nil
}

// follow takes the target of a CNAME. One that no host may have is left out and
// what it leads to kept, as in glibc 2.36.
func (v *View) follow(target []byte) {
	v.Links++
	s := labels.Host(target)
	if s == "" {
		return
	}
	if v.Canonical != "" {
		v.Aliases = append(v.Aliases, v.Canonical)
	}
	v.Canonical = s
}

func (v *View) add(r record) {
	switch r.typ {
	case TypeA, TypeAAAA:
		if addr, ok := netip.AddrFromSlice(r.data); ok {
			v.Addrs = append(v.Addrs, addr)
		}
	case TypePTR:
		v.Names = appendHost(v.Names, r.data)
	}
}

func appendHost(list []string, name []byte) []string {
	if s := labels.Host(name); s != "" {
		return append(list, s)
	}
	return list
}

// Rcode of the answer: RcodeSuccess or RcodeNXDomain.
func (a *Answer) Rcode() int {
	if len(a.Packed) < HeaderLen {
		return RcodeSuccess
	}
	return int(a.Packed[3] & 0xF)
}

// Records gives the records in presentation form, one a line, with the TTLs
// they came with: the chain and RRset, or for a negative the chain and SOA.
func (a *Answer) Records() []string {
	var m miekg.Msg
	if m.Unpack(a.Packed) != nil {
		return a.opaque()
	}
	lines := make([]string, 0, len(m.Answer)+len(m.Ns))
	for _, rr := range append(m.Answer, m.Ns...) {
		lines = append(lines, rr.String())
	}
	return lines
}

// opaque is Records for data that miekg/dns does not understand: each record
// as one of unknown type (RFC 3597 section 5).
func (a *Answer) opaque() []string {
	var lines []string
	p := a.Packed
	if len(p) < minPacked {
		return nil
	}
	for off := labels.End(p, HeaderLen) + 4; off < len(p); {
		r, next := recordAt(p, off)
		if next == 0 {
			break
		}
		owner := labels.Text(p[r.owner:labels.End(p, r.owner)])
		lines = append(lines, fmt.Sprintf("%s\t%d\tIN\tTYPE%d\t\\# %d %x", owner, r.ttl, r.typ, len(r.data), r.data))
		off = next
	}
	return lines
}

// ParseAnswer makes an answer of records in presentation form ("www.example.org.
// 300 IN A 192.0.2.1"), as a server would have replied with that RCODE: for
// what is answered here, tests and simulators. An SOA that is not asked for denies.
// Records that are no part of the answer are scrubbed.
func ParseAnswer(q Question, rcode int, records []string) (*Answer, error) {
	m := miekg.Msg{Compress: true}
	m.Response, m.RecursionDesired, m.RecursionAvailable, m.Rcode = true, true, true, rcode
	m.Question = []miekg.Question{{Name: q.Name, Qtype: q.Type, Qclass: miekg.ClassINET}}
	end := q.Name
	for _, line := range records {
		rr, err := miekg.NewRR(line)
		if err != nil {
			return nil, fmt.Errorf("record %q: %w", line, err)
		}
		if rr == nil {
			continue
		}
		if c, is := rr.(*miekg.CNAME); is && strings.EqualFold(c.Hdr.Name, end) {
			end = c.Target
		}
		if rr.Header().Rrtype == TypeSOA && (q.Type != TypeSOA || !strings.EqualFold(rr.Header().Name, end)) {
			m.Ns = append(m.Ns, rr)
		} else {
			m.Answer = append(m.Answer, rr)
		}
	}
	b, err := m.Pack()
	if err != nil {
		return nil, fmt.Errorf("answer for %v: %w", q, err)
	}
	return ParseReply(q, b)
}

// ReverseName is the name whose PTR is that of the address; IPv4 in IPv6 is
// taken for IPv4.
func ReverseName(addr netip.Addr) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	if addr = addr.Unmap(); addr.Is4() {
		a := addr.As4()
		fmt.Fprintf(&b, "%d.%d.%d.%d.in-addr.arpa.", a[3], a[2], a[1], a[0])
		return b.String()
	}
	a := addr.As16()
	for i := len(a) - 1; i >= 0; i-- {
		b.Write([]byte{hex[a[i]&0xF], '.', hex[a[i]>>4], '.'})
	}
	b.WriteString("ip6.arpa.")
	return b.String()
}

// HashServer is what hosts compare when they speak of a DNS server: the same
// on every host, 0 only for no address at all. A zone counts for nothing: its
// name is the host's own.
func HashServer(server netip.AddrPort) ServerID {
	if !server.Addr().IsValid() {
		return 0
	}
	b := server.Addr().As16() // IPv4 as the IPv6 address that maps it
	h := uint64(fnvOffset)
	for _, c := range binary.BigEndian.AppendUint16(b[:], server.Port()) {
		h = (h ^ uint64(c)) * fnvPrime
	}
	return ServerID(mix(h))
}
