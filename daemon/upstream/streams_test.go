package upstream

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// tcpServer answers on connections that stay open, and counts them.
type tcpServer struct {
	addr        netip.AddrPort
	connections atomic.Int32
	mu          sync.Mutex
	open        []net.Conn
}

func startTCP(t *testing.T, l net.Listener, handle func(c net.Conn, query []byte) bool) *tcpServer {
	t.Helper()
	s := &tcpServer{addr: l.Addr().(*net.TCPAddr).AddrPort()}
	t.Cleanup(func() { l.Close(); s.hangUp() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.connections.Add(1)
			s.mu.Lock()
			s.open = append(s.open, c)
			s.mu.Unlock()
			go s.serve(c, handle)
		}
	}()
	return s
}

func (s *tcpServer) serve(c net.Conn, handle func(c net.Conn, query []byte) bool) {
	defer c.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(c, length[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(c, query); err != nil || !handle(c, query) {
			return
		}
	}
}

func (s *tcpServer) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.open {
		c.Close()
	}
	s.open = nil
}

func framed(b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// mustAnswer asks and fails the test without an answer.
func mustAnswer(t *testing.T, c *Client, server netip.AddrPort) {
	t.Helper()
	if r := ask(t, c, server, patience); r.Answer == nil {
		t.Fatalf("got %+v; want an answer", r)
	}
}

func TestConnectionIsUsedAgainAndRenewedWhenClosed(t *testing.T) {
	s := startTCP(t, listen(t), func(c net.Conn, q []byte) bool { c.Write(framed(good(q))); return true })
	client := New(4, func() bool { return true })
	defer client.Close()
	for range 20 {
		mustAnswer(t, client, s.addr)
	}
	if n := s.connections.Load(); n != 1 {
		t.Errorf("%d connections for 20 questions; want 1", n)
	}
	s.hangUp()
	mustAnswer(t, client, s.addr)
	if n := s.connections.Load(); n != 2 {
		t.Errorf("%d connections after the server closed one; want 2", n)
	}
}

// TestEndedConnectionIsNotKept: who was told that it ended found it again, asked
// over it in vain and opened one more, at a server found to be of no use.
func TestEndedConnectionIsNotKept(t *testing.T) {
	var all streams
	defer all.close()
	server := netip.MustParseAddrPort("192.0.2.53:53")
	for range 10_000 {
		ours, theirs := net.Pipe()
		c := newStream(ours)
		all.keep(server, c)
		theirs.Close()
		<-c.closed
		if all.kept(server) != nil {
			t.Fatal("a connection that ended is kept for new questions")
		}
	}
}

// A program that wants no UDP is asked for over TCP, beside others.
func TestQuestionThatWantsTCPGoesOverTCP(t *testing.T) {
	s := startTCP(t, listen(t), func(c net.Conn, q []byte) bool { c.Write(framed(good(q))); return true })
	client, got := New(4, nil), make(chan node.Replied, 1)
	defer client.Close()
	client.Ask(node.Ask{Server: s.addr, Question: www, Patience: patience, TCP: true}, func(r node.Replied) { got <- r })
	if r := <-got; r.Answer == nil || s.connections.Load() != 1 {
		t.Errorf("got %+v over %d connections; want an answer over 1", r, s.connections.Load())
	}
}

func TestServerThatClosesAfterEachReplyIsAskedAllTheSame(t *testing.T) {
	s := startTCP(t, listen(t), func(c net.Conn, q []byte) bool { c.Write(framed(good(q))); return false })
	client := New(4, func() bool { return true })
	defer client.Close()
	for range 10 {
		mustAnswer(t, client, s.addr)
	}
}

// TestQuestionsShareAConnection: replies come in any order, with replies nobody
// asked for between them.
func TestQuestionsShareAConnection(t *testing.T) {
	const n = 8
	var mu sync.Mutex
	var queries [][]byte
	s := startTCP(t, listen(t), func(c net.Conn, q []byte) bool {
		mu.Lock()
		defer mu.Unlock()
		if queries = append(queries, q); len(queries) <= n {
			if len(queries) == 1 {
				c.Write(framed(good(q))) // the first opens the connection
			}
			if len(queries) == n {
				for i := len(queries) - 1; i > 0; i-- {
					c.Write(framed([]byte{1, 2, 3}))
					c.Write(framed(good(queries[i])))
				}
			}
		}
		return true
	})
	client := New(16, func() bool { return true })
	defer client.Close()
	mustAnswer(t, client, s.addr)
	got := make(chan node.Replied, n)
	for range n - 1 {
		client.Ask(node.Ask{Server: s.addr, Question: www, Patience: patience}, func(r node.Replied) { got <- r })
	}
	for range n - 1 {
		if r := <-got; r.Answer == nil {
			t.Errorf("got %+v; want an answer", r)
		}
	}
	if c := s.connections.Load(); c != 1 {
		t.Errorf("%d connections; want 1", c)
	}
}

func TestSilentConnectionIsGivenUp(t *testing.T) {
	var dead atomic.Bool
	s := startTCP(t, listen(t), func(c net.Conn, q []byte) bool {
		if !dead.Load() {
			c.Write(framed(good(q)))
		}
		return true
	})
	client := New(4, func() bool { return true })
	defer client.Close()
	mustAnswer(t, client, s.addr)
	dead.Store(true)
	if r := ask(t, client, s.addr, silentAfter+time.Second); r.Answer != nil {
		t.Fatalf("got %+v of a dead server", r)
	}
	dead.Store(false)
	mustAnswer(t, client, s.addr)
	if n := s.connections.Load(); n < 2 {
		t.Errorf("%d connections; want a new one", n)
	}
}

// TestDeafConnectionIsFoundByImpatientPrograms: each waits for less than silentAfter,
// and none would be the first to leave.
func TestDeafConnectionIsFoundByImpatientPrograms(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	go io.Copy(io.Discard, theirs)
	var all streams
	defer all.close()
	server := netip.MustParseAddrPort("192.0.2.53:53")
	c := newStream(ours)
	all.keep(server, c)
	impatient := func() {
		a := &asking{question: www}
		a.put(c)
		a.leave()
	}
	impatient()
	if all.kept(server) == nil {
		t.Error("a connection was left at its first question")
	}
	c.mu.Lock()
	c.since = time.Now().Add(-silentAfter)
	c.mu.Unlock()
	impatient()
	if all.kept(server) != nil {
		t.Error("a connection that is silent for long is kept")
	}
	c.deliver(nil)
	impatient()
	if all.kept(server) == nil {
		t.Error("a connection was left though something was heard")
	}
}

// inOrder is a server that answers a connection's questions one after another, as
// dnsmasq does, and those for names that begin with "evil" never.
func inOrder(t *testing.T) (s *tcpServer, stalled *atomic.Int32) {
	stalled = new(atomic.Int32)
	s = startTCP(t, listen(t), func(c net.Conn, q []byte) bool {
		if !strings.HasPrefix(string(q[headerLen+1:]), "evil") {
			c.Write(framed(good(q)))
			return true
		}
		stalled.Add(1)
		io.Copy(io.Discard, c)
		return false
	})
	return s, stalled
}

func evil(i int) dns.Question {
	return dns.Question{Name: fmt.Sprintf("evil%d.example.", i), Type: 1}
}

// TestNameThatStallsHoldsUpNoOther: asked for over and over, as the node does, it
// keeps to its own connection.
func TestNameThatStallsHoldsUpNoOther(t *testing.T) {
	s, stalled := inOrder(t)
	client := New(16, func() bool { return true })
	defer client.Close()
	again := func() {
		client.Ask(node.Ask{Server: s.addr, Question: evil(1), Patience: patience}, func(node.Replied) {})
	}
	again()
	until(t, "the name stalls its connection", func() bool { return stalled.Load() == 1 })
	for range 5 {
		again()
		if r := askFor(t, client, s.addr, www); r.Answer == nil {
			t.Fatalf("got %+v; want an answer", r)
		}
	}
	if n := s.connections.Load(); n > 2 {
		t.Errorf("%d connections; want 2", n)
	}
}

// TestNamesThatStallTogetherHoldUpNoOther: a burst of them fills a connection before
// anybody knows. However many they are, the connections are bounded, and the one that
// has been silent longest makes room.
func TestNamesThatStallTogetherHoldUpNoOther(t *testing.T) {
	for _, names := range []int{3, 3 * maxStreams} {
		s, stalled := inOrder(t)
		client := New(256, func() bool { return true })
		client.Ask(node.Ask{Server: s.addr, Question: www, Patience: patience}, func(node.Replied) {})
		until(t, "a connection stands", func() bool { return client.streams.kept(s.addr) != nil })
		for i := range names {
			client.Ask(node.Ask{Server: s.addr, Question: evil(i), Patience: patience}, func(node.Replied) {})
		}
		until(t, "a name stalls its connection", func() bool { return stalled.Load() > 0 })
		if r := askFor(t, client, s.addr, www); r.Answer == nil {
			t.Errorf("%d names: got %+v; want an answer", names, r)
		}
		client.streams.mu.Lock()
		if n := len(client.streams.open[s.addr]); n > maxStreams {
			t.Errorf("%d names: %d connections; want %d at most", names, n, maxStreams)
		}
		client.streams.mu.Unlock()
		client.Close()
	}
}

// TestSlowNameCostsNoConnectionWhereNothingWaits: a server that answers in any order
// is known by it.
func TestSlowNameCostsNoConnectionWhereNothingWaits(t *testing.T) {
	slow := make(chan []byte, 2)
	s := startTCP(t, listen(t), func(c net.Conn, q []byte) bool {
		if strings.HasPrefix(string(q[headerLen+1:]), "evil") {
			slow <- q
		} else {
			c.Write(framed(good(q)))
		}
		return true
	})
	client := New(16, func() bool { return true })
	defer client.Close()
	mustAnswer(t, client, s.addr)
	client.Ask(node.Ask{Server: s.addr, Question: evil(1), Patience: patience}, func(node.Replied) {})
	<-slow
	mustAnswer(t, client, s.addr)
	c := client.streams.kept(s.addr)
	until(t, "nothing is heard for long", func() bool { return c.silentFor(stalledAfter) })
	mustAnswer(t, client, s.addr)
	if n := s.connections.Load(); n != 1 {
		t.Errorf("%d connections; want 1", n)
	}
}

// TestServerThatResetsHasRefused: it is there. What our own end of the connection
// makes of it does not count.
func TestServerThatResetsHasRefused(t *testing.T) {
	l := listen(t)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	}()
	client := New(4, func() bool { return true })
	defer client.Close()
	for range 500 {
		if r := ask(t, client, l.Addr().(*net.TCPAddr).AddrPort(), patience); r.Failure != node.Refused {
			t.Fatalf("got %+v; want refused", r)
		}
	}
}

