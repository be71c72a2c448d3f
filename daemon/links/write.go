package links

import (
	"fmt"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"

	"mcdns/gocore/node"
)

// sendGroup sends a datagram to the group by one way. It never waits: what does
// not fit the kernel's buffer is lost, as on the wire.
func (s *sockets) sendGroup(datagram []byte, way node.Way) error {
	port := int(s.group.Port)
	if way.IPv6 {
		to := &unix.SockaddrInet6{Port: port, ZoneId: uint32(way.Link), Addr: s.group.IPv6.As16()}
		return s.send(s.udp6, datagram, unix.PktInfo6(&unix.Inet6Pktinfo{Ifindex: uint32(way.Link)}), to)
	}
	// The interface of each datagram, as IP_MULTICAST_IF would set it for all:
	// without it the routing table decides, and says ENETUNREACH without a
	// default route.
	to := &unix.SockaddrInet4{Port: port, Addr: s.group.IPv4.As4()}
	return s.send(s.udp4, datagram, unix.PktInfo4(&unix.Inet4Pktinfo{Ifindex: int32(way.Link)}), to)
}

// sendTo sends a datagram to one host. The zone of a link-local address is the
// name or index of an interface.
func (s *sockets) sendTo(datagram []byte, to netip.AddrPort) error {
	a := to.Addr().Unmap()
	if a.Is4() {
		return s.send(s.udp4, datagram, nil, &unix.SockaddrInet4{Port: int(to.Port()), Addr: a.As4()})
	}
	zone := 0
	if a.Zone() != "" {
		zone = s.index(a.Zone())
	}
	return s.send(s.udp6, datagram, nil, &unix.SockaddrInet6{Port: int(to.Port()), ZoneId: uint32(zone), Addr: a.As16()})
}

func (s *sockets) send(c *socket, datagram, control []byte, to unix.Sockaddr) error {
	if c == nil {
		return fmt.Errorf("links: send: %w", unix.EAFNOSUPPORT)
	}
	var failed error
	err := c.raw.Control(func(fd uintptr) {
		_, failed = unix.SendmsgN(int(fd), datagram, control, to, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	})
	if err != nil {
		return err
	}
	return failed
}

// zoned gives a link-local address the name of its interface.
func (s *sockets) zoned(a netip.Addr, index int) netip.Addr {
	if !a.Is6() || !a.IsLinkLocalUnicast() {
		return a
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, l := range s.links {
		if l.Index == index {
			return a.WithZone(l.Name)
		}
	}
	return a.WithZone(strconv.Itoa(index))
}
