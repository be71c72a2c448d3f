package node

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// BenchmarkFreshHit is one lookup of a name that is held and fresh, of 100,000.
func BenchmarkFreshHit(b *testing.B) {
	const names = 100_000
	n := New(Config{Self: wire.Peer{ID: 1, Epoch: 1}, Rand: rand.New(rand.NewPCG(1, 1))})
	s := Server{Addr: netip.MustParseAddrPort("192.0.2.53:53"), ID: 1}
	now := time.Hour
	n.Handle(now, Configure{Settings{Servers: []Server{s}, CacheBytes: 1 << 30, MaxTTL: 24 * time.Hour, MaxStale: 72 * time.Hour}})
	questions := make([]dns.Question, names)
	for i := range questions {
		questions[i] = dns.Question{Name: fmt.Sprintf("host%d.example.", i), Type: dns.TypeA}
		a, err := dns.ParseAnswer(questions[i], 0, []string{questions[i].Name + " 86400 IN A 203.0.113.1"})
		if err != nil {
			b.Fatal(err)
		}
		a.Server = 1
		n.Handle(now, Restore{Entries: []Entry{{Answer: a}}})
	}
	b.ResetTimer()
	for i := range b.N {
		out := n.Handle(now, Lookup{ID: uint64(i), Question: questions[uint64(i)*0x9e3779b97f4a7c15>>32%names]})
		if len(out) != 2 {
			b.Fatalf("got %v", out)
		}
	}
}