// TestSlowServerAnswersOverTCP: nothing else is heard on the connection meanwhile,
// and what comes after silentAfter still counts.
func TestSlowServerAnswersOverTCP(t *testing.T) {
	client := New(4, func() bool { return true })
	defer client.Close()
	var addr netip.AddrPort
	begun := time.Now()
	s := startTCP(t, listen(t), func(c net.Conn, q []byte) bool {
		for client.streams.kept(addr) != nil && time.Since(begun) < patience {
			<-time.After(time.Millisecond)
		}
		c.Write(framed(good(q)))
		return true
	})
	addr = s.addr
	r := ask(t, client, s.addr, 10*time.Second)
	if took := time.Since(begun); r.Answer == nil || took < silentAfter {
		t.Errorf("got %+v after %v; want an answer after %v", r, took, silentAfter)
	}
	if n := s.connections.Load(); n != 1 {
		t.Errorf("%d connections for one question; want 1", n)
	}
}

// certificate makes a self-signed one for a name and 127.0.0.1.
func certificate(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, _ := x509.ParseCertificate(der)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func startTLS(t *testing.T, name string) (*tcpServer, *x509.CertPool) {
	t.Helper()
	cert, pool := certificate(t, name)
	l := tls.NewListener(listen(t), &tls.Config{Certificates: []tls.Certificate{cert}})
	return startTCP(t, l, func(c net.Conn, q []byte) bool { c.Write(framed(good(q))); return true }), pool
}

func TestStrictTLSAsksOnlyWhoProvesItsName(t *testing.T) {
	s, pool := startTLS(t, "dns.example")
	localhost := netip.MustParseAddr("127.0.0.1")
	for _, c := range []struct {
		name   string
		tls    TLS
		answer bool
	}{
		{"name", TLS{Mode: TLSStrict, Names: map[netip.Addr]string{localhost: "dns.example"}, Config: &tls.Config{RootCAs: pool}}, true},
		{"address", TLS{Mode: TLSStrict, Config: &tls.Config{RootCAs: pool}}, true},
		{"another name", TLS{Mode: TLSStrict, Names: map[netip.Addr]string{localhost: "evil.example"}, Config: &tls.Config{RootCAs: pool}}, false},
		{"unknown authority", TLS{Mode: TLSStrict, Names: map[netip.Addr]string{localhost: "dns.example"}, Config: &tls.Config{RootCAs: x509.NewCertPool()}}, false},
	} {
		client := New(4, nil)
		var log strings.Builder
		c.tls.Log = slog.New(slog.NewTextHandler(&log, nil))
		client.SetTLS(c.tls)
		for range 3 {
			if r := ask(t, client, s.addr, patience); (r.Answer != nil) != c.answer {
				t.Errorf("%s: got %+v; want an answer: %v", c.name, r, c.answer)
			}
		}
		client.Close()
		if said := strings.Count(log.String(), "certificate"); (said == 0) != c.answer || said > 2 {
			t.Errorf("%s: the log says %q; want the reason once", c.name, log.String())
		}
	}
	if n := s.connections.Load(); n > 2+6 {
		t.Errorf("%d connections; want one for each client that trusts the server", n)
	}
}

// TestStrictTLSNeverFallsBack: a server with TCP and UDP but without TLS gets no
// question, not even in the clear.
func TestStrictTLSNeverFallsBack(t *testing.T) {
	var clear atomic.Int32
	s := start(t, func(q []byte, tcp bool) [][]byte {
		if !tcp || strings.Contains(string(q), "example") {
			clear.Add(1)
		}
		return [][]byte{good(q)}
	})
	client := New(4, nil)
	defer client.Close()
	client.SetTLS(TLS{Mode: TLSStrict, Config: &tls.Config{}})
	if r := ask(t, client, s.addr, 500*time.Millisecond); r.Answer != nil || clear.Load() != 0 {
		t.Errorf("got %+v, %d questions in the clear; want none", r, clear.Load())
	}
}

// besideTLS answers by UDP at the address of a server with TLS, and counts.
func besideTLS(t *testing.T, addr netip.AddrPort) *atomic.Int32 {
	t.Helper()
	udp, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(addr))
	if err != nil {
		t.Skip("the port is taken for UDP")
	}
	t.Cleanup(func() { udp.Close() })
	datagrams := new(atomic.Int32)
	go func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := udp.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			datagrams.Add(1)
			udp.WriteToUDPAddrPort(kept(buf[:n]), from)
		}
	}()
	return datagrams
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain for: " + what)
		}
	}
}

