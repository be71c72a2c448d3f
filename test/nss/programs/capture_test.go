package programs

import (
	"bytes"
	"encoding/binary"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mcdns/test/lab"
)

// capture counts the packets to and from port 53 on every interface of a host,
// and those among them that are about the site.
type capture struct {
	packets, about atomic.Int64
	quiet          chan struct{} // one for each 20 ms without a packet, if wanted
}

// settle waits until all packets that were sent before are counted.
func (c *capture) settle() {
	<-c.quiet
	<-c.quiet
}

func listen(t *testing.T, h *lab.Host) *capture {
	t.Helper()
	const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8
	var fd int
	err := h.Do(func() (err error) {
		fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, all)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	timeout := unix.NsecToTimeval(int64(20 * time.Millisecond))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		t.Fatal(err)
	}
	c := &capture{quiet: make(chan struct{})}
	var stop atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		packet := make([]byte, 2048)
		for !stop.Load() {
			n, _, err := unix.Recvfrom(fd, packet, 0)
			if err != nil {
				select {
				case c.quiet <- struct{}{}:
				default:
				}
			} else if domain(packet[:n]) {
				c.packets.Add(1)
				if bytes.Contains(bytes.ToLower(packet[:n]), []byte("\x03www\x08programs\x07example\x00")) {
					c.about.Add(1)
				}
			}
		}
	}()
	t.Cleanup(func() {
		stop.Store(true)
		<-done
		unix.Close(fd)
	})
	return c
}

// domain reports whether an IP packet is UDP or TCP from or to port 53.
func domain(packet []byte) bool {
	var next byte
	var ports []byte
	switch {
	case len(packet) >= 20 && packet[0]>>4 == 4:
		next, ports = packet[9], packet[min(int(packet[0]&15)*4, len(packet)):]
	case len(packet) >= 40 && packet[0]>>4 == 6:
		next, ports = packet[6], packet[40:]
	}
	if (next != unix.IPPROTO_UDP && next != unix.IPPROTO_TCP) || len(ports) < 4 {
		return false
	}
	return binary.BigEndian.Uint16(ports) == 53 || binary.BigEndian.Uint16(ports[2:]) == 53
}
