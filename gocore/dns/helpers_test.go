package dns

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	miekg "github.com/miekg/dns"
)

func question(t testing.TB, name string, typ uint16) Question {
	t.Helper()
	q, err := NewQuestion(name, typ)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// answer makes a shareable answer of zone lines.
func answer(t testing.TB, name string, typ uint16, rcode int, records ...string) *Answer {
	t.Helper()
	a, err := ParseAnswer(question(t, name, typ), rcode, records)
	if err != nil {
		t.Fatalf("ParseAnswer(%s): %v", name, err)
	}
	a.Birth = Birth{Peer{11, 12}, 3 * time.Second}
	a.Server = 77
	return a
}

// reply packs what a DNS server would send: question, then sections given as
// zone lines.
func reply(t testing.TB, q Question, change func(*miekg.Msg), answer, authority, additional []string) []byte {
	t.Helper()
	m := new(miekg.Msg)
	m.Compress = true
	m.Response, m.RecursionDesired, m.RecursionAvailable = true, true, true
	m.Question = []miekg.Question{{Name: q.Name, Qtype: q.Type, Qclass: miekg.ClassINET}}
	m.Answer, m.Ns, m.Extra = zone(t, answer), zone(t, authority), zone(t, additional)
	if change != nil {
		change(m)
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func zone(t testing.TB, lines []string) (rrs []miekg.RR) {
	t.Helper()
	for _, l := range lines {
		rr, err := miekg.NewRR(l)
		if err != nil {
			t.Fatalf("%q: %v", l, err)
		}
		rrs = append(rrs, rr)
	}
	return rrs
}

// rawRR is a record with any bytes for its parts.
func rawRR(owner []byte, typ uint16, ttl uint32, data []byte) []byte {
	b := binary.BigEndian.AppendUint16(slices.Clone(owner), typ)
	b = append(b, 0, ClassIN)
	b = binary.BigEndian.AppendUint32(b, ttl)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...)
}

const soa = "example.org. 3600 IN SOA ns.example.org. root.example.org. 1 7200 900 1209600 300"

// samples are answers of every kind.
func samples(t testing.TB) []*Answer {
	return []*Answer{
		answer(t, "www.example.org", TypeA, 0, "www.example.org. 300 IN A 192.0.2.1"),
		answer(t, "www.example.org", TypeAAAA, 0,
			"www.example.org. 300 IN CNAME CDN.example.net.",
			"cdn.example.net. 60 IN AAAA 2001:db8::1",
			"cdn.example.net. 60 IN AAAA 2001:db8::2"),
		answer(t, "intranet.example.org", TypeA, 0, "intranet.example.org. 5 IN A 10.0.0.1"),
		answer(t, "no.example.org", TypeAAAA, 0, soa),
		answer(t, "none.example.org", TypeA, 3, "none.example.org. 30 IN CNAME gone.example.org.", soa),
		answer(t, "1.2.0.192.in-addr.arpa", TypePTR, 0, "1.2.0.192.in-addr.arpa. 86400 IN PTR Host-1.example.org."),
		answer(t, "example.org", miekg.TypeMX, 0,
			"example.org. 300 IN MX 10 mail.example.org.", "example.org. 300 IN MX 20 mail2.example.org."),
		answer(t, "example.org", TypeHTTPS, 0, `example.org. 300 IN HTTPS 1 . alpn="h2,h3" ipv4hint="192.0.2.1"`),
		answer(t, "alias.example.org", TypeCNAME, 0, "alias.example.org. 300 IN CNAME www.example.org."),
		answer(t, "example.org", TypeSOA, 0, soa),
		answer(t, "example.org", 65280, 0, `example.org. 300 IN TYPE65280 \# 3 c00c00`),
		answer(t, ".", miekg.TypeNS, 0, ". 300 IN NS a.root-servers.net."),
	}
}

func edns(m *miekg.Msg) *miekg.OPT {
	m.SetEdns0(1232, false)
	return m.IsEdns0()
}
