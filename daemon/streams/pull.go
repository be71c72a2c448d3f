package streams

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"mcdns/daemon/survive"
	"mcdns/gocore/node"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
)

var (
	errBusy = errors.New("streams: the peer is busy")
	errSolo = errors.New("streams: no group key")
)

// Pull does the effect: opens a stream to a peer and hands what comes to the
// node, the end of it included. It does not block.
func (s *Streams) Pull(p node.Pull) {
	s.group.Add(1)
	go func() {
		defer s.group.Done()
		last, err := s.pull(p)
		if err != nil {
			s.config.Log.Debug("pull failed", "peer", p.Addr, "error", err)
		}
		last.Pull, last.Done, last.Whole = p.ID, true, err == nil
		s.config.Put(last)
	}()
}

// pull hands all records to the node but the last, which it returns.
func (s *Streams) pull(p node.Pull) (last node.Pulled, err error) {
	defer survive.Into(&err)
	ring := s.config.Ring()
	if ring == nil {
		return node.Pulled{}, errSolo
	}
	whole, end := context.WithTimeout(s.ctx, s.within)
	defer end()
	c, err := s.open(whole, ring, p.Addr)
	if err != nil {
		return node.Pulled{}, err
	}
	defer c.conn.Close()
	defer closeWith(whole, c.conn)()
	if err := c.send(wire.EncodeWant(p.Want.Away, p.Want.After, p.Want.Questions), true); err != nil {
		return node.Pulled{}, err
	}
	return s.take(c, p.ID)
}

// open connects to a peer, which proves that it has the key.
func (s *Streams) open(ctx context.Context, ring *trust.Ring, to netip.AddrPort) (*channel, error) {
	ctx, cancel := context.WithTimeout(ctx, proveWithin)
	defer cancel()
	network := "tcp4"
	if to.Addr().Is6() {
		network = "tcp6"
	}
	d := net.Dialer{Control: onLink}
	conn, err := d.DialContext(ctx, network, to.String())
	s.dialled(to.Addr(), err)
	if err != nil {
		return nil, err
	}
	defer closeWith(ctx, conn)()
	c := &channel{conn: conn, stream: s.newStream(ring, true), ring: s.config.Ring}
	conn.SetDeadline(time.Now().Add(proveWithin))
	if err := c.hello(true); err != nil {
		conn.Close()
		return nil, fmt.Errorf("streams: hello: %w", err)
	}
	conn.SetDeadline(time.Time{})
	return c, nil
}

// A Reached says how a stream to a peer was opened, for nothing but to know.
type Reached struct {
	Took time.Duration // until the peer had proven that it has the key
	MTU  int           // of the way, as the kernel knows it; 0 if it does not
}

// Reach opens a stream to a peer and closes it again.
func (s *Streams) Reach(ctx context.Context, to netip.AddrPort) (Reached, error) {
	ring := s.config.Ring()
	if ring == nil {
		return Reached{}, errSolo
	}
	begun := time.Now()
	c, err := s.open(ctx, ring, to)
	if err != nil {
		return Reached{}, err
	}
	defer c.conn.Close()
	return Reached{Took: time.Since(begun), MTU: mtu(c.conn)}, nil
}

// mtu asks the kernel for what is known of a connection's way.
func mtu(conn net.Conn) (most int) {
	tcp, is := conn.(*net.TCPConn)
	if !is {
		return 0
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0
	}
	level, option := unix.SOL_IP, unix.IP_MTU
	if a, is := conn.RemoteAddr().(*net.TCPAddr); is && a.IP.To4() == nil {
		level, option = unix.SOL_IPV6, unix.IPV6_MTU
	}
	raw.Control(func(fd uintptr) { most, _ = unix.GetsockoptInt(int(fd), level, option) })
	return most
}

// take stops at what the peer was not asked for: a stream that never ends would
// keep this host from every other pull.
func (s *Streams) take(c *channel, id uint64) (node.Pulled, error) {
	for left := s.config.PullBytes(); ; {
		message, last, err := c.receive(idle)
		if err != nil {
			return node.Pulled{}, err
		}
		if left -= len(message); left < 0 {
			return node.Pulled{}, errors.New("streams: the peer sends more than there is room for")
		}
		peer, _ := c.stream.Peer()
		sent, answers, next, end, busy, err := wire.DecodePage(message)
		switch {
		case err != nil:
			return node.Pulled{}, err
		case busy:
			return node.Pulled{From: peer, Sent: sent}, errBusy
		}
		in := node.Pulled{Pull: id, From: peer, Sent: sent, Answers: answers, Next: next}
		switch {
		case end && last:
			return in, nil
		case end || last: // a cut that says it is none
			return in, errors.New("streams: the stream ends in the middle")
		}
		if err := s.config.Put(in); err != nil {
			return node.Pulled{}, err
		}
	}
}
