package main

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
	"mcdns/test/lab"
	"mcdns/test/story"
)

// An outsider that sends junk as fast as it can, under the addresses of the hosts.

// dummyPort is where nobody listens: what the generator itself costs.
const dummyPort = groupPort + 1

// kinds are what somebody without the key can make of one recorded datagram.
var kinds = map[string]func(was []byte) []byte{
	"random bytes":    func([]byte) []byte { return scribble(make([]byte, 200), 0) },
	"another key":     func(was []byte) []byte { return scribble(clone(was), 5) },
	"another version": func(was []byte) []byte { b := clone(was); b[4]--; return b },
	"forged":          func(was []byte) []byte { return scribble(clone(was), 9) },
	"forged, long":    func(was []byte) []byte { return scribble(append(clone(was), make([]byte, 1232-len(was))...), 9) },
	"replayed":        clone,
}

func clone(b []byte) []byte { return append([]byte(nil), b...) }

// scribble writes over what stands behind the first bytes of a datagram.
func scribble(b []byte, from int) []byte {
	rand.Read(b[min(from, len(b)):])
	return b
}

// readdress gives a recorded frame another payload and port. Who it says it is from
// stays; the kernel takes its checksum for one that a card would finish.
func readdress(frame []byte, port uint16, payload []byte) []byte {
	ip := frame[lab.TapHeader+ethernet:]
	header := ip4Header
	if ip[0]>>4 == 6 {
		header = ip6Header
	}
	b := append(clone(frame[:lab.TapHeader+ethernet+header+udpHeader]), payload...)
	clear(b[:lab.TapHeader])
	b[0] = 1 // VIRTIO_NET_HDR_F_NEEDS_CSUM
	binary.NativeEndian.PutUint16(b[6:], uint16(ethernet+header))
	binary.NativeEndian.PutUint16(b[8:], 6)
	ip = b[lab.TapHeader+ethernet:]
	if header == ip4Header {
		binary.BigEndian.PutUint16(ip[2:], uint16(ip4Header+udpHeader+len(payload)))
		clear(ip[10:12])
		binary.BigEndian.PutUint16(ip[10:], checksum(ip[:ip4Header]))
	} else {
		binary.BigEndian.PutUint16(ip[4:], uint16(udpHeader+len(payload)))
	}
	udp := ip[header:]
	binary.BigEndian.PutUint16(udp[2:], port)
	binary.BigEndian.PutUint16(udp[4:], uint16(udpHeader+len(payload)))
	return b
}

// generator sends frames without a pause.
type generator struct {
	begin time.Time
	sent  atomic.Int64
	quit  chan struct{}
	over  chan struct{}
}

// junk begins to send: a kind of it, under the address of each host by each family,
// to a port.
func (t *tape) junk(kind string, port uint16) *generator {
	var frames [][]byte
	seen := map[netip.Addr]int{}
	for _, f := range t.heard() {
		if from := f.from(); f.isGroup() && seen[from] < 8 && len(datagramOf(f.bytes)) > trust.Overhead {
			seen[from]++
			for range 4 {
				frames = append(frames, readdress(f.bytes, port, kinds[kind](datagramOf(f.bytes))))
			}
		}
	}
	return t.pour(frames)
}

// pour sends frames again and again.
func (t *tape) pour(frames [][]byte) *generator {
	g := &generator{begin: time.Now(), quit: make(chan struct{}), over: make(chan struct{})}
	go func() {
		defer close(g.over)
		for i := 0; len(frames) > 0; i++ {
			select {
			case <-g.quit:
				return
			default:
			}
			if t.tap.Send(frames[i%len(frames)]) == nil {
				g.sent.Add(1)
			}
		}
	}()
	return g
}

// stop ends it, and says at what rate it sent.
func (g *generator) stop() (perSecond float64) {
	close(g.quit)
	<-g.over
	return float64(g.sent.Load()) / time.Since(g.begin).Seconds()
}

// junkPort is the group's only in an attack.
func (s *stage) junkPort() uint16 {
	if s.attacked {
		return groupPort
	}
	return dummyPort
}

