package wire

import (
	"testing"
	"time"

	"mcdns/gocore/dns"
)

func peer(id, epoch uint64) Peer { return Peer{ID: id, Epoch: epoch} }

func birth(of Peer, clock time.Duration) dns.Birth { return dns.Birth{Peer: of, Clock: clock} }

func question(t testing.TB, name string, typ uint16) dns.Question {
	t.Helper()
	q, err := dns.NewQuestion(name, typ)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// answer makes a shareable answer of zone lines.
func answer(t testing.TB, name string, typ uint16, rcode int, records ...string) *dns.Answer {
	t.Helper()
	a, err := dns.ParseAnswer(question(t, name, typ), rcode, records)
	if err != nil {
		t.Fatalf("ParseAnswer(%s): %v", name, err)
	}
	a.Birth = birth(peer(11, 12), 3*time.Second)
	a.Server = 77
	return a
}

const soa = "example.org. 3600 IN SOA ns.example.org. root.example.org. 1 7200 900 1209600 300"

// samples are answers of every kind.
func samples(t testing.TB) []*dns.Answer {
	return []*dns.Answer{
		answer(t, "www.example.org", dns.TypeA, 0, "www.example.org. 300 IN A 192.0.2.1"),
		answer(t, "www.example.org", dns.TypeAAAA, 0,
			"www.example.org. 300 IN CNAME CDN.example.net.",
			"cdn.example.net. 60 IN AAAA 2001:db8::1",
			"cdn.example.net. 60 IN AAAA 2001:db8::2"),
		answer(t, "intranet.example.org", dns.TypeA, 0, "intranet.example.org. 5 IN A 10.0.0.1"),
		answer(t, "no.example.org", dns.TypeAAAA, 0, soa),
		answer(t, "none.example.org", dns.TypeA, 3, "none.example.org. 30 IN CNAME gone.example.org.", soa),
		answer(t, "1.2.0.192.in-addr.arpa", dns.TypePTR, 0, "1.2.0.192.in-addr.arpa. 86400 IN PTR Host-1.example.org."),
		answer(t, "example.org", 15, 0,
			"example.org. 300 IN MX 10 mail.example.org.", "example.org. 300 IN MX 20 mail2.example.org."),
		answer(t, "example.org", dns.TypeHTTPS, 0, `example.org. 300 IN HTTPS 1 . alpn="h2,h3" ipv4hint="192.0.2.1"`),
		answer(t, "alias.example.org", dns.TypeCNAME, 0, "alias.example.org. 300 IN CNAME www.example.org."),
		answer(t, "example.org", dns.TypeSOA, 0, soa),
		answer(t, "example.org", 65280, 0, `example.org. 300 IN TYPE65280 \# 3 c00c00`),
		answer(t, ".", 2, 0, ". 300 IN NS a.root-servers.net."),
	}
}
