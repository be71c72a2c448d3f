package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"mcdns/gocore/dns"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
	"mcdns/test/lab"
)

const groupPort = 7353

var group4 = netip.MustParseAddr("224.0.0.254")

// insider is a machine with the group's key that runs no mcdnsd: it proves itself,
// hears everybody, and says what it likes, in as many names as it likes. It sits
// at the router, and speaks IPv4.
type insider struct {
	host  *lab.Host
	ring  sealer
	conn  *net.UDPConn
	begin time.Time
	// claims, if set, is the key id that its datagrams say they are sealed with.
	claims []byte

	mu    sync.Mutex
	ids   []*identity
	heard map[netip.Addr]heard
	// asked is called with what is asked of the insider by ASK.
	asked func(dns.Question)
}

// identity is a name that the insider speaks in.
type identity struct {
	wire.Peer
	seq uint64
}

// heard is what a host last said of itself.
type heard struct {
	wire.Peer
	seq  uint64
	sent time.Duration
	at   time.Time
}

// insider gives the attacker the key, and so many names that everybody has proven.
func (s *stage) insider(names int) (*insider, error) {
	in, err := s.newInsider(s.lan.Hosts[0], 255)
	if err != nil {
		return nil, err
	}
	for some := range names {
		in.mu.Lock()
		in.ids = append(in.ids, &identity{Peer: wire.Peer{ID: random(), Epoch: random()}})
		in.mu.Unlock()
		// A PROVE does not say whom it is for, and is answered in every name that is new.
		if n := some + 1; n%provenAtOnce == 0 || n == names {
			if err := s.proven(in, n); err != nil {
				return nil, err
			}
		}
	}
	go in.helloLoop()
	return in, nil
}

// joined opens the LAN, and has an insider on it.
func (s *stage) joined(cfg lab.Config, names int) (*insider, error) {
	if err := s.open(cfg); err != nil {
		return nil, err
	}
	return s.insider(names)
}

const provenAtOnce = 20

// proven waits until every host has proven so many names of the insider.
func (s *stage) proven(in *insider, names int) error {
	if err := in.hello(in.ids[in.fresh():]); err != nil {
		return err
	}
	want := len(s.lan.Hosts) - 1 + names
	for _, h := range s.lan.Hosts {
		err := await(30*second, fmt.Sprintf("%s has proven %d names of the insider", h.Name, names), func() bool {
			st, err := h.Status()
			return err == nil && st.Group.Proven >= want
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fresh is where the names begin that are answered for.
func (in *insider) fresh() int { return (len(in.ids) - 1) / provenAtOnce * provenAtOnce }

// newInsider has the key of a host, and no name yet.
func (s *stage) newInsider(keyOf *lab.Host, ttl int) (*insider, error) {
	file, err := os.ReadFile(keyOf.Path("/etc/mcdns/group.key"))
	if err != nil {
		return nil, err
	}
	return s.keyed(file, ttl)
}

// keyed has the key of a file.
func (s *stage) keyed(file []byte, ttl int) (*insider, error) {
	key, err := trust.ParseKey(file)
	if err != nil {
		return nil, err
	}
	in := &insider{host: s.lan.Router, ring: trust.NewRing(key), begin: time.Now(), heard: map[netip.Addr]heard{}}
	if s.old != nil && s.binaries == s.old {
		if in.ring, err = newElder(key, file); err != nil {
			return nil, err
		}
	}
	if err := in.host.Do(func() error { return in.open(ttl) }); err != nil {
		return nil, fmt.Errorf("insider: %w", err)
	}
	s.ends = append(s.ends, in.conn.Close)
	go in.hear()
	return in, nil
}

// open runs on the host's thread.
func (in *insider) open(ttl int) error {
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		return raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_TTL, ttl) })
	}}
	c, err := lc.ListenPacket(context.Background(), "udp4", fmt.Sprintf("0.0.0.0:%d", groupPort))
	if err != nil {
		return err
	}
	in.conn = c.(*net.UDPConn)
	eth, err := net.InterfaceByName("eth0")
	if err != nil {
		return err
	}
	p := ipv4.NewPacketConn(in.conn)
	if err := p.JoinGroup(eth, &net.UDPAddr{IP: group4.AsSlice()}); err != nil {
		return err
	}
	if err := p.SetMulticastInterface(eth); err != nil {
		return err
	}
	if err := p.SetMulticastTTL(ttl); err != nil {
		return err
	}
	return p.SetMulticastLoopback(false)
}

// clock is the insider's CLOCK_BOOTTIME.
func (in *insider) clock() time.Duration {
	return time.Hour + time.Since(in.begin).Truncate(time.Millisecond)
}

