package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
	"mcdns/test/lab"
)

// What was promised from the beginning, and what cannot be.

// lied tells in an outage where names are that nobody holds, with the group's key or
// with one that only claims to be it.
func lied(key bool) func(*stage) (outcome, error) {
	return func(s *stage) (outcome, error) {
		if err := s.open(lab.Config{Hosts: 3}); err != nil {
			return outcome{}, err
		}
		if key {
			in, err := s.insider(1)
			if err != nil {
				return outcome{}, err
			}
			return s.believed(in)
		}
		other := make([]byte, trust.KeySize)
		rand.Read(other)
		in, err := s.keyed(other, 255)
		if err != nil {
			return outcome{}, err
		}
		in.ids = []*identity{{Peer: wire.Peer{ID: random(), Epoch: random()}}}
		if in.claims, err = s.keyID(); err != nil {
			return outcome{}, err
		}
		return s.believed(in)
	}
}

// believed lies about names that nobody holds, in an outage, and asks for them.
func (s *stage) believed(in *insider) (outcome, error) {
	_, names := zone(second, 40)
	host := s.lan.Hosts[0]
	if err := s.lose(host); err != nil {
		return outcome{}, err
	}
	if s.attacked {
		if err := in.insist(s, names); err != nil {
			return outcome{}, err
		}
	}
	all, err := look(host, names, 4)
	return of(count(all, says(lie)), len(all), "names were where the liar said"), err
}

// outdated tells in an outage, unasked, other addresses of names that all hosts hold and
// that are past their time to live.
func outdated(s *stage) (outcome, error) {
	z, names := zone(second, 40)
	in, err := s.joined(lab.Config{Hosts: 3, Zone: z}, 1)
	if err != nil {
		return outcome{}, err
	}
	host := s.lan.Hosts[0]
	if err := s.learn(host, names); err != nil {
		return outcome{}, err
	}
	time.Sleep(3 * second) // all is told, and past its time to live
	if err := s.lose(host); err != nil {
		return outcome{}, err
	}
	if s.attacked {
		if err := in.insist(s, names); err != nil {
			return outcome{}, err
		}
	}
	all, err := look(host, names, 4)
	return of(count(all, says(lie)), len(all), "held names were where the liar said"), err
}

