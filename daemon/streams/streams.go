// Package streams carries catch-up streams over TCP: what a host that starts or
// wakes pulls from one peer (PROTOCOL 3.16). What is asked and what is given is the
// node's; this package dials, accepts, bounds and seals.
//
// Read streams.go first, then pull.go (this host asks) with dial.go, serve.go (it is asked) with
// door.go, and record.go (what stands on the wire).
package streams

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"mcdns/daemon/serve"
	"mcdns/gocore/node"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
)

const (
	// proven bounds connections of members: the node serves two and tells the others
	// that it is busy.
	proven = 8
	// proveWithin: a handshake is one round trip on a LAN.
	proveWithin = 2 * time.Second
	idle        = 5 * time.Second
	// pullWithin bounds a whole stream: 64 MiB take seconds on a LAN, while one is pulled
	// nothing else is repaired, and one that is given takes a place that others want.
	pullWithin = 10 * time.Minute
)

// Config is what Streams need.
type Config struct {
	// Self is this host as it is now.
	Self func() wire.Peer
	// Ring is the keys as they are now, nil for solo.
	Ring func() *trust.Ring
	// Put hands an input to the node.
	Put func(node.Input) error
	// Now is CLOCK_BOOTTIME.
	Now func() time.Duration
	// Members are the addresses of those that are proven now. It is called once a
	// second at most, while somebody connects.
	Members func() []netip.Addr
	// PullBytes is the most that one pull takes, whatever the peer has; what the
	// cache has no room for is not worth taking.
	PullBytes func() int
	Log       *slog.Logger
}

// Streams are all streams of this host, in both directions.
type Streams struct {
	config Config
	ctx    context.Context
	cancel context.CancelFunc
	group  sync.WaitGroup
	nextID atomic.Uint64
	within time.Duration // of a stream

	mu        sync.Mutex
	listeners []net.Listener
	pages     map[uint64]chan node.Page // of inbound streams
	waiting   []guest                   // unproven, oldest first
	members   map[net.Conn]bool         // proven, inbound

	met  met
	dial dials
}

// New makes the driver of streams; it can pull at once.
func New(c Config) *Streams {
	ctx, cancel := context.WithCancel(context.Background())
	return &Streams{config: c, ctx: ctx, cancel: cancel, within: pullWithin, pages: map[uint64]chan node.Page{}, members: map[net.Conn]bool{}}
}

// Listen takes inbound streams on a port of both address families from now on.
func (s *Streams) Listen(port uint16) error {
	var errs []error
	for _, network := range []string{"tcp4", "tcp6"} {
		lc := net.ListenConfig{Control: onLink}
		l, err := lc.Listen(s.ctx, network, fmt.Sprintf(":%d", port))
		if err != nil {
			errs = append(errs, fmt.Errorf("streams: listen on %s port %d: %w", network, port, err))
			continue
		}
		s.mu.Lock()
		s.listeners = append(s.listeners, l)
		s.mu.Unlock()
		s.group.Add(1)
		go s.accept(l)
	}
	err := errors.Join(errs...)
	// One family is enough, if the machine does not have the other.
	if len(errs) == 2 || serve.Passing(err) {
		s.Unlisten()
		return err
	}
	return nil
}

// Unlisten ends what Listen began and all inbound streams.
func (s *Streams) Unlisten() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listeners {
		l.Close()
	}
	s.listeners = nil
	for _, g := range s.waiting {
		g.conn.Close()
	}
	for c := range s.members {
		c.Close()
	}
}

// Close ends everything and waits for it.
func (s *Streams) Close() {
	s.cancel()
	s.Unlisten()
	s.group.Wait()
}

// onLink sends with and demands a TTL of 255, so that nobody behind a router can
// even connect (RFC 5082; PROTOCOL 3.1).
func onLink(network, _ string, raw syscall.RawConn) error {
	options := [][3]int{{unix.SOL_IP, unix.IP_TTL, 255}, {unix.SOL_IP, unix.IP_MINTTL, 255}}
	if network == "tcp6" {
		options = [][3]int{{unix.SOL_IPV6, unix.IPV6_UNICAST_HOPS, 255}, {unix.SOL_IPV6, unix.IPV6_MINHOPCOUNT, 255}}
	}
	var failed error
	err := raw.Control(func(fd uintptr) {
		for _, o := range options {
			failed = errors.Join(failed, unix.SetsockoptInt(int(fd), o[0], o[1], o[2]))
		}
	})
	return errors.Join(err, failed)
}

func (s *Streams) newStream(ring *trust.Ring, dials bool) *trust.Stream {
	var nonce [trust.NonceSize]byte
	rand.Read(nonce[:])
	return trust.NewStream(ring, s.config.Self(), s.config.Now(), dials, nonce)
}

// closeWith closes conn when ctx ends; the function it returns undoes that.
func closeWith(ctx context.Context, conn net.Conn) func() bool {
	return context.AfterFunc(ctx, func() { conn.Close() })
}