func standsTLS(t *testing.T, c *Client, server netip.AddrPort) {
	t.Helper()
	until(t, "a TLS connection", func() bool { return c.tls.Load().kept(server) != nil })
}

// TestOpportunisticTLSCostsNoLookup: the first question goes by UDP, later ones
// by TLS once that stands; a server without TLS is asked by UDP for good.
func TestOpportunisticTLSCostsNoLookup(t *testing.T) {
	s, _ := startTLS(t, "whoever.example")
	datagrams := besideTLS(t, s.addr)
	client := New(4, nil)
	defer client.Close()
	client.SetTLS(TLS{Mode: TLSOpportunistic, Config: &tls.Config{}})
	mustAnswer(t, client, s.addr)
	standsTLS(t, client, s.addr)
	before := datagrams.Load()
	for range 5 {
		mustAnswer(t, client, s.addr)
	}
	if before != 1 || datagrams.Load() != before {
		t.Errorf("%d datagrams before and %d after TLS stood; want 1 and none more", before, datagrams.Load()-before)
	}
}

// TestNameComesBackInItsLetters: a reply in other letters was made by somebody
// who had not seen the question, so TCP is asked; a server that never keeps them
// is found out once.
func TestNameComesBackInItsLetters(t *testing.T) {
	var tcp, udp atomic.Int32
	var loses atomic.Bool
	s := start(t, func(q []byte, overTCP bool) [][]byte {
		if overTCP {
			tcp.Add(1)
			return [][]byte{good(q)}
		}
		udp.Add(1)
		r := good(q)
		if !loses.Load() {
			copy(r[headerLen:], q[headerLen:headerLen+nameLen(q)])
		}
		return [][]byte{r}
	})
	client := New(4, nil)
	defer client.Close()
	for range 10 {
		mustAnswer(t, client, s.addr)
	}
	if udp.Load() != 10 || tcp.Load() != 0 {
		t.Errorf("kept: %d by UDP, %d by TCP; want 10 and none", udp.Load(), tcp.Load())
	}
	loses.Store(true)
	for range 10 {
		mustAnswer(t, client, s.addr)
	}
	if tcp.Load() != 1 {
		t.Errorf("not kept: %d by TCP; want 1", tcp.Load())
	}
}

