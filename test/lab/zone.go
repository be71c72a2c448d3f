package lab

import (
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// Zone is all the DNS data of a LAN's servers: one zone at the root, so that
// every name has an authority and every negative answer its SOA (RFC 2308).
// It may be changed while servers answer from it.
type Zone struct {
	mu   sync.RWMutex
	sets map[string][]dns.RR // by lower-cased owner name, fully qualified
	soa  *dns.SOA
	ttl  uint32
}

// NewZone makes an empty zone. ttl, in whole seconds, is that of the records
// added by Name, Alias and Pointer and of negative answers.
func NewZone(ttl time.Duration) *Zone {
	seconds := uint32(ttl / time.Second)
	soa := &dns.SOA{
		Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: seconds},
		Ns:  "ns.lab.example.", Mbox: "root.lab.example.",
		Serial: 1, Refresh: 3600, Retry: 600, Expire: 86400, Minttl: seconds,
	}
	return &Zone{sets: map[string][]dns.RR{}, soa: soa, ttl: seconds}
}

// Parse adds the records of a zone file.
func (z *Zone) Parse(r io.Reader) error {
	p := dns.NewZoneParser(r, ".", "zone")
	p.SetDefaultTTL(z.ttl)
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		z.add(rr)
	}
	return p.Err()
}

// Name adds addresses (A or AAAA, in text) to a name. Bad text panics: it is a
// mistake in the test.
func (z *Zone) Name(name string, addrs ...string) {
	for _, a := range addrs {
		addr := netip.MustParseAddr(a)
		if addr.Is4() {
			z.add(&dns.A{Hdr: z.header(name, dns.TypeA), A: addr.AsSlice()})
		} else {
			z.add(&dns.AAAA{Hdr: z.header(name, dns.TypeAAAA), AAAA: addr.AsSlice()})
		}
	}
}

// Alias makes a name a CNAME of target.
func (z *Zone) Alias(name, target string) {
	z.add(&dns.CNAME{Hdr: z.header(name, dns.TypeCNAME), Target: dns.Fqdn(target)})
}

// Pointer gives an address a name (PTR).
func (z *Zone) Pointer(addr, name string) {
	owner, err := dns.ReverseAddr(addr)
	if err != nil {
		panic("lab: " + err.Error())
	}
	z.add(&dns.PTR{Hdr: z.header(owner, dns.TypePTR), Ptr: dns.Fqdn(name)})
}

// Only makes a zone that holds the records of these names alone, and says of all
// others that they do not exist.
func (z *Zone) Only(names ...string) *Zone {
	z.mu.RLock()
	defer z.mu.RUnlock()
	only := NewZone(time.Duration(z.ttl) * time.Second)
	for _, name := range names {
		owner := dns.CanonicalName(name)
		only.sets[owner] = slices.Clone(z.sets[owner])
	}
	return only
}

// Remove takes all records of a name out of the zone.
func (z *Zone) Remove(name string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	delete(z.sets, dns.CanonicalName(name))
}

func (z *Zone) header(name string, rrtype uint16) dns.RR_Header {
	return dns.RR_Header{Name: dns.Fqdn(name), Rrtype: rrtype, Class: dns.ClassINET, Ttl: z.ttl}
}

func (z *Zone) add(rr dns.RR) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if soa, ok := rr.(*dns.SOA); ok {
		z.soa = soa
		return
	}
	owner := dns.CanonicalName(rr.Header().Name)
	z.sets[owner] = append(z.sets[owner], rr)
}

// answer fills in the reply to a question: the CNAME chain and the records at
// its end, or the SOA that goes with a negative answer.
func (z *Zone) answer(m *dns.Msg, q dns.Question) {
	z.mu.RLock()
	defer z.mu.RUnlock()
	m.Authoritative = true
	name := dns.CanonicalName(q.Name)
	for range 16 {
		found, alias := z.find(name, q.Qtype)
		m.Answer = append(m.Answer, found...)
		if len(found) > 0 {
			return
		}
		if alias == nil {
			break
		}
		m.Answer = append(m.Answer, alias)
		name = dns.CanonicalName(alias.Target)
	}
	if !z.exists(name) {
		m.Rcode = dns.RcodeNameError
	}
	m.Ns = append(m.Ns, z.soa)
}

func (z *Zone) find(name string, qtype uint16) (found []dns.RR, alias *dns.CNAME) {
	for _, rr := range z.sets[name] {
		if rr.Header().Rrtype == qtype {
			found = append(found, rr)
		} else if c, ok := rr.(*dns.CNAME); ok {
			alias = c
		}
	}
	return found, alias
}

// exists knows empty non-terminals: a name with names below it exists.
func (z *Zone) exists(name string) bool {
	if _, ok := z.sets[name]; ok {
		return true
	}
	for owner := range z.sets {
		if dns.IsSubDomain(name, owner) {
			return true
		}
	}
	return false
}

// Addresses is the truth about a name: its addresses, sorted as text.
func (z *Zone) Addresses(name string) []string {
	var all []string
	for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		m := new(dns.Msg)
		z.answer(m, dns.Question{Name: dns.Fqdn(name), Qtype: qtype, Qclass: dns.ClassINET})
		for _, rr := range m.Answer {
			switch rr := rr.(type) {
			case *dns.A:
				all = append(all, rr.A.String())
			case *dns.AAAA:
				all = append(all, rr.AAAA.String())
			}
		}
	}
	slices.Sort(all)
	return all
}

// text is the zone as a zone file, in a stable order.
func (z *Zone) text() string {
	z.mu.RLock()
	defer z.mu.RUnlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n. %d IN NS ns.lab.example.\n", z.soa, z.ttl)
	for _, owner := range slices.Sorted(maps.Keys(z.sets)) {
		for _, rr := range z.sets[owner] {
			fmt.Fprintln(&b, rr)
		}
	}
	return b.String()
}
