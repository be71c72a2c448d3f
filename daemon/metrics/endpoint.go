package metrics

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"mcdns/daemon/accept"
)

const (
	// scrapers at one time on an address: a Prometheus server needs one.
	scrapers   = 16
	maxHeader  = 8 << 10
	answerTime = 10 * time.Second // Prometheus gives up after that itself
)

// Source makes the page, and serves it.
type Source func(context.Context) ([]byte, error)

// ServeHTTP answers a request for the page.
func (s Source) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page, err := s(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", ContentType)
	w.Write(page)
}

// Endpoint serves the page as /metrics over TCP.
type Endpoint struct {
	http *http.Server
	log  *slog.Logger

	mu     sync.Mutex
	open   map[netip.AddrPort]net.Listener
	closed bool
}

// NewEndpoint makes one that listens nowhere yet.
func NewEndpoint(page http.Handler, l *slog.Logger) *Endpoint {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", page)
	return &Endpoint{
		log: l, open: map[netip.AddrPort]net.Listener{},
		http: &http.Server{
			Handler:           mux,
			ReadHeaderTimeout: time.Second, ReadTimeout: 2 * time.Second, WriteTimeout: answerTime,
			IdleTimeout: 2 * time.Second, MaxHeaderBytes: maxHeader,
			ErrorLog: log.New(io.Discard, "", 0), // what a client does wrong is its own affair
		},
	}
}

// Set listens on the given addresses and on no others. The error joins those of
// all addresses that could not be opened; call it again to try them again.
func (e *Endpoint) Set(addrs []netip.AddrPort) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	for addr, l := range e.open {
		if !slices.Contains(addrs, addr) {
			l.Close()
			delete(e.open, addr)
		}
	}
	var errs []error
	for _, addr := range addrs {
		if _, is := e.open[addr]; is {
			continue
		}
		l, err := net.Listen("tcp", addr.String())
		if err != nil {
			errs = append(errs, err)
			continue
		}
		l = netutil.LimitListener(l, scrapers)
		e.open[addr] = l
		e.log.Info("serving metrics", "address", l.Addr().String())
		go e.http.Serve(accept.Patiently(l))
	}
	return errors.Join(errs...)
}

// Addrs are the addresses that are open, with the ports the kernel chose.
func (e *Endpoint) Addrs() (all []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range e.open {
		all = append(all, l.Addr().String())
	}
	return all
}

// Close ends everything.
func (e *Endpoint) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	e.http.Close()
	for _, l := range e.open {
		l.Close()
	}
}
