package nsssock

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"mcdns/daemon/clients"
	"mcdns/daemon/glibc"
	"mcdns/daemon/survive"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

func (s *Server) serve(c *clients.Client, endTurn func()) {
	c.SetReadDeadline(time.Now().Add(requestWithin))
	p := &pieces{Reader: c, endTurn: endTurn}
	r, err := readRequest(p)
	if err != nil {
		return // the module takes a closed connection for an absent daemon
	}
	if p.ended { // its answer has a turn like any other's
		again := s.door.Wait(c.UID)
		defer again()
		endTurn = again
	}
	c.Asked()
	ctx, cancel := context.WithTimeout(clients.WithUser(context.Background(), c.UID), longest)
	defer cancel()
	life := showLife(c, cancel, s.firstSign())
	answer := s.answer(ctx, c, r, endTurn)
	if life.end() {
		write(c, appendFrame(make([]byte, 0, 512), answer, s.config.Scope(), r.room()))
	}
}

// answer reads Beyond and Lookup last: a request that was there before the
// daemon is answered like any other.
func (s *Server) answer(ctx context.Context, c *clients.Client, r request, endTurn func()) glibc.Reply {
	if s.starting() {
		endTurn()
		select {
		case <-s.config.Started:
		case <-ctx.Done():
			return glibc.Reply{Status: glibc.TryAgain}
		}
	}
	if !s.answers(c, r) {
		return glibc.Reply{Status: notHere}
	}
	l := s.config.Lookup()
	ask := l.Ask
	l.Ask = func(ctx context.Context, own node.Options, questions []dns.Question) ([]node.Result, error) {
		endTurn()
		return ask(ctx, own, questions)
	}
	return safely(ctx, l, r)
}

// safely looks up, for an answer that cannot be read at all too: nobody can say.
func safely(ctx context.Context, l glibc.Lookup, r request) (out glibc.Reply) {
	var err error
	defer survive.Into(&err)
	out.Status = glibc.TryAgain
	if r.kind == byName {
		return l.Name(ctx, r.Request)
	}
	addr, _ := netip.AddrFromSlice([]byte(r.Name)) // 4 or 16 bytes: check
	return l.Address(ctx, addr)
}

// answers reports whether a program is answered at all. Who comes from another
// network is not, or on purpose, and then by the resolv.conf of this host.
func (s *Server) answers(c *clients.Client, r request) bool {
	if c.Elsewhere() {
		return s.config.Beyond != nil && s.config.Beyond()
	}
	return s.config.Sees == nil || s.config.Sees(r.stamp)
}

// firstSign: a program that came while the daemon was away has waited long, on a
// busy machine for most of the 250 ms.
func (s *Server) firstSign() time.Duration {
	if s.starting() {
		return 0
	}
	return s.first
}

func (s *Server) starting() bool {
	if s.config.Started == nil {
		return false
	}
	select {
	case <-s.config.Started:
		return false
	default:
		return true
	}
}

// life shows signs of life while a lookup takes its time, and ends it when the
// program is gone.
type life struct {
	conn   net.Conn
	gone   func()
	mu     sync.Mutex // held while a sign is written: frames must not mix
	ended  bool
	failed bool
	timer  *time.Timer
}

// showLife gives the first sign after a time, and before it returns if that is 0:
// a timer would need another thread, which has to wait for its turn.
func showLife(conn net.Conn, gone func(), first time.Duration) *life {
	l := &life{conn: conn, gone: gone}
	l.mu.Lock()
	defer l.mu.Unlock()
	if first == 0 {
		first = nextAlive
		l.failed = write(conn, aliveFrame) != nil
	}
	l.timer = time.AfterFunc(first, l.sign)
	return l
}

func (l *life) sign() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	if write(l.conn, aliveFrame) != nil {
		l.failed = true
		l.gone()
		return
	}
	l.timer.Reset(nextAlive)
}

// end stops the signs and reports whether the program is still there.
func (l *life) end() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.timer.Stop()
	return !l.failed
}

func write(conn net.Conn, frame []byte) error {
	conn.SetWriteDeadline(time.Now().Add(writeWithin))
	_, err := conn.Write(frame)
	return err
}

// pieces is a client that ends its turn before it waits for more than it had sent when
// the turn began: four halves of a request kept all others waiting for 250 ms.
type pieces struct {
	io.Reader
	endTurn func()
	begun   bool
	ended   bool // the turn is over
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.begun {
		p.endTurn()
		p.ended = true
	}
	p.begun = true
	return p.Reader.Read(b)
}

// readRequest reads exactly one request of bounded length.
func readRequest(r io.Reader) (request, error) {
	var buf [512]byte // most requests fit; a larger one is read in two steps
	n, err := io.ReadAtLeast(r, buf[:], 8)
	if err != nil {
		return request{}, err
	}
	length, err := requestLength(buf[:8])
	if err != nil {
		return request{}, err
	}
	if n > length {
		return request{}, errRequest
	}
	if length <= len(buf) {
		_, err = io.ReadFull(r, buf[n:length])
		if err != nil {
			return request{}, err
		}
		return parseRequest(buf[:length])
	}
	whole := make([]byte, length)
	copy(whole, buf[:n])
	if _, err := io.ReadFull(r, whole[n:]); err != nil {
		return request{}, err
	}
	return parseRequest(whole)
}
