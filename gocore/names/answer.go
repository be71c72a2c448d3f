package names

import (
	"strconv"
	"strings"

	"mcdns/gocore/dns"
)

// ttl of what is answered here: that of RFC 6303's empty zones, in seconds.
const ttl = "10800"

// Answer makes the answer to a question whose Reach is Here (or Site, where no
// server stands on the site). It has no Birth and no Server: nobody gave it.
func Answer(q dns.Question) *dns.Answer {
	z := find(q)
	if z == nil {
		z = &single
	}
	rcode, records := z.answer(q)
	a, err := dns.ParseAnswer(q, rcode, records)
	if err != nil {
		// The SOA no longer fits beside a name of 255 bytes.
		a, _ = dns.ParseAnswer(q, dns.RcodeNXDomain, nil)
	}
	return a
}

func (z *zone) answer(q dns.Question) (rcode int, records []string) {
	soa := z.name + " " + ttl + " IN SOA localhost. nobody.invalid. 1 3600 1200 604800 " + ttl
	if data := z.data(q); data != "" {
		return dns.RcodeSuccess, []string{q.Name + " " + ttl + " IN " + data}
	}
	if z.exists(q.Name) {
		return dns.RcodeSuccess, []string{soa}
	}
	return dns.RcodeNXDomain, []string{soa}
}

// data is the record that a special name has, "" if it has none of that type.
func (z *zone) data(q dns.Question) string {
	host := z.name == "localhost."
	switch {
	case host && q.Type == dns.TypeA:
		return "A 127.0.0.1"
	case host && q.Type == dns.TypeAAAA:
		return "AAAA ::1"
	case q.Type == dns.TypePTR && (q.Name == "1.0.0.127.in-addr.arpa." || q.Name == loopback6):
		return "PTR localhost."
	case q.Name == z.name && q.Type == dns.TypeSOA:
		return "SOA localhost. nobody.invalid. 1 3600 1200 604800 " + ttl
	}
	return ""
}

// exists: the top of a zone, all of localhost (RFC 6761 section 6.3), all of
// resolver.arpa (RFC 9462 section 6.4: NODATA, so that a client that looks for
// a designated resolver learns that there is none), and what lies above a name
// that has data (RFC 8020).
func (z *zone) exists(name string) bool {
	return z != &single && name == z.name || z.name == "localhost." || z.name == "resolver.arpa." ||
		strings.HasSuffix("1.0.0.127.in-addr.arpa.", "."+name) || name == "1.0.0.127.in-addr.arpa."
}

func numbers(first, last int) []string {
	var all []string
	for n := first; n <= last; n++ {
		all = append(all, strconv.Itoa(n))
	}
	return all
}
