// Package control is the socket that the `mcdns` command asks: HTTP and JSON.
// What it says here holds for every user of the machine: states and counters,
// and the answer to a name that the asker names itself.
package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Source is where the server has it all from.
type Source interface {
	Status(context.Context) (Status, error)
	Peers(context.Context) (Peers, error)
	// Query looks a name or address up as the module would; types are numbers of
	// record types, none for addresses.
	Query(ctx context.Context, name string, types []uint16) (Answer, error)
}

const (
	// connections at one time: this is for people, not for programs.
	connections = 64
	// maxHeader is room for the longest name, escaped.
	maxHeader  = 8 << 10
	answerTime = 30 * time.Second
)

// Server serves the control socket.
type Server struct {
	http  *http.Server
	slots chan struct{}
}

// New makes a server of what source says.
func New(source Source) *Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		answer(w)(source.Status(r.Context()))
	})
	mux.HandleFunc("GET /peers", func(w http.ResponseWriter, r *http.Request) {
		answer(w)(source.Peers(r.Context()))
	})
	mux.HandleFunc("GET /query", func(w http.ResponseWriter, r *http.Request) {
		types, err := parseTypes(r.FormValue("type"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer(w)(source.Query(r.Context(), r.FormValue("name"), types))
	})
	return &Server{
		slots: make(chan struct{}, connections),
		http: &http.Server{
			Handler:           mux,
			ReadHeaderTimeout: time.Second, ReadTimeout: 2 * time.Second,
			WriteTimeout: answerTime, IdleTimeout: 2 * time.Second, MaxHeaderBytes: maxHeader,
			ErrorLog: log.New(io.Discard, "", 0), // what a client does wrong is its own affair
		},
	}
}

// Serve serves until the listener is closed.
func (s *Server) Serve(l *net.UnixListener) error {
	err := s.http.Serve(&limited{UnixListener: l, slots: s.slots})
	if errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown ends it, at the latest with ctx.
func (s *Server) Shutdown(ctx context.Context) {
	if s.http.Shutdown(ctx) != nil {
		s.http.Close()
	}
}

func parseTypes(s string) ([]uint16, error) {
	if s == "" {
		return nil, nil
	}
	var out []uint16
	for _, word := range strings.Split(s, ",") {
		n, err := strconv.ParseUint(word, 10, 16)
		if err != nil || n == 0 || len(out) == 8 {
			return nil, errors.New("type: up to 8 numbers of record types, as in 1,28")
		}
		out = append(out, uint16(n))
	}
	return out, nil
}

// answer writes a value as JSON, or why there is none.
func answer(w http.ResponseWriter) func(v any, err error) {
	return func(v any, err error) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(v)
	}
}

// limited holds back connections beyond a number; they wait in the backlog.
type limited struct {
	*net.UnixListener
	slots chan struct{}
}

func (l *limited) Accept() (net.Conn, error) {
	l.slots <- struct{}{}
	c, err := l.UnixListener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &releasing{Conn: c, slots: l.slots}, nil
}

type releasing struct {
	net.Conn
	slots chan struct{}
	once  sync.Once
}

func (r *releasing) Close() error {
	r.once.Do(func() { <-r.slots })
	return r.Conn.Close()
}
