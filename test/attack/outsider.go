package main

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"sync"
	"time"

	"mcdns/test/lab"
)

// tape is an outsider: a machine without the key that hears and sends everything.
type tape struct {
	tap *lab.Tap

	mu     sync.Mutex
	frames []frame
	quit   bool
}

// frame is what the group's port was sent, as it was on the LAN.
type frame struct {
	at    time.Time
	bytes []byte // with what stands before the Ethernet header
}

// outsider plugs the outsider in; it records from then on.
func (s *stage) outsider() (*tape, error) {
	tap, err := s.lan.Tap()
	if err != nil {
		return nil, err
	}
	t := &tape{tap: tap}
	s.ends = append(s.ends, tap.Close)
	go t.record()
	return t, nil
}

func (t *tape) record() {
	buf := make([]byte, 70<<10)
	for {
		n, err := t.tap.Read(buf)
		if errors.Is(err, os.ErrClosed) {
			return
		}
		if err != nil || datagramOf(buf[:n]) == nil {
			continue
		}
		t.mu.Lock()
		t.frames = append(t.frames, frame{time.Now(), append([]byte(nil), buf[:n]...)})
		t.mu.Unlock()
	}
}

// heard is what was recorded so far.
func (t *tape) heard() []frame {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]frame(nil), t.frames...)
}

// replay sends a recording again, as it was sent, one frame in each pause.
func (t *tape) replay(frames []frame, pause time.Duration) error {
	for _, f := range frames {
		if err := t.tap.Send(f.bytes); err != nil {
			return err
		}
		time.Sleep(pause)
	}
	return nil
}

const (
	ethernet  = 14
	ip4Header = 20
	ip6Header = 40
	udpHeader = 8
	protoUDP  = 17
)

// datagramOf finds the payload of a UDP datagram for the group's port in a frame;
// nil if it is anything else.
func datagramOf(bytes []byte) []byte {
	if len(bytes) < lab.TapHeader+ethernet+ip4Header+udpHeader {
		return nil
	}
	eth := bytes[lab.TapHeader:]
	ip := eth[ethernet:]
	switch kind := binary.BigEndian.Uint16(eth[12:]); {
	case kind == 0x0800 && ip[0] == 0x45 && ip[9] == protoUDP:
		ip = ip[ip4Header:]
	case kind == 0x86DD && len(ip) >= ip6Header+udpHeader && ip[6] == protoUDP:
		ip = ip[ip6Header:]
	default:
		return nil
	}
	if binary.BigEndian.Uint16(ip[2:]) != groupPort {
		return nil
	}
	return ip[udpHeader:]
}

// isGroup tells a frame to the group from one to a host.
func (f *frame) isGroup() bool { return f.bytes[lab.TapHeader]&1 == 1 }

// forge makes a frame that says it is from an address, with a TTL of 255: an
// outsider says of itself what it likes.
func forge(from netip.Addr, port uint16, payload []byte) []byte {
	to := group4
	b := make([]byte, lab.TapHeader+ethernet+ip4Header+udpHeader, lab.TapHeader+ethernet+ip4Header+udpHeader+len(payload))
	eth := b[lab.TapHeader:]
	copy(eth, []byte{0x01, 0x00, 0x5E, 0, 0, 254, 0x02, 0, 0, 0, 0, 0x66, 0x08, 0x00})
	ip := eth[ethernet:]
	ip[0], ip[8], ip[9] = 0x45, 255, protoUDP
	binary.BigEndian.PutUint16(ip[2:], uint16(ip4Header+udpHeader+len(payload)))
	copy(ip[12:], from.AsSlice())
	copy(ip[16:], to.AsSlice())
	binary.BigEndian.PutUint16(ip[10:], checksum(ip[:ip4Header]))
	udp := ip[ip4Header:]
	binary.BigEndian.PutUint16(udp, groupPort)
	binary.BigEndian.PutUint16(udp[2:], port)
	binary.BigEndian.PutUint16(udp[4:], uint16(udpHeader+len(payload)))
	return append(b, payload...) // over IPv4 a checksum of 0 is none
}

func checksum(b []byte) uint16 {
	sum := uint32(0)
	for i := 0; i < len(b); i += 2 {
		sum += uint32(b[i])<<8 | uint32(b[i+1])
	}
	for sum > 0xFFFF {
		sum = sum>>16 + sum&0xFFFF
	}
	return ^uint16(sum)
}

// from is the address that a frame says it is from.
func (f *frame) from() netip.Addr {
	ip := f.bytes[lab.TapHeader+ethernet:]
	if ip[0]>>4 == 4 {
		return netip.AddrFrom4([4]byte(ip[12:]))
	}
	return netip.AddrFrom16([16]byte(ip[8:]))
}
