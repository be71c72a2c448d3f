package links

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"

	"mcdns/daemon/serve"
	"mcdns/gocore/node"
)

// onLink is the TTL that all senders use and all receivers demand: a router
// would have lowered it, so the sender is on this link (PROTOCOL 3.1; RFC 5082).
const onLink = 255

// receiveBuffer holds the burst of a joining group; the kernel gives what
// net.core.rmem_max allows.
const receiveBuffer = 1 << 20

// Group is where the hosts meet.
type Group struct {
	IPv4, IPv6 netip.Addr
	Port       uint16
}

// sockets are the two that all datagrams pass: one for IPv4, one for IPv6.
type sockets struct {
	group Group
	udp4  *socket // nil if the machine has no IPv4
	udp6  *socket // nil if the machine has no IPv6

	joined map[membership]bool // of who joins, one at a time

	mu    sync.RWMutex // held for no system call: the readers of links are in a hurry
	links []node.Link
}

// membership is one group joined on one link.
type membership struct {
	link int
	ipv6 bool
}

// open opens the sockets; at least one address family must work. They hear
// nothing before join.
func open(g Group) (*sockets, error) {
	s := &sockets{group: g, joined: map[membership]bool{}}
	var err4, err6 error
	s.udp4, err4 = listen("udp4", "0.0.0.0", g.Port, options4)
	s.udp6, err6 = listen("udp6", "::", g.Port, options6)
	if s.udp4 == nil && s.udp6 == nil {
		return nil, errors.Join(err4, err6)
	}
	// A family the machine does not have is no error; what may be opened later is.
	if err := errors.Join(err4, err6); serve.Passing(err) {
		s.close()
		return nil, err
	}
	return s, nil
}

func listen(network, host string, port uint16, options func(fd int) error) (*socket, error) {
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		if e := raw.Control(func(fd uintptr) { err = options(int(fd)) }); e != nil {
			return e
		}
		return err
	}}
	c, err := lc.ListenPacket(context.Background(), network, net.JoinHostPort(host, strconv.Itoa(int(port))))
	if err != nil {
		return nil, fmt.Errorf("links: open %s port %d: %w", network, port, err)
	}
	s, err := unwatched(c.(*net.UDPConn))
	if err != nil {
		return nil, fmt.Errorf("links: open %s port %d: %w", network, port, err)
	}
	return s, nil
}

type option struct{ level, name, value int }

func set(fd int, options []option) error {
	for _, o := range options {
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			return os.NewSyscallError(fmt.Sprintf("setsockopt %d/%d", o.level, o.name), err)
		}
	}
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer) // as much as there is
	return nil
}

// options4: MULTICAST_ALL=0, else the socket hears groups that other programs
// joined on other interfaces; MTU_DISCOVER=PROBE, so that nothing is fragmented
// and no forged ICMP can shrink the path.
func options4(fd int) error {
	return set(fd, []option{
		{unix.SOL_IP, unix.IP_MULTICAST_ALL, 0},
		{unix.SOL_IP, unix.IP_MULTICAST_TTL, onLink},
		{unix.SOL_IP, unix.IP_TTL, onLink},
		{unix.SOL_IP, unix.IP_MULTICAST_LOOP, 0},
		{unix.SOL_IP, unix.IP_RECVTTL, 1},
		{unix.SOL_IP, unix.IP_PKTINFO, 1},
		{unix.SOL_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_PROBE},
	})
}

func options6(fd int) error {
	return set(fd, []option{
		{unix.SOL_IPV6, unix.IPV6_MULTICAST_ALL, 0},
		{unix.SOL_IPV6, unix.IPV6_MULTICAST_HOPS, onLink},
		{unix.SOL_IPV6, unix.IPV6_UNICAST_HOPS, onLink},
		{unix.SOL_IPV6, unix.IPV6_MULTICAST_LOOP, 0},
		{unix.SOL_IPV6, unix.IPV6_RECVHOPLIMIT, 1},
		{unix.SOL_IPV6, unix.IPV6_RECVPKTINFO, 1},
		{unix.SOL_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_PROBE},
	})
}

// close closes both sockets; receivers return.
func (s *sockets) close() {
	for _, c := range []*socket{s.udp4, s.udp6} {
		if c != nil {
			c.Close()
		}
	}
}

// join joins the group on every link, by its index, and forgets what was joined
// elsewhere. It returns what failed; other links work on.
func (s *sockets) join(links []node.Link) error {
	s.mu.Lock()
	s.links = links
	s.mu.Unlock()
	want := map[membership]bool{}
	for _, l := range links {
		if l.IPv4 && s.udp4 != nil {
			want[membership{l.Index, false}] = true
		}
		if l.IPv6 && s.udp6 != nil {
			want[membership{l.Index, true}] = true
		}
	}
	for m := range s.joined {
		if !want[m] {
			s.leave(m) // a link that went away took its membership along
			delete(s.joined, m)
		}
	}
	var failed []error
	for m := range want {
		// A link that came back under its old index may or may not have kept the
		// membership, so each is asked for again; "already" is EADDRINUSE.
		if err := s.enter(m); err != nil && !errors.Is(err, syscall.EADDRINUSE) {
			failed = append(failed, fmt.Errorf("join the group on %s: %w", s.name(m.link), err))
			continue
		}
		s.joined[m] = true
	}
	return errors.Join(failed...)
}

// rejoin leaves and joins the IPv6 group anew. A switch that snoops MLD where
// nobody queries forgets the member after 125 to 260 s and nothing reminds it;
// 224.0.0.0/24 is not pruned (RFC 4541 sections 2.1.2 and 3).
func (s *sockets) rejoin() {
	for m := range s.joined {
		if m.ipv6 {
			s.leave(m)
			s.enter(m)
		}
	}
}

func (s *sockets) enter(m membership) error {
	conn, group := s.family(m)
	return conn.JoinGroup(&net.Interface{Index: m.link}, group)
}

func (s *sockets) leave(m membership) {
	conn, group := s.family(m)
	conn.LeaveGroup(&net.Interface{Index: m.link}, group)
}

// member is a socket that can join groups.
type member interface {
	JoinGroup(*net.Interface, net.Addr) error
	LeaveGroup(*net.Interface, net.Addr) error
}

// family is the socket of a membership's address family, and the group.
func (s *sockets) family(m membership) (member, net.Addr) {
	if m.ipv6 {
		return ipv6.NewPacketConn(s.udp6), &net.UDPAddr{IP: s.group.IPv6.AsSlice()}
	}
	return ipv4.NewPacketConn(s.udp4), &net.UDPAddr{IP: s.group.IPv4.AsSlice()}
}

func (s *sockets) name(index int) string {
	for _, l := range s.links {
		if l.Index == index {
			return l.Name
		}
	}
	return strconv.Itoa(index)
}

func (s *sockets) index(zone string) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, l := range s.links {
		if l.Name == zone {
			return l.Index
		}
	}
	n, _ := strconv.Atoi(zone)
	return n
}