// drowned lets one host look names up amid junk, and die with the server.
func drowned(kind string) func(*stage) (outcome, error) {
	return func(s *stage) (outcome, error) {
		z, names := zone(5*time.Minute, 75)
		if err := s.open(lab.Config{Hosts: 3, Zone: z}); err != nil {
			return outcome{}, err
		}
		t, err := s.recorded()
		if err != nil {
			return outcome{}, err
		}
		g := t.junk(kind, s.junkPort())
		o, err := s.whatIsLeft(s.lan.Hosts[0], names)
		o.Figure = fmt.Sprintf("%s, at %.0f a second", o.Figure, g.stop())
		return o, err
	}
}

// soaked lets hosts look names up while whoever has the key says what is well formed and
// sealed, as fast as it can.
func soaked(s *stage) (outcome, error) {
	const different = 4096 // what comes again within 3 s is known by its tag
	z, names := zone(5*time.Minute, 120)
	in, err := s.joined(lab.Config{Hosts: 3, Zone: z}, 1)
	if err != nil {
		return outcome{}, err
	}
	t, err := s.outsider()
	if err != nil {
		return outcome{}, err
	}
	if err := s.learn(s.lan.Hosts[0], names[:60]); err != nil {
		return outcome{}, err
	}
	var frames [][]byte
	for i := range different {
		id := in.ids[0]
		id.seq++
		name := fmt.Sprintf("f%d.x", i)
		b, err := in.seal(&wire.Message{From: id.Peer, Seq: id.seq, Sent: in.clock(), Body: &wire.Announce{Answers: []wire.Aged{
			in.answer(s, id, dns.RcodeSuccess, time.Hour, name, is(name, lie)),
		}}})
		if err != nil {
			return outcome{}, err
		}
		frames = append(frames, forge(s.lan.Hosts[1].Addr, s.junkPort(), b))
	}
	g := t.pour(frames)
	lost := 0
	for _, h := range s.lan.Hosts {
		all, err := look(h, names, 4)
		if err != nil {
			g.stop()
			return outcome{}, err
		}
		lost += count(all, failed)
	}
	o := of(lost, 3*len(names), "lookups were lost")
	o.Figure = fmt.Sprintf("%s, at %.0f a second", o.Figure, g.stop())
	return o, nil
}

// recorded waits until every host was heard by both families.
func (s *stage) recorded() (*tape, error) {
	t, err := s.outsider()
	if err != nil {
		return nil, err
	}
	return t, await(60*second, "the outsider hears every host", func() bool {
		from := map[netip.Addr]bool{}
		for _, f := range t.heard() {
			if f.isGroup() {
				from[f.from()] = true
			}
		}
		return len(from) >= 2*len(s.lan.Hosts)
	})
}

// slowed times lookups of held names amid junk, beside the same amid junk that goes
// to another port.
func slowed(kind string) func(*stage) (outcome, error) {
	return func(s *stage) (outcome, error) {
		z, names := zone(time.Hour, 100)
		if err := s.open(lab.Config{Hosts: 3, Zone: z}); err != nil {
			return outcome{}, err
		}
		t, err := s.recorded()
		if err != nil {
			return outcome{}, err
		}
		host := s.lan.Hosts[0]
		if err := s.learn(host, names); err != nil {
			return outcome{}, err
		}
		var p99 [2]float64
		for i, port := range []uint16{dummyPort, s.junkPort()} {
			g := t.junk(kind, port)
			var times story.Times
			for range 20 {
				all, err := look(host, names, 1)
				if err != nil || count(all, failed) > 0 {
					g.stop()
					return outcome{}, fmt.Errorf("held names are lost amid junk: %v", err)
				}
				for _, l := range all {
					times = append(times, l.Took)
				}
			}
			g.stop()
			p99[i] = times.Quantile(0.99)
		}
		return outcome{p99[1] / p99[0], fmt.Sprintf("p99 of held names %s, %s beside junk at another port", story.Span(p99[1]), story.Span(p99[0]))}, nil
	}
}