// insist lies five times.
func (in *insider) insist(s *stage, names []string) error {
	for range 5 {
		if err := in.tell(in.lies(s, in.ids[0], names...)); err != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

// keyID is what stands in clear in the datagrams of the group.
func (s *stage) keyID() ([]byte, error) {
	t, err := s.recorded()
	if err != nil {
		return nil, err
	}
	return datagramOf(t.heard()[0].bytes)[5:9], nil
}

// beyond lies with the key from behind a router, which has lowered the TTL.
func beyond(ttl int) func(*stage) (outcome, error) {
	return func(s *stage) (outcome, error) {
		if err := s.open(lab.Config{Hosts: 3}); err != nil {
			return outcome{}, err
		}
		if ttl == 255 {
			in, err := s.insider(1)
			if err != nil {
				return outcome{}, err
			}
			return s.believed(in)
		}
		in, err := s.newInsider(s.lan.Hosts[0], ttl)
		if err != nil {
			return outcome{}, err
		}
		in.ids = []*identity{{Peer: wire.Peer{ID: random(), Epoch: random()}}}
		go in.helloLoop()
		time.Sleep(3 * second)
		return s.believed(in)
	}
}

// overheard looks for names in what it recorded; with the key it opens it first.
func overheard(s *stage) (outcome, error) {
	z, names := zone(5*time.Minute, 40)
	if err := s.open(lab.Config{Hosts: 3, Zone: z}); err != nil {
		return outcome{}, err
	}
	t, err := s.outsider()
	if err != nil {
		return outcome{}, err
	}
	in, err := s.newInsider(s.lan.Hosts[0], 255)
	if err != nil {
		return outcome{}, err
	}
	if s.attacked {
		if err := s.learn(s.lan.Hosts[0], names); err != nil {
			return outcome{}, err
		}
	}
	time.Sleep(5 * second)
	var heard []byte
	for _, f := range t.heard() {
		b := datagramOf(f.bytes)
		if plain, err := in.ring.Open(b); err == nil && s.edge {
			b = plain
		}
		heard = append(heard, b...)
	}
	read := 0
	for _, n := range names {
		label, _, _ := bytes.Cut([]byte(n), []byte("."))
		if bytes.Contains(heard, label) {
			read++
		}
	}
	return of(read, len(names), "names were read"), nil
}

// disheartened says again and again that the server fails, while it works.
func disheartened(s *stage) (outcome, error) {
	z, names := zone(second, 60)
	in, err := s.joined(lab.Config{Hosts: 3, Zone: z}, 3)
	if err != nil {
		return outcome{}, err
	}
	var all []lab.Lookup
	for some := range slices.Chunk(names, 6) {
		if s.attacked {
			server := dns.HashServer(netip.AddrPortFrom(s.lan.Server.Host.Addr, 53))
			for _, id := range in.ids {
				err := in.say(id, &wire.Hello{Version: "0.1.0"}, wire.ServerState{Server: server, Success: wire.Never, Suspect: true})
				if err != nil {
					return outcome{}, err
				}
			}
			time.Sleep(400 * time.Millisecond)
		}
		got, err := look(s.lan.Hosts[0], some, 1)
		if err != nil {
			return outcome{}, err
		}
		all = append(all, got...)
	}
	slow := count(all, func(l lab.Lookup) bool { return failed(l) || l.Took > 200*time.Millisecond })
	return of(slow, len(all), "lookups were slow or lost"), nil
}

// mangled seals what no host would say: noise, and messages with a byte changed.
func mangled(s *stage) (outcome, error) {
	z, names := zone(5*time.Minute, 60)
	in, err := s.joined(lab.Config{Hosts: 3, Zone: z}, 1)
	if err != nil {
		return outcome{}, err
	}
	if s.attacked {
		if err := in.mangle(s, 20_000); err != nil {
			return outcome{}, err
		}
	}
	lost := 0
	for _, h := range s.lan.Hosts {
		all, err := look(h, names, 4)
		if err != nil {
			return outcome{}, err
		}
		lost += count(all, failed) + h.Mcdnsd.Starts() - 1
		st, err := h.Status()
		if err != nil {
			return outcome{}, err
		}
		lost += int(st.Counters["internal_errors"])
	}
	return of(lost, len(names)*len(s.lan.Hosts), "lookups lost, daemons started anew, internal errors"), nil
}

func (in *insider) mangle(s *stage, n int) error {
	dice := mathrand.New(mathrand.NewPCG(1, 1))
	id := in.ids[0]
	q, err := dns.NewQuestion("name1.example", dns.TypeA)
	if err != nil {
		return err
	}
	for i := range n {
		bodies := []wire.Body{
			&wire.Hello{Version: "0.1.0", Hears: []wire.Peer{id.Peer}}, &wire.Announce{Answers: in.lies(s, id, "x.example")},
			&wire.Query{Nonce: dice.Uint64(), Asked: []wire.Asked{{Question: q}}}, &wire.Ask{Question: q}, &wire.Proof{Nonce: dice.Uint64()},
			&wire.Answer{Nonce: dice.Uint64(), Answers: in.lies(s, id, "y.example")}, &wire.Prove{Nonce: dice.Uint64()},
		}
		id.seq++
		plain, err := wire.Encode(&wire.Message{From: id.Peer, Seq: id.seq, Sent: in.clock(), Body: bodies[i%len(bodies)]})
		if err != nil {
			return err
		}
		for range 1 + dice.IntN(3) { // behind the id, or nobody is meant
			plain[16+dice.IntN(len(plain)-16)] = byte(dice.Uint32())
		}
		if i%10 == 0 {
			plain = plain[:dice.IntN(len(plain))]
		}
		var nonce [trust.NonceSize]byte
		rand.Read(nonce[:])
		if _, err := in.conn.WriteToUDPAddrPort(in.ring.Seal(plain, nonce), netip.AddrPortFrom(group4, groupPort)); err != nil {
			return err
		}
		if i%20 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	return nil
}

// rolledBack plays what a living host said of names before they moved; who has the
// key says the same anew.
func rolledBack(key bool) func(*stage) (outcome, error) {
	return func(s *stage) (outcome, error) {
		z, names := zone(second, 12)
		if err := s.open(lab.Config{Hosts: 3, Zone: z}); err != nil {
			return outcome{}, err
		}
		t, err := s.outsider()
		if err != nil {
			return outcome{}, err
		}
		var in *insider
		if key {
			if in, err = s.insider(1); err != nil {
				return outcome{}, err
			}
		}
		if err := s.learn(s.lan.Hosts[0], names); err != nil {
			return outcome{}, err
		}
		time.Sleep(3500 * time.Millisecond) // all is told, past its time to live, and of another birth
		recording := t.heard()
		for i, n := range names {
			z.Remove(n)
			z.Name(n, address(1, i))
		}
		if err := s.learn(s.lan.Hosts[0], names); err != nil {
			return outcome{}, err
		}
		time.Sleep(3500 * time.Millisecond)
		if err := s.lose(s.lan.Hosts...); err != nil {
			return outcome{}, err
		}
		switch {
		case s.attacked && key:
			for i, n := range names {
				old := in.answer(s, in.ids[0], dns.RcodeSuccess, time.Hour, n, is(n, address(0, i)))
				if err := in.tell([]wire.Aged{old}); err != nil {
					return outcome{}, err
				}
			}
		case s.attacked:
			if err := t.replay(recording, time.Millisecond); err != nil {
				return outcome{}, err
			}
		}
		return s.oldAddresses()
	}
}

// outnumbered gives the insider so many proven names that the group takes itself for
// a big one, and speaks seldom.
func outnumbered(s *stage) (outcome, error) {
	const owned, hosts = 256, 4
	z, names := zone(5*time.Minute, 120)
	if err := s.open(lab.Config{Hosts: hosts, Zone: z}); err != nil {
		return outcome{}, err
	}
	if s.attacked {
		if _, err := s.insider(owned); err != nil {
			return outcome{}, fmt.Errorf("%d names: %w", owned, err)
		}
		time.Sleep(16 * second)
	}
	return s.toldInTime(names)
}
