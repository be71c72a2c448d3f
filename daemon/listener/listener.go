// Package listener answers DNS questions on a loopback address, for programs
// that bypass NSS: static Go, musl, c-ares, dig. It is off unless the
// administrator names an address, and resolv.conf is the administrator's.
//
// Whoever can send a packet here may be hostile, a page in a browser included.
// So work in hand is bounded in all, for each connection and, beyond loopback,
// for each client; requests are read by our own bounded walk (gocore/wire); no
// opcode but QUERY goes any further; and a reply is never larger than the room
// the client gave.
//
// Read listener.go first (what is answered, and the bounds), then udp.go and tcp.go.
package listener

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"mcdns/daemon/clients"
	"mcdns/daemon/serve"
	"mcdns/daemon/survive"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/request"
)

// Config is what a Listener is made with.
type Config struct {
	// Ask resolves one question; a Result without an Answer means that nobody
	// can say now.
	Ask func(context.Context, dns.Question) (node.Result, error)
	// Failed hears what could not be opened, see serve.Addresses.
	Failed func(error)
	Log    *slog.Logger
	// Idle is how long a TCP connection may say nothing; 0 means 10 s.
	Idle time.Duration
}

// Bounds on what clients can make the listener hold.
const (
	maxQueries     = 2048 // under way over UDP
	maxClient      = 100  // of these for one client that is not on loopback
	maxConnections = 256
	maxClientConns = 32 // of these for one client that is not on loopback
	maxPipelined   = 64 // under way on one connection
	idle           = 10 * time.Second
	writeWait      = 5 * time.Second
	// discard: a client that is not on loopback has asked again by then; keeping
	// answers for release in one burst is an attack (DNSBomb, CVE-2024-33655;
	// unbound's discard-timeout).
	discard = 1900 * time.Millisecond
)

// Listener listens on any number of addresses: Set says on which.
type Listener struct {
	*serve.Addresses
	conf   Config
	ctx    context.Context
	cancel context.CancelFunc
	group  sync.WaitGroup
	load   load
	table  table
}

// sockets are those of one address.
type sockets struct {
	udp *net.UDPConn
	tcp *net.TCPListener
}

// New makes a listener that listens nowhere yet.
func New(c Config) *Listener {
	if c.Idle == 0 {
		c.Idle = idle
	}
	ctx, cancel := context.WithCancel(clients.WithUser(context.Background(), clients.Listener))
	l := &Listener{
		conf: c, ctx: ctx, cancel: cancel,
		load:  load{clients: map[netip.Addr]int{}},
		table: table{open: map[*conn]struct{}{}},
	}
	l.Addresses = serve.NewAddresses(l.open, c.Failed)
	return l
}

// open answers on one more address.
func (l *Listener) open(addr netip.AddrPort) (serve.Served, error) {
	s, err := open(addr)
	if err != nil {
		return nil, err
	}
	l.conf.Log.Info("answering DNS questions", "address", addr.String())
	l.group.Go(func() { l.serveUDP(s.udp) })
	l.group.Go(func() { l.serveTCP(s.tcp) })
	return s, nil
}

func open(addr netip.AddrPort) (sockets, error) {
	udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return sockets{}, err
	}
	// The same port, were it one that the kernel chose.
	same := netip.AddrPortFrom(addr.Addr(), udp.LocalAddr().(*net.UDPAddr).AddrPort().Port())
	tcp, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(same))
	if err != nil {
		udp.Close()
		return sockets{}, err
	}
	return sockets{udp, tcp}, nil
}

// Addr is where both are.
func (s sockets) Addr() netip.AddrPort { return s.udp.LocalAddr().(*net.UDPAddr).AddrPort() }

// Close ends both.
func (s sockets) Close() error { return errors.Join(s.udp.Close(), s.tcp.Close()) }

// Close ends everything; nothing is sent after it returns.
func (l *Listener) Close() {
	l.cancel()
	l.CloseAll()
	l.table.closeAll()
	l.group.Wait()
}

// parse reads a request.
func parse(p []byte) (r request.Request, ok bool) {
	var err error
	defer survive.Into(&err)
	return request.Parse(p)
}

// answer makes the reply to a request, nil if there is none to be made any more.
func (l *Listener) answer(ctx context.Context, r *request.Request, tcp bool) (reply []byte) {
	var err error
	defer survive.Into(&err)
	res := request.Reply{Rcode: r.Rcode, EDE: dns.NoEDE, TCP: tcp}
	switch {
	case r.Rcode == dns.RcodeNotImplemented:
		res.EDE = dns.EDENotSupport
	case r.Rcode == dns.RcodeRefused:
		res.EDE = dns.EDEProhibited
	case r.Rcode != dns.RcodeSuccess:
	case r.Any():
		res.Answer, res.TTL = r.AnyAnswer(), time.Hour
	default:
		result, err := l.resolve(ctx, r.Question)
		if err != nil {
			return nil
		}
		res = response(result, tcp)
	}
	return r.AppendReply(make([]byte, 0, 512), res)
}

// resolve asks; what nobody can say for a client that validates is asked again
// without its flags: in an outage an unsigned answer is better than none, and a
// validator takes it for what it is.
func (l *Listener) resolve(ctx context.Context, q dns.Question) (node.Result, error) {
	result, err := l.conf.Ask(ctx, q)
	if err == nil && result.Answer == nil && q.Flags != 0 {
		q.Flags = 0
		return l.conf.Ask(ctx, q)
	}
	return result, err
}

func response(r node.Result, tcp bool) request.Reply {
	res := request.Reply{Answer: r.Answer, Age: r.Age, TTL: r.TTL, EDE: dns.NoEDE, TCP: tcp}
	if r.Held() {
		res.Turn = rand.Uint32()
	}
	switch {
	case r.Answer == nil:
		res.Rcode, res.EDE = dns.RcodeServerFailure, cmp.Or(r.Said.EDE, dns.EDENoReach)
	case r.Stale && r.Answer.Kind == dns.NXDomain:
		res.EDE = dns.EDEStaleNX
	case r.Stale:
		res.EDE = dns.EDEStale
	default:
		res.EDE = r.Answer.EDE
	}
	return res
}

// load counts the questions that are under way over UDP.
type load struct {
	mu      sync.Mutex
	all     int
	clients map[netip.Addr]int
}

// begin reports whether one more may be worked on.
func (l *load) begin(client netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= maxQueries || !client.IsLoopback() && l.clients[client] >= maxClient {
		return false
	}
	l.all++
	l.clients[client]++
	return true
}

func (l *load) end(client netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.clients[client]--; l.clients[client] == 0 {
		delete(l.clients, client)
	}
}
