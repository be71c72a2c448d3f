// Package control is the socket that the `mcdns` command asks: HTTP and JSON.
// Every user of the machine may ask for states and counters, and for the answer
// to a name. When and from whom the answer came here tells what others looked
// up, and is for root and the group mcdns.
//
// Read schema.go first: what is said. Then words.go (its words, as types), routes.go (what may be asked, and by whom)
// and server.go.
package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"mcdns/daemon/clients"
	"mcdns/daemon/serve"
)

const (
	// connections at one time: this is for people, not for programs.
	connections = 64
	// maxHeader is room for the longest name, escaped.
	maxHeader  = 8 << 10
	answerTime = 30 * time.Second
	// making is how many answers are made at one time, in turn by user: the state of
	// a thousand peers takes milliseconds, and lookups are to have the processors too.
	making = 1
)

// Socket serves the control socket.
type Socket struct {
	http  *http.Server
	table *clients.Table
	door  *clients.Door
}

// New makes a socket that serves what source says, the page of metrics, and what health
// says on /healthz and /readyz. beyond says whether clients of other network namespaces are
// served too.
func New(source Reports, page Page, health http.Handler, beyond func() bool) *Socket {
	return newSocket(source, page, health, beyond, member)
}

func newSocket(source Reports, page Page, health http.Handler, beyond func() bool, member memberFunc) *Socket {
	s := &Socket{table: clients.NewTable(connections), door: clients.NewDoor(making)}
	mux := s.routes(source, page, member)
	mux.Handle("GET /healthz", health)
	mux.Handle("GET /readyz", health)
	s.http = &http.Server{
		Handler:           here(mux, beyond),
		ReadHeaderTimeout: time.Second, ReadTimeout: 2 * time.Second,
		WriteTimeout: answerTime, IdleTimeout: 2 * time.Second, MaxHeaderBytes: maxHeader,
		ConnContext: withClient, ConnState: noteAsked,
		ErrorLog: log.New(io.Discard, "", 0), // what a client does wrong is its own affair
	}
	return s
}

// Serve serves until the listener is closed.
func (s *Socket) Serve(l *net.UnixListener) error {
	err := s.http.Serve(serve.Patiently(&accepting{UnixListener: l, table: s.table}))
	if errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown ends it, at the latest with ctx.
func (s *Socket) Shutdown(ctx context.Context) {
	if s.http.Shutdown(ctx) != nil {
		s.http.Close()
	}
}

// here keeps clients of other network namespaces out: what this host looks up and
// with whom it shares is none of theirs, and a query of theirs would leave by its
// servers.
func here(next http.Handler, beyond func() bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c := asker(r.Context()); c != nil && !beyond() && c.Elsewhere() {
			http.Error(w, "this is another network namespace than mcdnsd's", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// answer writes a value as JSON, or why there is none.
func (s *Socket) answer(w http.ResponseWriter, r *http.Request, value func(context.Context) (any, error)) {
	s.write(w, r, Page{"application/json", func(ctx context.Context) ([]byte, error) {
		v, err := value(ctx)
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(v)
		return append(text, '\n'), err
	}})
}

// write makes a page when it is the user's turn. A client that does not read holds none.
func (s *Socket) write(w http.ResponseWriter, r *http.Request, p Page) {
	text, err := s.inTurn(r.Context(), p.Make)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", p.Type)
	w.Write(text)
}

func (s *Socket) inTurn(ctx context.Context, do func(context.Context) ([]byte, error)) ([]byte, error) {
	defer s.door.Wait(clients.User(ctx))()
	return do(ctx)
}

// accepting takes in no more clients than there is room for, each user's share
// of it.
type accepting struct {
	*net.UnixListener
	table *clients.Table
}

func (a *accepting) Accept() (net.Conn, error) {
	for {
		conn, err := a.AcceptUnix()
		if err != nil {
			return nil, err
		}
		c := clients.New(conn)
		if a.table.Admit(c) {
			return &admitted{Client: c, table: a.table}, nil
		}
		c.Close()
	}
}

type admitted struct {
	*clients.Client
	table *clients.Table
}

func (a *admitted) Close() error {
	a.table.Remove(a.Client)
	return a.Client.Close()
}

// clientKey is where a request's context has its *clients.Client.
type clientKey struct{}

func withClient(ctx context.Context, c net.Conn) context.Context {
	client := c.(*admitted).Client
	return clients.WithUser(context.WithValue(ctx, clientKey{}, client), client.UID)
}

// asker is who sent a request, nil if that is not known.
func asker(ctx context.Context) *clients.Client {
	c, _ := ctx.Value(clientKey{}).(*clients.Client)
	return c
}

func noteAsked(c net.Conn, state http.ConnState) {
	if state == http.StateActive {
		c.(*admitted).Asked()
	}
}

// member reports whether the one who asks is root, the daemon's own user or in
// the daemon's group, which is mcdns (mcdnsd.service).
func member(ctx context.Context) bool {
	c := asker(ctx)
	return c != nil && (c.UID == 0 || c.UID == uint32(os.Geteuid()) || c.In(uint32(os.Getegid())))
}
