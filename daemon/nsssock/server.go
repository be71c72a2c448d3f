// Package nsssock is the daemon's end of the socket that the NSS module asks on
// (nss/protocol.h): one request for each connection, then the answer.
//
// It does what nss-dns would do around the questions themselves: search list,
// ndots, both address families, checks of names. A program in another network
// namespace goes on to dns: its names belong to the servers of that network, and
// a sandbox without a network is to reach nobody.
//
// Read server.go first (a connection's life), then protocol.go (the bytes), lookup.go
// (a program's question), search.go (the names it stands for), find.go (the same for
// a person) and own.go (this host's own names).
package nsssock

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"mcdns/daemon/clients"
	"mcdns/daemon/hosts"
	"mcdns/daemon/resolvconf"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

const (
	// requestWithin: the module sends its request as it connects; who is silent
	// for longer holds a descriptor for nothing.
	requestWithin = time.Second
	// firstAlive is well inside the 250 ms after which the module takes the
	// daemon for frozen, and late enough that a cached answer is one wake-up of
	// the program and not two.
	firstAlive = 20 * time.Millisecond
	nextAlive  = time.Second
	// longest bounds a lookup over all names of a search list; the module itself
	// gives up after 30 s.
	longest = 28 * time.Second
	// beginning is how many requests are read at one time: enough for the processors,
	// and whoever comes next waits for no more than these.
	beginning = 4
	// writeWithin: all replies but of thousands of addresses fit the socket's buffer, so
	// only a program that does not run makes a write wait.
	writeWithin = time.Second
)

// Config is what a Server needs.
type Config struct {
	Ask Ask
	// Conf is the machine's resolv.conf as it is now.
	Conf func() resolvconf.Conf
	// Sees reports whether a program's resolv.conf is the one of Conf, which may
	// read it anew for that; nil: all programs see the same.
	Sees func(resolvconf.Stamp) bool
	// Hosts is what /etc/hosts says, nil if it is not to be asked; nil if it
	// never is.
	Hosts func() *hosts.Table
	// Own says what is known of this host's own names; nil if nothing ever is.
	Own func() Own
	// Scope is the interface that link-local addresses are taken to be on, 0 if
	// there is not exactly one candidate.
	Scope func() uint32
	// Beyond says whether programs of other network namespaces are answered too; nil
	// if never.
	Beyond func() bool
	// Started is closed when all of the above know what they are to say. Until
	// then programs wait, and are told at once that the daemon lives; nil if that
	// is so from the beginning.
	Started <-chan struct{}
	// Connections is the most at one time.
	Connections int
	Log         *slog.Logger
}

// Server answers the NSS module.
type Server struct {
	config Config
	table  *clients.Table
	door   *clients.Door
	full   atomic.Bool
	first  time.Duration // firstAlive
}

// New makes a server; Serve runs it.
func New(c Config) *Server {
	return &Server{config: c, table: clients.NewTable(c.Connections), door: clients.NewDoor(beginning), first: firstAlive}
}

// A listener is a clients.Acceptor.
type listener interface {
	Accept() (*clients.Client, error)
	Await(*clients.Client) bool
	Take() *clients.Client
}

// Serve accepts connections until the listener is closed. It does not close it.
// Nobody is shut out before: whom the last accept took in is in no queue any more.
func (s *Server) Serve(l listener) {
	defer s.table.Shut()
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			s.accept(l, c)
		case errors.Is(err, net.ErrClosed):
			return
		case errors.Is(err, syscall.ECONNABORTED):
		default:
			// Out of descriptors or memory: connections end by themselves within
			// seconds, trying again at once would only burn the processor. Nothing
			// else is an end either: a daemon that lives and does not accept holds
			// every lookup up, and nobody starts another.
			s.sayFull(err)
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// Shutdown waits for Serve's end and lets the connections that are there be
// answered until ctx ends, then cuts them. The listener must be closed first.
func (s *Server) Shutdown(ctx context.Context) {
	select {
	case <-s.table.Idle():
	case <-ctx.Done():
		s.table.Shut()
		s.table.CloseAll()
	}
}

func (s *Server) sayFull(err error) {
	if s.full.CompareAndSwap(false, true) {
		s.config.Log.Warn("cannot take all connections; said once", "error", err)
	}
}

// accept takes in whoever came. Who has sent nothing yet comes once more.
func (s *Server) accept(l listener, c *clients.Client) {
	if !c.Awaited() && !s.table.Admit(c) {
		s.sayFull(errors.New("too many at once"))
		c.Close()
		return
	}
	if l.Await(c) {
		return
	}
	s.door.Enter(c.UID, func(endTurn func()) {
		go s.attend(c, sync.OnceFunc(func() {
			s.acceptMore(l)
			endTurn()
		}))
	})
}

// acceptMore accepts who came during a turn: the next one may be theirs. Under load
// Accept hears of them after up to 10 ms.
func (s *Server) acceptMore(l listener) {
	for range beginning * beginning {
		c := l.Take()
		if c == nil {
			return
		}
		s.accept(l, c)
	}
}

// attend serves a client whose turn it is. The turn ends when the client is to be
// waited for, or the node: neither takes the processor.
func (s *Server) attend(c *clients.Client, endTurn func()) {
	defer s.table.Remove(c)
	defer c.Close()
	defer endTurn()
	sent, ok := c.Open()
	if !ok {
		return
	}
	if !sent {
		endTurn()
	}
	s.serve(c, endTurn)
}

func (s *Server) serve(c *clients.Client, endTurn func()) {
	c.SetReadDeadline(time.Now().Add(requestWithin))
	r, err := readRequest(c)
	if err != nil {
		return // the module takes a closed connection for an absent daemon
	}
	c.Asked()
	ctx, cancel := context.WithTimeout(clients.WithUser(context.Background(), c.UID), longest)
	defer cancel()
	life := showLife(c, cancel, s.firstSign())
	answer := s.answer(ctx, c, r, endTurn)
	if life.end() {
		answer.scope = s.config.Scope()
		write(c, appendFrame(make([]byte, 0, 512), answer, r.room()))
	}
}

// answer reads Beyond, Conf and Hosts last: a request that was there before the
// daemon is answered like any other.
func (s *Server) answer(ctx context.Context, c *clients.Client, r request, endTurn func()) reply {
	if s.starting() {
		endTurn()
		select {
		case <-s.config.Started:
		case <-ctx.Done():
			return reply{status: tryAgain}
		}
	}
	if !s.answers(c, r) {
		return reply{status: notHere}
	}
	l := lookup{ask: func(ctx context.Context, own node.Options, questions []dns.Question) ([]node.Result, error) {
		endTurn()
		return s.config.Ask(ctx, own, questions)
	}, conf: s.config.Conf()}
	if s.config.Hosts != nil {
		l.hosts = s.config.Hosts()
	}
	if s.config.Own != nil {
		l.own = s.config.Own()
	}
	return l.safely(ctx, r)
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
