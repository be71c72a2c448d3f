package main

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
	"mcdns/test/lab"
)

// An outsider that sends junk as fast as it can, under the addresses of the hosts.

// dummyPort is where nobody listens: what the generator itself costs.
const dummyPort = groupPort + 1

// kind is what somebody without the key can make of one recorded datagram.
type kind struct {
	payload func(was []byte) []byte
	frame   func(frame []byte) []byte // nil: as it is
	copies  int
}

var kinds = map[string]kind{
	"random bytes":    {func([]byte) []byte { return scribble(make([]byte, 200), 0) }, nil, 4},
	"another key":     {func(was []byte) []byte { return scribble(clone(was), 5) }, nil, 4},
	"another version": {func(was []byte) []byte { b := clone(was); b[4]--; return b }, nil, 4},
	"forged":          {forged, nil, 4},
	"forged, long":    {long, nil, 4},
	"replayed":        {clone, nil, 1},
	"foreign":         {forged, foreign, 128},
	"fragments":       {long, fragment, 128},
}

// streamJunk is the kind that comes by TCP.
const streamJunk = "streams"

func forged(was []byte) []byte { return scribble(clone(was), 9) }

func long(was []byte) []byte { return scribble(append(clone(was), make([]byte, 1232-len(was))...), 9) }

// foreign lets a frame be from some address of which nobody has heard.
func foreign(frame []byte) []byte {
	ip := frame[lab.TapHeader+ethernet:]
	if ip[0]>>4 == 6 {
		rand.Read(ip[16:24])
		return frame
	}
	rand.Read(ip[13:16])
	sign(ip)
	return frame
}

// fragment makes the first half of a datagram whose other half never comes.
func fragment(frame []byte) []byte {
	clear(frame[:lab.TapHeader])
	var id [4]byte
	rand.Read(id[:])
	ip := frame[lab.TapHeader+ethernet:]
	if ip[0]>>4 == 4 {
		copy(ip[4:6], id[:])
		ip[6], ip[7] = 0x20, 0
		sign(ip)
		return frame
	}
	ip[6] = 44 // the fragment header, RFC 8200 section 4.5
	binary.BigEndian.PutUint16(ip[4:], binary.BigEndian.Uint16(ip[4:])+8)
	return slices.Insert(frame, lab.TapHeader+ethernet+ip6Header, protoUDP, 0, 0, 1, id[0], id[1], id[2], id[3])
}

// sign gives an IPv4 header its checksum.
func sign(ip []byte) {
	clear(ip[10:12])
	binary.BigEndian.PutUint16(ip[10:], checksum(ip[:ip4Header]))
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
		sign(ip)
	} else {
		binary.BigEndian.PutUint16(ip[4:], uint16(udpHeader+len(payload)))
	}
	udp := ip[header:]
	binary.BigEndian.PutUint16(udp[2:], port)
	binary.BigEndian.PutUint16(udp[4:], uint16(udpHeader+len(payload)))
	return b
}

// generator sends without a pause.
type generator struct {
	begin time.Time
	end   func() (sent int64)
}

// junk begins to send a kind of it to a port.
func (s *stage) junk(t *tape, of string, port uint16) (*generator, error) {
	if of == streamJunk {
		return s.knocks(port)
	}
	return t.junk(kinds[of], port), nil
}

// junk is a kind of it under the address of each host by each family.
func (t *tape) junk(k kind, port uint16) *generator {
	var frames [][]byte
	seen := map[netip.Addr]int{}
	for _, f := range t.heard() {
		from := f.from()
		if !f.isGroup() || seen[from] >= 8 || len(datagramOf(f.bytes)) <= trust.Overhead {
			continue
		}
		seen[from]++
		for range k.copies {
			made := readdress(f.bytes, port, k.payload(datagramOf(f.bytes)))
			if k.frame != nil {
				made = k.frame(made)
			}
			frames = append(frames, made)
		}
	}
	return t.pour(frames)
}

// pour sends frames again and again.
func (t *tape) pour(frames [][]byte) *generator {
	var sent atomic.Int64
	quit, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		for i := 0; len(frames) > 0; i++ {
			select {
			case <-quit:
				return
			default:
			}
			if t.tap.Send(frames[i%len(frames)]) == nil {
				sent.Add(1)
			}
		}
	}()
	return &generator{time.Now(), func() int64 {
		close(quit)
		<-over
		return sent.Load()
	}}
}

// stop ends it, and says at what rate it sent.
func (g *generator) stop() (perSecond float64) {
	return float64(g.end()) / time.Since(g.begin).Seconds()
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
		g, err := s.junk(t, kind, s.junkPort())
		if err != nil {
			return outcome{}, err
		}
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
		timing := timing{host: host, names: names, dummy: "amid the same at another port", enough: func(rounds int, _ time.Duration) bool {
			return rounds >= 20
		}}
		o, err := timing.paired(func(real bool) (func() string, error) {
			port := uint16(dummyPort)
			if real {
				port = s.junkPort()
			}
			g, err := s.junk(t, kind, port)
			return func() string { return fmt.Sprintf(" amid %.0f a second", g.stop()) }, err
		})
		if err == nil && timing.lost > 0 {
			err = fmt.Errorf("%d lookups of held names were lost amid junk", timing.lost)
		}
		return o, err
	}
}
