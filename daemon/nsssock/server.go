// Package nsssock is the daemon's end of the socket that the NSS module asks on
// (nss/protocol.h): one request for each connection, then the answer, which is
// daemon/glibc's. A program in another network namespace goes on to dns: its names
// belong to the servers of that network, and a sandbox without a network is to reach
// nobody.
//
// Read server.go first (who is served, when), then connection.go (a connection's life)
// and protocol.go (the bytes).
package nsssock

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"mcdns/daemon/clients"
	"mcdns/daemon/glibc"
	"mcdns/daemon/resolvconf"
	"mcdns/daemon/serve"
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
	// Lookup is what a lookup goes by now: the machine's resolv.conf, hosts(5) and names.
	Lookup func() glibc.Lookup
	// Sees reports whether a program's resolv.conf is the machine's, which may be
	// read anew for that; nil: all programs see the same.
	Sees func(resolvconf.Stamp) bool
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
	serve.Accept(l.Accept, func(c *clients.Client) { s.accept(l, c) }, s.sayFull)
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