// hear takes note of who is there, and proves all of the insider's names.
func (in *insider) hear() {
	buf := make([]byte, 2048)
	for {
		n, from, err := in.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		plain, err := in.ring.Open(buf[:n])
		if err != nil {
			continue
		}
		if m, err := wire.Decode(plain); err == nil {
			in.takes(m, netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
		}
	}
}

func (in *insider) takes(m *wire.Message, from netip.AddrPort) {
	in.mu.Lock()
	in.heard[from.Addr()] = heard{m.From, m.Seq, m.Sent, time.Now()}
	ids, asked := in.ids[:len(in.ids):len(in.ids)], in.asked
	if len(ids) > 0 {
		ids = ids[in.fresh():]
	}
	in.mu.Unlock()
	switch body := m.Body.(type) {
	case *wire.Prove:
		for _, id := range ids { // a PROVE does not say whom it is for
			in.sayTo(from, id, &wire.Proof{Nonce: body.Nonce})
		}
	case *wire.Ask:
		if asked != nil {
			asked(body.Question)
		}
	}
}

const helloEvery = 3 * second

func (in *insider) helloLoop() {
	for in.hello(in.ids) == nil {
		time.Sleep(helloEvery)
	}
}

func (in *insider) hello(ids []*identity) (err error) {
	for _, id := range ids {
		err = in.say(id, &wire.Hello{Version: "0.1.0"})
	}
	return err
}

// say tells the group something in a name of the insider.
func (in *insider) say(id *identity, body wire.Body, servers ...wire.ServerState) error {
	return in.sayTo(netip.AddrPortFrom(group4, groupPort), id, body, servers...)
}

func (in *insider) sayTo(to netip.AddrPort, id *identity, body wire.Body, servers ...wire.ServerState) error {
	in.mu.Lock()
	id.seq++
	m := &wire.Message{From: id.Peer, Seq: id.seq, Sent: in.clock(), Servers: servers, Body: body}
	in.mu.Unlock()
	return in.send(to, m)
}

// send seals a message, whoever it says it is from.
func (in *insider) send(to netip.AddrPort, m *wire.Message) error {
	b, err := in.seal(m)
	if err != nil {
		return err
	}
	_, err = in.conn.WriteToUDPAddrPort(b, to)
	return err
}

func (in *insider) seal(m *wire.Message) ([]byte, error) {
	plain, err := wire.Encode(m)
	if err != nil {
		return nil, err
	}
	var nonce [trust.NonceSize]byte
	rand.Read(nonce[:])
	sealed := in.ring.Seal(plain, nonce)
	copy(sealed[5:], in.claims)
	return sealed, nil
}

// hears is what a host last said of itself, waiting for it if need be.
func (in *insider) hears(h *lab.Host) (was heard, err error) {
	err = await(30*second, "the insider hears "+h.Name, func() (ok bool) {
		in.mu.Lock()
		defer in.mu.Unlock()
		was, ok = in.heard[h.Addr]
		return ok
	})
	return was, err
}

// as is a message in the name of another host, with its clock.
func (was heard) as(seq uint64, body wire.Body) *wire.Message {
	return &wire.Message{From: was.Peer, Seq: seq, Sent: was.sent + time.Since(was.at).Truncate(time.Millisecond), Body: body}
}

// answer is one that a DNS server never gave: a lie, just born.
func (in *insider) answer(s *stage, id *identity, rcode int, ttl time.Duration, name string, records ...string) wire.Aged {
	q, err := dns.NewQuestion(name, dns.TypeA)
	if err == nil {
		var a *dns.Answer
		if a, err = dns.ParseAnswer(q, rcode, records); err == nil {
			a.TTL, a.Birth = ttl, dns.Birth{Peer: id.Peer, Clock: in.clock()}
			a.Server = dns.HashServer(netip.AddrPortFrom(s.lan.Server.Host.Addr, 53))
			return wire.Aged{Answer: a}
		}
	}
	panic("attack: " + err.Error()) // a mistake in the row
}

// is is an address record of a lie.
func is(name, addr string) string { return fmt.Sprintf("%s. 14400 IN A %s", name, addr) }

// lies makes an answer of the same lie for each name.
func (in *insider) lies(s *stage, id *identity, names ...string) (all []wire.Aged) {
	for _, n := range names {
		all = append(all, in.answer(s, id, dns.RcodeSuccess, 4*time.Hour, n, is(n, lie)))
	}
	return all
}

func random() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.BigEndian.Uint64(b[:])
}
