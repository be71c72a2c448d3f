package upstream

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"mcdns/gocore/wire"
)

// streams keeps one connection to each server open for the next questions,
// which go out without waiting for replies to those before (RFC 7766 section
// 6.2): a handshake costs more than a question.
type streams struct {
	dial func(ctx context.Context, server netip.AddrPort) (net.Conn, error)
	mu   sync.Mutex
	open map[netip.AddrPort]*stream // for new questions
	all  map[*stream]bool           // with those on which somebody still waits
	shut bool
}

// A stream is one connection. Its reader hands replies to who waits for them.
type stream struct {
	conn    net.Conn
	mu      sync.Mutex
	waiting map[uint16]chan<- []byte
	closed  chan struct{} // closed once err is set and nobody keeps the connection
	err     error         // the first
	writes  sync.Mutex
	// since is when the first question left after the last reply; guarded by mu, as
	// waiting and err are.
	since time.Time
}

// idleFor is how long a connection without questions stays open: as long as
// servers usually keep theirs (RFC 7766 section 6.2.3).
const idleFor = 10 * time.Second

// deafAfter is when new questions leave a connection on which nothing is heard any
// more: a server that was switched off says no goodbye, and the kernel would go on
// for a quarter of an hour. Those under way wait on: it may just be slow, and a
// name that takes it 4 s is answered after 4 s.
const deafAfter = 2 * time.Second

// errStale: a kept connection turned out to be closed; a new one may do.
var errStale = errors.New("upstream: the connection was closed meanwhile")

// ask asks over the server's connection, and once more over a new one if the
// server had closed the old one (RFC 7766 section 6.2.4).
func (s *streams) ask(ctx context.Context, server netip.AddrPort, q wire.Question, edns bool) (*wire.Answer, error) {
	c := s.kept(server)
	deaf := func() { s.leave(server, c) }
	if c != nil {
		if answer, err := c.ask(ctx, q, edns, deaf); err == nil || ctx.Err() != nil || !errors.Is(err, errStale) {
			return answer, err
		}
	}
	conn, err := s.dial(ctx, server)
	if err != nil {
		return nil, tcpError(err)
	}
	c = newStream(conn)
	if !s.keep(server, c) {
		conn.Close()
		return nil, net.ErrClosed
	}
	answer, err := c.ask(ctx, q, edns, deaf)
	if errors.Is(err, errStale) {
		err = tcpError(c.err)
	}
	return answer, err
}

// kept returns the connection to a server, nil if there is none.
func (s *streams) kept(server netip.AddrPort) *stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[server]
}

// keep makes c the connection to its server until it ends. If another came
// first both live on, the younger for new questions.
func (s *streams) keep(server netip.AddrPort, c *stream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		return false
	}
	if s.open == nil {
		s.open, s.all = map[netip.AddrPort]*stream{}, map[*stream]bool{}
	}
	s.open[server] = c
	s.all[c] = true
	go func() {
		c.read()
		s.leave(server, c)
		close(c.closed) // nobody who is told finds it here again
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.all, c)
	}()
	return true
}

// leave puts no more questions to a connection; those under way wait on.
func (s *streams) leave(server netip.AddrPort, c *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[server] == c {
		delete(s.open, server)
	}
}

// close closes all; asks under way fail.
func (s *streams) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut = true
	for c := range s.all {
		c.conn.Close()
	}
}

func newStream(conn net.Conn) *stream {
	return &stream{conn: conn, waiting: map[uint16]chan<- []byte{}, closed: make(chan struct{})}
}

// ask asks over this connection, and calls deaf if nothing is heard on it for too
// long.
func (c *stream) ask(ctx context.Context, q wire.Question, edns bool, deaf func()) (*wire.Answer, error) {
	id, reply, since, err := c.enter()
	if err != nil {
		return nil, err
	}
	defer c.leave(id)
	// Length and query in one write (RFC 7766 section 8).
	query := wire.AppendQuery(make([]byte, 2, 512), q, id, edns)
	binary.BigEndian.PutUint16(query, uint16(len(query)-2))
	c.writes.Lock()
	c.conn.SetWriteDeadline(time.Now().Add(idleFor))
	_, err = c.conn.Write(query)
	c.writes.Unlock()
	if err != nil {
		c.end(err)
	}
	silence := time.NewTimer(time.Until(since.Add(deafAfter)))
	defer silence.Stop()
	for {
		select {
		case p := <-reply:
			return parseTCP(q, id, p)
		case <-silence.C:
			if c.silent() {
				deaf()
			}
		case <-c.closed:
			select { // the reply, and then the end
			case p := <-reply:
				return parseTCP(q, id, p)
			default:
				return nil, errStale
			}
		case <-ctx.Done():
			if c.silent() {
				deaf()
			}
			return nil, ctx.Err()
		}
	}
}

// parseTCP reads a reply of the server itself: what makes no sense is its own
// mistake, not a forger's.
func parseTCP(q wire.Question, id uint16, p []byte) (*wire.Answer, error) {
	answer, err := parse(q, id, p)
	if errors.Is(err, wire.ErrMismatch) {
		err = errNoAnswer
	}
	return answer, err
}

// enter draws an id that no question on this connection has. since is when the
// first question left of those after the last reply: programs that wait for less
// than deafAfter find a deaf connection together.
func (c *stream) enter() (id uint16, reply <-chan []byte, since time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) >= 1<<12 {
		return 0, nil, since, errNoAnswer
	}
	if c.since.IsZero() {
		c.since = time.Now()
	}
	id = newID()
	for c.waiting[id] != nil {
		id++
	}
	to := make(chan []byte, 1)
	c.waiting[id] = to
	return id, to, c.since, nil
}

func (c *stream) leave(id uint16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, id)
}

// end closes the connection and keeps the first reason: what the reader finds when
// we close is our own doing.
func (c *stream) end(err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
	}
	c.mu.Unlock()
	c.conn.Close() // over TLS it says goodbye, which may take seconds
}

// read hands out replies until the connection ends or has been idle.
func (c *stream) read() {
	var length [2]byte
	for {
		c.conn.SetReadDeadline(time.Now().Add(idleFor))
		n, err := io.ReadFull(c.conn, length[:])
		var timeout net.Error
		if n == 0 && errors.As(err, &timeout) && timeout.Timeout() && c.busy() {
			continue
		}
		if err != nil {
			c.end(err)
			return
		}
		p := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(c.conn, p); err != nil {
			c.end(err)
			return
		}
		c.deliver(p)
	}
}

func (c *stream) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting) > 0
}

// silent reports whether questions have gone unheard for deafAfter.
func (c *stream) silent() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.since.IsZero() && time.Since(c.since) >= deafAfter
}

// deliver hands a reply to who asked; what nobody asked for is ignored.
func (c *stream) deliver(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(p) >= 2 {
		id := binary.BigEndian.Uint16(p)
		if to := c.waiting[id]; to != nil {
			delete(c.waiting, id)
			to <- p // has room for one
		}
	}
	c.since = time.Time{}
	if len(c.waiting) > 0 {
		c.since = time.Now()
	}
}

// tcpError tells a server that has no TCP or closes on us from one that is gone:
// it is there.
func tcpError(err error) error {
	for _, e := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, e) {
			return errNoAnswer
		}
	}
	return err
}
