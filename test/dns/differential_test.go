package dns

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// TestAnswersAreThoseOfUnbound asks mcdnsd and unbound, both forwarding to one
// server, the same random questions. RCODE, TC, the records of the answer and
// the SOA of a negative must be the same, without exceptions; TTLs may be lower
// than unbound's (an answer has one age), never above the zone's.
func TestAnswersAreThoseOfUnbound(t *testing.T) {
	const seed, questions = 6, 3000
	r := rand.New(rand.NewPCG(seed, 0))
	z := newZone(r, 400)
	s := newServer(t, func(network string, q *dns.Msg) []*dns.Msg {
		replies := z.handle(network, q)
		if network == "tcp" { // no limit there
			full := z.handle(network, withSize(q))
			full[0].Id = q.Id
			return full
		}
		return replies
	})
	unbound := startUnbound(t, s.addr)
	ours := newDaemon(t, "", s.addr)
	differ, kinds := 0, map[string]int{}
	for i := range questions {
		name, typ := z.randomName(r), zoneTypes[r.IntN(len(zoneTypes))]
		var change []func(*dns.Msg)
		if r.IntN(2) == 0 {
			change = append(change, func(m *dns.Msg) { m.SetEdns0(1232, r.IntN(4) == 0) })
		}
		if r.IntN(8) == 0 {
			change = append(change, func(m *dns.Msg) { m.CheckingDisabled = true })
		}
		a, b := ask(t, ours.addr, name, typ, change...), ask(t, unbound, name, typ, change...)
		kinds[kind(b)]++
		if rr := z.tooOld(a); rr != nil {
			t.Errorf("question %d, %s %d (seed %d): TTL of %v", i, name, typ, seed, rr)
		}
		if canonical(a) == canonical(b) {
			continue
		}
		if differ++; differ <= 5 {
			t.Errorf("question %d, %s %d (seed %d):\nmcdns   %s\nunbound %s", i, name, typ, seed, canonical(a), canonical(b))
		}
	}
	t.Logf("%d questions, %d differ; kinds: %v (seed %d)", questions, differ, kinds, seed)
	for _, k := range []string{"NOERROR records", "NOERROR chain", "NOERROR none", "NOERROR chain to none", "NXDOMAIN", "NXDOMAIN chain", "SERVFAIL"} {
		if kinds[k] < 10 {
			t.Errorf("only %d replies of kind %q: the comparison says nothing about it", kinds[k], k)
		}
	}
}

// kind says what a reply amounts to.
func kind(m *dns.Msg) string {
	chain, records := "", ""
	for _, rr := range m.Answer {
		if rr.Header().Rrtype == dns.TypeCNAME && m.Question[0].Qtype != dns.TypeCNAME {
			chain = " chain"
		} else {
			records = " records"
		}
	}
	switch {
	case m.Rcode != 0:
		return dns.RcodeToString[m.Rcode] + chain
	case records != "" && chain == "":
		return "NOERROR records"
	case records != "":
		return "NOERROR chain"
	case chain != "":
		return "NOERROR chain to none"
	}
	return "NOERROR none"
}

func withSize(q *dns.Msg) *dns.Msg {
	c := q.Copy()
	c.Extra = nil
	c.SetEdns0(65535, false)
	return c
}

// tooOld reports a record of a reply that would be kept longer than its zone
// allows, nil if there is none.
func (z *zone) tooOld(m *dns.Msg) dns.RR {
	for _, rr := range m.Answer {
		for _, own := range z.sets[strings.ToLower(rr.Header().Name)] {
			if own.Header().Rrtype == rr.Header().Rrtype && rr.Header().Ttl > own.Header().Ttl {
				return rr
			}
		}
	}
	return nil
}

func (z *zone) randomName(r *rand.Rand) string {
	name := z.names[r.IntN(len(z.names))]
	switch r.IntN(16) {
	case 15:
		name = fmt.Sprintf("broken%d.example.", r.IntN(100))
	case 0:
		name = "no." + name
	case 1:
		name = fmt.Sprintf("missing%d.example.", r.IntN(1000))
	case 2:
		_, rest, _ := strings.Cut(name, ".")
		name = rest
		if strings.HasPrefix(name, `dot`) {
			name = "sub.example."
		}
	case 3:
		name = strings.ToUpper(name)
	}
	return name
}

// canonical is what of a reply must be the same, in one spelling and order.
func canonical(m *dns.Msg) string {
	var lines []string
	for _, rr := range m.Answer {
		lines = append(lines, line(rr))
	}
	slices.Sort(lines)
	var ns []string
	for _, rr := range m.Ns {
		if rr.Header().Rrtype == dns.TypeSOA {
			ns = append(ns, line(rr))
		}
	}
	return fmt.Sprintf("%s tc=%v cd=%v answer=%q soa=%q", dns.RcodeToString[m.Rcode], m.Truncated, m.CheckingDisabled, lines, ns)
}

func line(rr dns.RR) string {
	c := dns.Copy(rr)
	c.Header().Ttl = 0
	return strings.ToLower(strings.ReplaceAll(c.String(), "\t", " "))
}
