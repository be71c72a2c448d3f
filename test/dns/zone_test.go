package dns

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/miekg/dns"
)

// zone is a random zone under "example." that a recursive server answers from.
type zone struct {
	sets  map[string][]dns.RR // by lower-case owner
	names []string            // all owners, in a stable order
}

const zoneSOA = "example. 600 IN SOA ns.example. root.example. 1 3600 600 86400 300"

// randomData makes the data of one record of each type a client may meet.
var randomData = map[uint16]func(r *rand.Rand) string{
	dns.TypeA:    func(r *rand.Rand) string { return fmt.Sprintf("A 192.0.2.%d", r.IntN(256)) },
	dns.TypeAAAA: func(r *rand.Rand) string { return fmt.Sprintf("AAAA 2001:db8::%x", r.IntN(65536)) },
	dns.TypeMX:   func(r *rand.Rand) string { return fmt.Sprintf("MX %d n%d.example.", r.IntN(100), r.IntN(400)) },
	dns.TypeTXT: func(r *rand.Rand) string {
		return fmt.Sprintf("TXT \"%s\" \"v=%d\"", strings.Repeat("x", r.IntN(200)), r.IntN(9))
	},
	dns.TypeSRV: func(r *rand.Rand) string { return fmt.Sprintf("SRV 1 2 %d n%d.example.", r.IntN(65536), r.IntN(400)) },
	dns.TypeCAA: func(r *rand.Rand) string { return fmt.Sprintf("CAA 0 issue \"ca%d.example\"", r.IntN(100)) },
	dns.TypeNAPTR: func(r *rand.Rand) string {
		return fmt.Sprintf("NAPTR %d 50 \"s\" \"http\" \"\" n%d.example.", r.IntN(100), r.IntN(400))
	},
	dns.TypeHTTPS: func(r *rand.Rand) string { return fmt.Sprintf("HTTPS 1 . alpn=h2 ipv4hint=192.0.2.%d", r.IntN(256)) },
	dns.TypeSVCB: func(r *rand.Rand) string {
		return fmt.Sprintf("SVCB %d n%d.example. port=%d", 1+r.IntN(9), r.IntN(400), r.IntN(65536))
	},
	dns.TypePTR:   func(r *rand.Rand) string { return fmt.Sprintf("PTR n%d.example.", r.IntN(400)) },
	dns.TypeDS:    func(r *rand.Rand) string { return fmt.Sprintf("DS %d 13 2 %064x", r.IntN(65536), r.Uint64()) },
	dns.TypeSSHFP: func(r *rand.Rand) string { return fmt.Sprintf("SSHFP 4 2 %064x", r.Uint64()) },
	dns.TypeTLSA:  func(r *rand.Rand) string { return fmt.Sprintf("TLSA 3 1 1 %064x", r.Uint64()) },
	dns.TypeHINFO: func(r *rand.Rand) string { return fmt.Sprintf("HINFO \"c%d\" \"o\"", r.IntN(100)) },
	65280:         func(r *rand.Rand) string { return fmt.Sprintf("TYPE65280 \\# 4 %08x", r.Uint32()) },
}

// zoneTypes are the types asked for, in a stable order.
var zoneTypes = []uint16{
	dns.TypeA, dns.TypeAAAA, dns.TypeMX, dns.TypeTXT, dns.TypeSRV, dns.TypeCAA, dns.TypeNAPTR, dns.TypeHTTPS, dns.TypeSVCB,
	dns.TypePTR, dns.TypeDS, dns.TypeSSHFP, dns.TypeTLSA, dns.TypeHINFO, 65280, dns.TypeCNAME, dns.TypeSOA, dns.TypeNS, 65281,
}

func newZone(r *rand.Rand, names int) *zone {
	z := &zone{sets: map[string][]dns.RR{}}
	for i := range names {
		owner := fmt.Sprintf("n%d.example.", i)
		switch i % 11 {
		case 3:
			owner = fmt.Sprintf("Deep.n%d.Sub.example.", i)
		case 5:
			owner = fmt.Sprintf("_srv._tcp.n%d.example.", i)
		case 7:
			owner = fmt.Sprintf(`odd\.dot\032and\000n%d.example.`, i)
		}
		z.names = append(z.names, owner)
		ttl := []int{1, 60, 300, 3600, 604800}[r.IntN(5)]
		if i%40 == 0 {
			z.add(fmt.Sprintf("%s %d IN CNAME n%d.example.", owner, 60+ttl, (i+40)%names/40*40))
			continue
		}
		if i%6 == 0 { // chains, some of them long, some that end nowhere, some circles
			z.add(fmt.Sprintf("%s %d IN CNAME n%d.example.", owner, 60+ttl, r.IntN(names+20)))
			continue
		}
		for _, typ := range zoneTypes {
			if data := randomData[typ]; data != nil && r.IntN(3) == 0 {
				for range 1 + r.IntN(4) {
					z.add(fmt.Sprintf("%s %d IN %s", owner, ttl, data(r)))
				}
			}
		}
	}
	return z
}

func (z *zone) add(line string) {
	rr, err := dns.NewRR(line)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", line, err))
	}
	key := strings.ToLower(rr.Header().Name)
	for _, old := range z.sets[key] {
		if dns.IsDuplicate(old, rr) {
			return
		}
	}
	z.sets[key] = append(z.sets[key], rr)
}

// handle answers as a recursive server does.
func (z *zone) handle(_ string, q *dns.Msg) []*dns.Msg {
	r := reply(q, 0)
	soa, _ := dns.NewRR(zoneSOA)
	name, typ := q.Question[0].Name, q.Question[0].Qtype
	if strings.EqualFold(name, "example.") && typ == dns.TypeSOA {
		r.Answer = []dns.RR{soa}
		return []*dns.Msg{r}
	}
	if strings.HasPrefix(strings.ToLower(name), "broken") {
		return []*dns.Msg{reply(q, dns.RcodeServerFailure)}
	}
	for range 16 {
		set := z.sets[strings.ToLower(name)]
		var cname *dns.CNAME
		found := false
		for _, rr := range set {
			if rr.Header().Rrtype == typ {
				r.Answer, found = append(r.Answer, rr), true
			} else if c, is := rr.(*dns.CNAME); is {
				cname = c
			}
		}
		switch {
		case found:
			return z.cut(q, r)
		case cname != nil:
			r.Answer = append(r.Answer, cname)
			name = cname.Target
			continue
		case len(set) == 0 && !z.above(name):
			r.Rcode = dns.RcodeNameError
		}
		r.Ns = []dns.RR{soa}
		return z.cut(q, r)
	}
	return z.cut(q, r) // a circle, or a chain too long: some servers send it so
}

// above: an empty non-terminal exists.
func (z *zone) above(name string) bool {
	for owner := range z.sets {
		if strings.HasSuffix(owner, "."+strings.ToLower(name)) {
			return true
		}
	}
	return strings.EqualFold(name, "example.")
}

func (z *zone) cut(q, r *dns.Msg) []*dns.Msg {
	size := 512
	if o := q.IsEdns0(); o != nil {
		size = int(o.UDPSize())
	}
	r.Truncate(max(size, 512))
	return []*dns.Msg{r}
}
