package dns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"mcdns/daemon/host"
	"mcdns/test/need"
)

// server is a DNS server on loopback, UDP and TCP, that says what a test wants.
type server struct {
	addr   netip.AddrPort
	mu     sync.Mutex
	handle func(network string, q *dns.Msg) []*dns.Msg
	asked  []asked
}

type asked struct {
	network string
	from    netip.AddrPort
	msg     *dns.Msg
}

// newServer starts a server. handle returns what is sent back, in order.
func newServer(t testing.TB, handle func(network string, q *dns.Msg) []*dns.Msg) *server {
	t.Helper()
	s := &server{handle: handle}
	udp, tcp, err := listenBoth("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = udp.LocalAddr().(*net.UDPAddr).AddrPort()
	for _, d := range []*dns.Server{
		{PacketConn: udp, Handler: s.handler("udp")}, {Listener: tcp, Handler: s.handler("tcp")},
	} {
		go d.ActivateAndServe()
		t.Cleanup(func() { d.Shutdown() })
	}
	return s
}

// listenBoth opens the same port for UDP and TCP.
func listenBoth(ip string) (*net.UDPConn, *net.TCPListener, error) {
	var err error
	for range 20 {
		var udp *net.UDPConn
		if udp, err = net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(ip)}); err != nil {
			return nil, nil, err
		}
		var tcp *net.TCPListener
		if tcp, err = net.ListenTCP("tcp", &net.TCPAddr{IP: net.ParseIP(ip), Port: udp.LocalAddr().(*net.UDPAddr).Port}); err == nil {
			return udp, tcp, nil
		}
		udp.Close()
	}
	return nil, nil, err
}

func (s *server) handler(network string) dns.HandlerFunc {
	return func(w dns.ResponseWriter, m *dns.Msg) {
		s.mu.Lock()
		from, _ := netip.ParseAddrPort(w.RemoteAddr().String())
		s.asked = append(s.asked, asked{network, from, m})
		handle := s.handle
		s.mu.Unlock()
		for _, r := range handle(network, m) {
			if r == nil {
				w.Write([]byte{1, 2, 3})
				continue
			}
			w.WriteMsg(r)
		}
	}
}

// count is how often a name was asked for with a type, over all if typ is 0.
func (s *server) count(name string, typ uint16) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.asked {
		if strings.EqualFold(a.msg.Question[0].Name, name) && (typ == 0 || a.msg.Question[0].Qtype == typ) {
			n++
		}
	}
	return n
}

func (s *server) all() []asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]asked(nil), s.asked...)
}

// reply makes a reply with records given as zone lines, an SOA among them as
// authority.
func reply(q *dns.Msg, rcode int, records ...string) *dns.Msg {
	r := new(dns.Msg)
	r.SetReply(q)
	r.Rcode, r.RecursionAvailable, r.Compress = rcode, true, true
	for _, line := range records {
		rr, err := dns.NewRR(line)
		if err != nil {
			panic(err)
		}
		if rr.Header().Rrtype == dns.TypeSOA && q.Question[0].Qtype != dns.TypeSOA {
			r.Ns = append(r.Ns, rr)
		} else {
			r.Answer = append(r.Answer, rr)
		}
	}
	if o := q.IsEdns0(); o != nil {
		r.SetEdns0(1232, o.Do())
	}
	return r
}

// daemon is a whole mcdnsd in this process, with its listener open.
type daemon struct {
	addr string // of the listener
}

// newDaemon starts an mcdnsd that asks servers; conf is more configuration.
func newDaemon(t testing.TB, conf string, servers ...netip.AddrPort) *daemon {
	t.Helper()
	udp, tcp, err := listenBoth("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	addr := udp.LocalAddr().String()
	udp.Close()
	tcp.Close()
	dir := t.TempDir()
	path := filepath.Join(dir, "mcdnsd.conf")
	var list []string
	for _, s := range servers {
		list = append(list, s.String())
	}
	text := fmt.Sprintf("[group]\nkey_file = %s/none\n[servers]\nservers = %s\n[cache]\nsave = no\n[listener]\nlisten = %s\n%s\n",
		dir, strings.Join(list, " "), addr, conf)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- host.Run(ctx, host.Options{
			ConfigPath: path, RunDir: dir, StateDir: dir, Version: "test",
			Level: new(slog.LevelVar), Log: slog.New(slog.DiscardHandler),
		}, nil)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	awaitDNS(t, addr)
	return &daemon{addr}
}

// awaitDNS waits until somebody answers at an address.
func awaitDNS(t testing.TB, addr string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	m := new(dns.Msg)
	m.SetQuestion("localhost.", dns.TypeA)
	for {
		c := dns.Client{Timeout: 100 * time.Millisecond}
		if _, _, err := c.Exchange(m, addr); err == nil {
			return
		} else if time.Now().After(deadline) {
			t.Fatalf("nobody answers at %s: %v", addr, err)
		} else if !errors.Is(err, os.ErrDeadlineExceeded) {
			<-time.After(20 * time.Millisecond) // refused: not open yet
		}
	}
}

// ask asks the daemon and fails the test if it does not reply.
func ask(t testing.TB, addr, name string, typ uint16, change ...func(*dns.Msg)) *dns.Msg {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(name, typ)
	for _, c := range change {
		c(m)
	}
	c := dns.Client{Timeout: 15 * time.Second, UDPSize: 4096}
	r, _, err := c.Exchange(m, addr)
	if err == nil && r.Truncated {
		c.Net = "tcp"
		r, _, err = c.Exchange(m, addr)
	}
	if err != nil {
		t.Fatalf("%s %s: %v", name, dns.TypeToString[typ], err)
	}
	return r
}

// look finds a program that a test needs.
func look(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		need.Missing(t, program+" is missing")
	}
	return path
}

// startUnbound runs unbound as a forwarder to one server and returns where it
// answers.
func startUnbound(t testing.TB, server netip.AddrPort) string {
	t.Helper()
	path := look(t, "unbound")
	udp, tcp, err := listenBoth("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	addr := udp.LocalAddr().(*net.UDPAddr).AddrPort()
	udp.Close()
	tcp.Close()
	dir := t.TempDir()
	conf := fmt.Sprintf(`server:
	verbosity: 0
	use-syslog: no
	do-daemonize: no
	username: ""
	chroot: ""
	directory: %q
	pidfile: ""
	interface: 127.0.0.1@%d
	module-config: "iterator"
	do-not-query-localhost: no
	num-threads: 1
forward-zone:
	name: "."
	forward-addr: 127.0.0.1@%d
remote-control:
	control-enable: no
`, dir, addr.Port(), server.Port())
	file := filepath.Join(dir, "unbound.conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-d", "-c", file)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	awaitDNS(t, addr.String())
	return addr.String()
}
