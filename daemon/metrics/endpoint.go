package metrics

import (
	"context"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/net/netutil"

	"mcdns/daemon/control"
	"mcdns/daemon/serve"
)

const (
	// scrapers at one time on an address: a Prometheus server needs one.
	scrapers   = 16
	maxHeader  = 8 << 10
	answerTime = 10 * time.Second // Prometheus gives up after that itself
)

// Source makes the page, and serves it.
type Source func(context.Context) ([]byte, error)

// Source makes the page of these counts and of a status.
func (c *Counts) Source(status func(context.Context) (control.Status, error)) Source {
	return func(ctx context.Context) ([]byte, error) {
		s, err := status(ctx)
		if err != nil {
			return nil, err
		}
		return c.Page(&s), nil
	}
}

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

// Endpoint serves the page as /metrics over TCP, and /healthz and /readyz beside it: Set
// says on which addresses.
type Endpoint struct {
	*serve.Addresses
	http *http.Server
	log  *slog.Logger
}

// NewEndpoint makes one that listens nowhere yet. failed hears what could not be
// opened, see serve.Addresses.
func NewEndpoint(page, health http.Handler, l *slog.Logger, failed func(error)) *Endpoint {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", page)
	mux.Handle("GET /healthz", health)
	mux.Handle("GET /readyz", health)
	e := &Endpoint{
		log: l,
		http: &http.Server{
			Handler:           mux,
			ReadHeaderTimeout: time.Second, ReadTimeout: 2 * time.Second, WriteTimeout: answerTime,
			IdleTimeout: 2 * time.Second, MaxHeaderBytes: maxHeader,
			ErrorLog: log.New(io.Discard, "", 0), // what a client does wrong is its own affair
		},
	}
	e.Addresses = serve.NewAddresses(e.open, failed)
	return e
}

// open serves on one more address.
func (e *Endpoint) open(addr netip.AddrPort) (serve.Served, error) {
	l, err := net.Listen("tcp", addr.String())
	if err != nil {
		return nil, err
	}
	l = netutil.LimitListener(l, scrapers)
	e.log.Info("serving metrics", "address", l.Addr().String())
	go e.http.Serve(serve.Patiently(l))
	return served{l}, nil
}

type served struct{ net.Listener }

// Addr is where it listens.
func (s served) Addr() netip.AddrPort { return s.Listener.Addr().(*net.TCPAddr).AddrPort() }

// Close ends everything.
func (e *Endpoint) Close() {
	e.CloseAll()
	e.http.Close()
}