// TestGuessedIDsSendTheQuestionToTCP: three replies with a wrong id at the right
// port are somebody's guesses. They do not make names easier to guess.
func TestGuessedIDsSendTheQuestionToTCP(t *testing.T) {
	const asked = 10
	var mixed, attacked atomic.Int32
	s := start(t, func(q []byte, tcp bool) [][]byte {
		if tcp {
			return [][]byte{good(q)}
		}
		if name := string(q[headerLen : headerLen+nameLen(q)]); name != strings.ToLower(name) {
			mixed.Add(1)
		}
		if attacked.Add(1) > 1 {
			return [][]byte{kept(q)}
		}
		var forged [][]byte
		for i := range maxWrongIDs {
			forged = append(forged, with(good(q), func(b []byte) { b[0] += byte(i + 1); b[len(b)-1] = 66 }))
		}
		return forged
	})
	client := New(4, nil)
	defer client.Close()
	r := ask(t, client, s.addr, patience)
	if r.Answer == nil {
		t.Fatalf("got %+v; want the answer by TCP", r)
	}
	if v, _ := r.Answer.View(); v.Addrs[0].String() != "192.0.2.1" {
		t.Errorf("got the forger's answer %v", v.Addrs)
	}
	mixed.Store(0)
	for range asked {
		mustAnswer(t, client, s.addr)
	}
	if mixed.Load() < asked/2 { // all but one of 1024 are
		t.Errorf("%d of %d names were in letters of their own after an attack", mixed.Load(), asked)
	}
}

func TestPortsAreDrawnFromMoreThanTheKernels(t *testing.T) {
	s := start(t, func(q []byte, _ bool) [][]byte { return [][]byte{good(q)} })
	client := New(4, nil)
	defer client.Close()
	const n = 10_000
	for range n {
		ask(t, client, s.addr, patience)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var low, buckets = 0, [16]int{}
	for i, from := range s.from {
		if from.Port() < 32768 {
			low++
		}
		buckets[s.ids[i]>>12]++
	}
	if low < n/4 { // 41 % of those drawn here, none of the kernel's
		t.Errorf("%d of %d ports lie below the kernel's range; want some 4100", low, n)
	}
	chi := 0.0
	for _, b := range buckets {
		d := float64(b) - float64(len(s.ids))/16
		chi += d * d / (float64(len(s.ids)) / 16)
	}
	if chi > 44 { // 15 degrees of freedom: one run in 10,000 by chance
		t.Errorf("ids are not even: chi-square %.1f of %v", chi, buckets)
	}
}
