package node

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// FuzzReceived feeds a node what peers say: plaintexts of datagrams, each after its
// length in two bytes and a byte that says from where and how much later. Nothing
// panics, all that the node says fits a datagram, and it asks for no wake-up for ever.
func FuzzReceived(f *testing.F) {
	from := wire.Peer{ID: 7, Epoch: 8}
	q, err := dns.NewQuestion("www.example", dns.TypeA)
	if err != nil {
		f.Fatal(err)
	}
	a, err := dns.ParseAnswer(q, dns.RcodeSuccess, []string{"www.example. 60 IN A 192.0.2.7"})
	if err != nil {
		f.Fatal(err)
	}
	a.Birth = dns.Birth{Peer: from, Clock: time.Minute}
	servers := []wire.ServerState{{Server: 5, Failure: wire.Never, Suspect: true}}
	var all []byte
	for i, body := range []wire.Body{
		&wire.Hello{Version: "1", Names: 9, Told: 3, Hears: []wire.Peer{from}}, &wire.Prove{Nonce: 1}, &wire.Proof{Nonce: 1},
		&wire.Announce{Answers: []wire.Aged{{Answer: a}}, Long: []wire.Long{{Question: q, Length: 9}}, New: 1},
		&wire.Query{Nonce: 2, Asked: []wire.Asked{{Question: q}}}, &wire.Answer{Nonce: 2, Answers: []wire.Aged{{Answer: a}}},
		&wire.Ask{Question: q}, &wire.Bye{},
	} {
		plain, err := wire.Encode(&wire.Message{From: from, Seq: uint64(i + 1), Sent: time.Hour, Servers: servers, Body: body})
		if err != nil {
			f.Fatal(err)
		}
		one := append(binary.BigEndian.AppendUint16(nil, uint16(len(plain))), byte(16*i))
		one = append(one, plain...)
		f.Add(one)
		all = append(all, one...)
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, b []byte) {
		n := New(Config{Self: wire.Peer{ID: 1, Epoch: 2}, Rand: rand.New(rand.NewPCG(1, 2)), Version: "1"})
		now := 2 * time.Hour
		check := func(effects []Effect) {
			for _, e := range effects {
				if s, ok := e.(Send); ok && s.Message != nil {
					if plain, err := wire.Encode(s.Message); err != nil || len(plain) > wire.MaxPlain {
						t.Fatalf("says what does not fit: %T, %d bytes, %v", s.Message.Body, len(plain), err)
					}
				}
			}
		}
		addr := netip.MustParseAddrPort("192.0.2.53:53")
		check(n.Handle(now, Configure{Settings: Settings{
			Shares: true, Links: []Link{{Index: 2, Name: "eth0", IPv4: true, IPv6: true}}, Place: 1, CacheBytes: 1 << 20,
			Servers: []Server{{Addr: addr, ID: dns.HashServer(addr)}}, Timeout: 5 * time.Second, Attempts: 2,
			MaxTTL: time.Hour, NegativeTTL: time.Minute, MaxStale: time.Hour,
		}}))
		check(n.Handle(now, Lookup{ID: 1, Question: q}))
		for len(b) >= 3 {
			size, how := int(binary.BigEndian.Uint16(b)), b[2]
			b = b[3:]
			size = min(size, len(b))
			m, err := wire.Decode(b[:size])
			b = b[size:]
			if err != nil {
				continue
			}
			now += time.Duration(how>>1) * 100 * time.Millisecond
			check(n.Handle(now, Wake{}))
			source := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, how}), 7353)
			check(n.Handle(now, Received{Message: m, From: source, Link: 2, Group: how&1 == 0}))
		}
		for range 1000 {
			at, ok := n.NextWake(now)
			if !ok || at > now+10*time.Second {
				return
			}
			now = max(now, at)
			check(n.Handle(now, Wake{}))
		}
		if _, ok := n.NextWake(now); ok && now < 2*time.Hour+20*time.Second {
			t.Fatalf("is woken a thousand times until %v", now)
		}
	})
}
