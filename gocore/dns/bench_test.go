package dns

import (
	"testing"

	miekg "github.com/miekg/dns"
)

func BenchmarkParseReply(b *testing.B) {
	q := question(b, "www.example.org", TypeA)
	small := reply(b, q, nil, []string{"www.example.org. 300 IN A 192.0.2.1"}, nil, nil)
	big := reply(b, q, func(m *miekg.Msg) { m.SetEdns0(1232, false) }, []string{
		"www.example.org. 300 IN CNAME cdn.example.net.", "cdn.example.net. 60 IN A 192.0.2.1", "cdn.example.net. 60 IN A 192.0.2.2",
		"cdn.example.net. 60 IN A 192.0.2.3", "cdn.example.net. 60 IN A 192.0.2.4"}, nil, nil)
	for name, r := range map[string][]byte{"small": small, "big": big} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseReply(q, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNewQuestion(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		NewQuestion("www.example.org", TypeA)
	}
}

func BenchmarkView(b *testing.B) {
	a := samples(b)[1]
	b.ReportAllocs()
	for b.Loop() {
		a.View()
	}
}

func BenchmarkSameData(b *testing.B) {
	x, y := samples(b)[1], answer(b, "www.example.org", TypeAAAA, 0,
		"www.example.org. 3 IN CNAME CDN.example.net.", "cdn.example.net. 6 IN AAAA 2001:db8::1", "cdn.example.net. 6 IN AAAA 2001:db8::2")
	z := answer(b, "www.example.org", TypeAAAA, 0,
		"www.example.org. 3 IN CNAME CDN.example.net.", "cdn.example.net. 6 IN AAAA 2001:db8::2", "cdn.example.net. 6 IN AAAA 2001:db8::1")
	for name, o := range map[string]*Answer{"TTLs": y, "order": z} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !x.SameData(o) {
					b.Fatal("not the same")
				}
			}
		})
	}
}
