package wire

import (
	"fmt"
	"testing"

	"mcdns/gocore/dns"
)

func BenchmarkDecode(b *testing.B) {
	a := answer(b, "www.example.org", dns.TypeA, 0, "www.example.org. 300 IN CNAME cdn.example.net.", "cdn.example.net. 60 IN A 192.0.2.1")
	announce := &Announce{}
	for range 9 {
		announce.Answers = append(announce.Answers, Aged{a, 0})
	}
	for _, m := range []*Message{
		{From: peer(1, 1), Seq: 1, Body: announce},
		{From: peer(1, 1), Seq: 1, Body: &Hello{Version: "1.0.0", Hears: make([]Peer, MaxHears)}},
	} {
		plain, err := Encode(m)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%T", m.Body)[6:], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(plain); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	m := messages(b)[4]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Encode(m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSize(b *testing.B) {
	m := messages(b)[4]
	b.ReportAllocs()
	for b.Loop() {
		Size(m)
	}
}
