package lab

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// Server is a DNS server of the LAN, on a host of its own. It answers from the
// LAN's Zone over UDP and TCP, IPv4 and IPv6, after 5 ms.
type Server struct {
	Host *Host

	zone    *Zone
	program string // a real DNS server in place of the one here; "": none
	unit    *Unit  // it, running

	mu        sync.Mutex
	mode      mode
	delay     time.Duration
	lose      float64 // share of the questions over UDP that are swallowed
	dice      *rand.Rand
	dead      map[string]bool // "udp", "tcp": swallowed
	sick      map[string]bool // names that it says SERVFAIL to
	queries   []Query
	listeners []*dns.Server // nil: the ports are closed
}

// Query is one question that reached a Server.
type Query struct {
	At   time.Time
	From netip.Addr
	Net  string // "udp" or "tcp"
	Name string // fully qualified, as it came
	Type uint16 // as in package dns
}

type mode int

const (
	modeOn mode = iota
	modeFrozen
	modeServFail
)

const answerDelay = 5 * time.Millisecond

func newServer(h *Host, z *Zone, program string) *Server {
	if program == BuiltIn {
		program = ""
	}
	return &Server{Host: h, zone: z, program: program, delay: answerDelay, dead: map[string]bool{}, dice: rand.New(rand.NewPCG(1, 1))}
}

// On undoes everything below: the server has power, its ports are open, it
// answers after 5 ms.
func (s *Server) On() error {
	if err := s.Host.PowerOn(); err != nil {
		return err
	}
	s.set(func() {
		s.mode, s.delay, s.lose, s.dead, s.sick = modeOn, answerDelay, 0, map[string]bool{}, nil
	})
	if s.unit != nil {
		s.unit.Thaw()
	}
	return s.open()
}

// PowerOff pulls the plug of the server's host: nobody answers at its address.
func (s *Server) PowerOff() error {
	err := s.Host.PowerOff()
	s.close()
	return err
}

// Freeze leaves the server reachable but silent: questions are swallowed.
func (s *Server) Freeze() error {
	if s.unit != nil {
		s.unit.Freeze()
		return nil
	}
	s.set(func() { s.mode = modeFrozen })
	return nil
}

// Refuse closes the server's ports: the host says that nobody listens.
func (s *Server) Refuse() error {
	if s.unit != nil {
		return s.unit.Stop()
	}
	s.close()
	return nil
}

// Knows gives the server data of its own in place of the LAN's Zone: a server of
// another provider, which says other things. It outlasts On.
func (s *Server) Knows(z *Zone) error { return s.builtIn(func() { s.zone = z }) }

// ServFail makes the server answer every question with SERVFAIL.
func (s *Server) ServFail() error { return s.builtIn(func() { s.mode = modeServFail }) }

// Slow makes the server answer after d.
func (s *Server) Slow(d time.Duration) error { return s.builtIn(func() { s.delay = d }) }

// Lose makes the server lose a share of the questions over UDP, from 0 to 1. Frames
// between hosts come through; see Faults for those.
func (s *Server) Lose(share float64) error { return s.builtIn(func() { s.lose = share }) }

// Swallow makes the server lose all questions over network, "udp" or "tcp".
func (s *Server) Swallow(network string) error {
	return s.builtIn(func() { s.dead[network] = true })
}

// FailFor makes the server answer SERVFAIL to some names, and to those alone.
func (s *Server) FailFor(names ...string) error {
	return s.builtIn(func() {
		s.sick = map[string]bool{}
		for _, name := range names {
			s.sick[dns.Fqdn(strings.ToLower(name))] = true
		}
	})
}

func (s *Server) builtIn(change func()) error {
	if s.program != "" {
		return fmt.Errorf("lab: %s cannot be told to do that", s.program)
	}
	s.set(change)
	return nil
}

func (s *Server) knowledge() *Zone {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.zone
}

func (s *Server) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// Queries is a copy of all questions so far. A real server keeps none.
func (s *Server) Queries() []Query {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Query(nil), s.queries...)
}

// Count is how often a name was asked for, with one type.
func (s *Server) Count(name string, qtype uint16) int {
	n := 0
	for _, q := range s.Queries() {
		if q.Type == qtype && strings.EqualFold(q.Name, dns.Fqdn(name)) {
			n++
		}
	}
	return n
}

// open opens the server's ports, or starts the real server.
func (s *Server) open() error {
	if s.program != "" {
		return s.openProgram()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listeners != nil {
		return nil
	}
	for _, addr := range []netip.Addr{s.Host.Addr, s.Host.Six} {
		if err := s.listen(netip.AddrPortFrom(addr, 53).String()); err != nil {
			return fmt.Errorf("lab: open DNS server: %w", err)
		}
	}
	return nil
}

func (s *Server) listen(address string) error {
	packets, err := s.Host.ListenPacket("udp", address)
	if err != nil {
		return err
	}
	stream, err := s.Host.Listen("tcp", address)
	if err != nil {
		packets.Close()
		return err
	}
	for _, d := range []*dns.Server{{PacketConn: packets}, {Listener: stream}} {
		started := make(chan struct{})
		d.Handler = dns.HandlerFunc(s.serve)
		d.NotifyStartedFunc = func() { close(started) }
		go d.ActivateAndServe()
		<-started // Shutdown of a server that has not started does nothing
		s.listeners = append(s.listeners, d)
	}
	return nil
}

func (s *Server) close() {
	s.mu.Lock()
	old := s.listeners
	s.listeners = nil
	s.mu.Unlock()
	for _, d := range old {
		d.Shutdown()
	}
	if old == nil {
		return
	}
	for end := time.Now().Add(time.Second); s.Host.listens(53) && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

func (s *Server) serve(w dns.ResponseWriter, q *dns.Msg) {
	network := w.RemoteAddr().Network()
	mode, delay, swallowed := s.note(w.RemoteAddr(), network, q)
	if swallowed || len(q.Question) != 1 {
		return
	}
	time.Sleep(delay)
	m := new(dns.Msg)
	m.SetReply(q)
	m.RecursionAvailable = true
	if mode == modeServFail {
		m.Rcode = dns.RcodeServerFailure
	} else {
		s.knowledge().answer(m, q.Question[0])
	}
	w.WriteMsg(fit(m, q, network))
}

// fit keeps a reply over UDP within what the client takes, and sets TC.
func fit(m, q *dns.Msg, network string) *dns.Msg {
	size := dns.MinMsgSize
	if opt := q.IsEdns0(); opt != nil {
		size = max(size, int(opt.UDPSize()))
		m.SetEdns0(1232, opt.Do())
	}
	if network == "tcp" {
		size = dns.MaxMsgSize
	}
	m.Truncate(size)
	return m
}

// note counts the question and says how to treat it.
func (s *Server) note(from net.Addr, network string, q *dns.Msg) (mode, time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, mode, name := time.Now(), s.mode, ""
	addr, _ := netip.ParseAddrPort(from.String())
	for _, question := range q.Question {
		name = strings.ToLower(question.Name)
		s.queries = append(s.queries, Query{
			At: at, From: addr.Addr(), Net: network, Name: question.Name, Type: question.Qtype,
		})
	}
	lost := network == "udp" && s.lose > 0 && s.dice.Float64() < s.lose
	if mode == modeOn && s.sick[name] {
		mode = modeServFail
	}
	return mode, s.delay, lost || mode == modeFrozen || s.dead[network]
}
