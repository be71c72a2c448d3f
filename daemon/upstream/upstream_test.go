package upstream

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mcdns/daemon/survive"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// patience is far longer than anything here takes on a loaded machine.
const patience = 20 * time.Second

// server is a DNS server on loopback, UDP and TCP on one port. reply gives the
// datagrams to send back for a query.
type server struct {
	addr netip.AddrPort
	udp  *net.UDPConn
	mu   sync.Mutex
	from []netip.AddrPort
	ids  []uint16
	edns []bool
}

// hasEDNS: the additional section has a record.
func hasEDNS(query []byte) bool { return query[11] == 1 }

func start(t *testing.T, reply func(query []byte, tcp bool) [][]byte) *server {
	t.Helper()
	for range 20 {
		udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		s := &server{udp: udp, addr: udp.LocalAddr().(*net.UDPAddr).AddrPort()}
		tcp, err := net.Listen("tcp4", s.addr.String())
		if err != nil { // taken by somebody else
			udp.Close()
			continue
		}
		t.Cleanup(func() { udp.Close(); tcp.Close() })
		go s.serveUDP(reply)
		go s.serveTCP(tcp, reply)
		return s
	}
	t.Fatal("no port is free on UDP and TCP")
	return nil
}

func (s *server) note(query []byte, from netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.from = append(s.from, from)
	s.ids = append(s.ids, binary.BigEndian.Uint16(query))
	s.edns = append(s.edns, hasEDNS(query))
}

func (s *server) serveUDP(reply func([]byte, bool) [][]byte) {
	buf := make([]byte, 4096)
	for {
		n, from, err := s.udp.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		s.note(buf[:n], from)
		for _, r := range reply(slices.Clone(buf[:n]), false) {
			s.udp.WriteToUDPAddrPort(r, from)
		}
	}
}

func (s *server) serveTCP(l net.Listener, reply func([]byte, bool) [][]byte) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		var length [2]byte
		io.ReadFull(c, length[:])
		query := make([]byte, binary.BigEndian.Uint16(length[:]))
		io.ReadFull(c, query)
		for _, r := range reply(query, true) {
			c.Write(binary.BigEndian.AppendUint16(nil, uint16(len(r))))
			c.Write(r)
		}
		c.Close()
	}
}

var www = dns.Question{Name: "www.example.", Type: 1}

// good is the reply to a query for www.
func good(query []byte) []byte {
	a, err := dns.ParseAnswer(www, 0, []string{"www.example. 60 IN A 192.0.2.1"})
	if err != nil {
		panic(err)
	}
	r := slices.Clone(a.Packed)
	copy(r[:2], query[:2])
	return r
}

func withRcode(query []byte, rcode byte) []byte {
	r := good(query)
	r[3] = r[3]&0xf0 | rcode
	return r
}

func with(b []byte, change func([]byte)) []byte {
	change(b)
	return b
}

// ask asks once more when nothing is reported: on a busy machine a try may begin
// only when its time is over, and is never sent.
func ask(t *testing.T, c *Client, s netip.AddrPort, within time.Duration) node.Replied {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < patience; {
		got := make(chan node.Replied, 1)
		c.Ask(node.Ask{ID: 7, Server: s, Question: www, Patience: within}, func(r node.Replied) { got <- r })
		select {
		case r := <-got:
			return r
		case <-time.After(within + time.Second):
		}
	}
	t.Fatal("nothing was reported")
	return node.Replied{}
}

// TestQuestionWhoseTimeIsOverIsNotSent: nor is its silence the server's.
func TestQuestionWhoseTimeIsOverIsNotSent(t *testing.T) {
	client := New(4, nil)
	var reported atomic.Int32
	for range 1000 {
		client.Ask(node.Ask{Server: someServer, Question: www, Patience: 1}, func(node.Replied) { reported.Add(1) })
	}
	client.group.Wait()
	if n := reported.Load(); n != 0 || len(client.learnt.of) != 0 {
		t.Errorf("%d reports, learnt about %d servers; want none", n, len(client.learnt.of))
	}
	client.Close()
}

func TestReplyBecomesAnAnswerOrAFailure(t *testing.T) {
	tc := func(q []byte) []byte { return with(good(q), func(b []byte) { b[2] |= 2 }) }
	header := func(q []byte, rcode byte) []byte {
		return []byte{q[0], q[1], 0x80, rcode, 0, 0, 0, 0, 0, 0, 0, 0}
	}
	cases := []struct {
		name   string
		within time.Duration
		reply  func(query []byte, tcp bool) [][]byte
		want   node.Failure
	}{
		{"answer", patience, func(q []byte, _ bool) [][]byte { return [][]byte{good(q)} }, 0},
		{"junk first, the answer then", patience, func(q []byte, _ bool) [][]byte {
			other := dns.Question{Name: "evil.example.", Type: 1}
			a, _ := dns.ParseAnswer(other, 0, []string{"evil.example. 60 IN A 192.0.2.66"})
			return [][]byte{
				{}, {1}, q, header(q, 0), with(good(q), func(b []byte) { b[0]++ }),
				with(slices.Clone(a.Packed), func(b []byte) { copy(b, q[:2]) }), good(q)[:20], good(q),
			}
		}, 0},
		{"SERVFAIL", patience, func(q []byte, _ bool) [][]byte { return [][]byte{withRcode(q, 2)} }, node.Refused},
		{"REFUSED", patience, func(q []byte, _ bool) [][]byte { return [][]byte{withRcode(q, 5)} }, node.Refused},
		{"silence", 50 * time.Millisecond, func([]byte, bool) [][]byte { return nil }, node.Silent},
		{"junk only", 50 * time.Millisecond, func(q []byte, _ bool) [][]byte { return [][]byte{{1, 2, 3}} }, node.Silent},
		{"truncated, TCP", patience, func(q []byte, tcp bool) [][]byte {
			if tcp {
				return [][]byte{good(q)}
			}
			return [][]byte{tc(q)}
		}, 0},
		{"truncated, TCP closes", patience, func(q []byte, tcp bool) [][]byte {
			if tcp {
				return nil
			}
			return [][]byte{tc(q)}
		}, node.Refused},
		{"truncated, TCP says something else", patience, func(q []byte, tcp bool) [][]byte {
			if tcp {
				return [][]byte{{1, 2, 3}}
			}
			return [][]byte{tc(q)}
		}, node.Refused},
		{"FORMERR to EDNS", patience, func(q []byte, _ bool) [][]byte {
			if hasEDNS(q) {
				return [][]byte{withRcode(q, 1)}
			}
			return [][]byte{good(q)}
		}, 0},
		{"FORMERR without a question", patience, func(q []byte, _ bool) [][]byte {
			if hasEDNS(q) {
				return [][]byte{header(q, 1)}
			}
			return [][]byte{good(q)}
		}, 0},
		{"NOTIMP to EDNS", patience, func(q []byte, _ bool) [][]byte {
			if hasEDNS(q) {
				return [][]byte{header(q, 4)}
			}
			return [][]byte{good(q)}
		}, 0},
		{"SERVFAIL without a question: a lost try", 50 * time.Millisecond, func(q []byte, _ bool) [][]byte { return [][]byte{header(q, 2)} }, node.Silent},
		{"REFUSED without a question: a lost try", 50 * time.Millisecond, func(q []byte, _ bool) [][]byte { return [][]byte{header(q, 5)} }, node.Silent},
		{"FORMERR without a question to everything: a lost try", 50 * time.Millisecond, func(q []byte, _ bool) [][]byte { return [][]byte{header(q, 1)} }, node.Silent},
		{"SERVFAIL without a question, the answer then", patience, func(q []byte, _ bool) [][]byte { return [][]byte{header(q, 2), kept(q)} }, 0},
		{"SERVFAIL without a question over TCP", patience, func(q []byte, tcp bool) [][]byte {
			if tcp {
				return [][]byte{header(q, 2)}
			}
			return [][]byte{tc(q)}
		}, node.Refused},
		{"FORMERR to everything", patience, func(q []byte, _ bool) [][]byte { return [][]byte{withRcode(q, 1)} }, node.Refused},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := start(t, c.reply)
			client := New(4, nil)
			defer client.Close()
			r := ask(t, client, s.addr, c.within)
			if r.Ask != 7 || r.Failure != c.want || (r.Answer != nil) != (c.want == 0) {
				t.Fatalf("got %+v; want failure %d", r, c.want)
			}
			if r.Answer != nil {
				if v, err := r.Answer.View(); err != nil || fmt.Sprint(v.Addrs) != "[192.0.2.1]" {
					t.Errorf("got %v, %v", v, err)
				}
			}
		})
	}
}

func TestClosedPortIsUnreachable(t *testing.T) {
	s := start(t, nil)
	s.udp.Close()
	client := New(4, nil)
	defer client.Close()
	if r := ask(t, client, s.addr, patience); r.Failure != node.Unreachable {
		t.Errorf("got %+v; want unreachable", r)
	}
}

func TestReplyFromElsewhereIsNotHeard(t *testing.T) {
	elsewhere, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	var s *server
	ready := make(chan bool)
	s = start(t, func(q []byte, _ bool) [][]byte {
		<-ready
		s.mu.Lock()
		to := s.from[len(s.from)-1]
		s.mu.Unlock()
		elsewhere.WriteToUDPAddrPort(good(q), to)
		return nil
	})
	close(ready)
	client := New(4, nil)
	defer client.Close()
	if r := ask(t, client, s.addr, 100*time.Millisecond); r.Failure != node.Silent {
		t.Errorf("got %+v; want silence", r)
	}
}

func TestPortsAndIDsCannotBeGuessed(t *testing.T) {
	s := start(t, func(q []byte, _ bool) [][]byte { return [][]byte{good(q)} })
	client := New(4, nil)
	defer client.Close()
	const n = 500
	for range n {
		ask(t, client, s.addr, patience)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ports, ids, steps := map[uint16]bool{}, map[uint16]bool{}, map[uint16]int{}
	for i := range s.from {
		ports[s.from[i].Port()], ids[s.ids[i]] = true, true
		if i > 0 {
			steps[s.from[i].Port()-s.from[i-1].Port()]++
		}
	}
	// 500 draws out of 55,536 ports repeat about twice, out of 65,536 ids too.
	if len(ports) < n-30 || len(ids) < n-20 {
		t.Errorf("%d ports and %d ids in %d questions", len(ports), len(ids), n)
	}
	for step, times := range steps {
		if times > n/20 {
			t.Errorf("%d times the next port was the last plus %d", times, step)
		}
	}
}

func TestAskOnlyTCPIfTheMachineSaysSo(t *testing.T) {
	s := start(t, func(q []byte, tcp bool) [][]byte {
		if !tcp {
			return nil
		}
		return [][]byte{good(q)}
	})
	client := New(4, func() bool { return true })
	defer client.Close()
	if r := ask(t, client, s.addr, patience); r.Answer == nil || len(s.from) != 0 {
		t.Errorf("got %+v after %d datagrams", r, len(s.from))
	}
}

func TestFailureOfAnythingElseIsRefused(t *testing.T) {
	for _, err := range []error{dns.ErrUseless, dns.ErrTruncated, errNoAnswer, survive.Err, &dns.RcodeError{Rcode: 9}} {
		if got := failure(t.Context(), fmt.Errorf("x: %w", err)); got != node.Refused {
			t.Errorf("%v: got %d", err, got)
		}
	}
	if got := failure(t.Context(), errors.New("no route")); got != node.Unreachable {
		t.Errorf("got %d; want unreachable", got)
	}
}

func TestExhaustedMachineDoesNotBlameTheServer(t *testing.T) {
	for err, want := range map[error]bool{
		syscall.EMFILE: true, syscall.ENOBUFS: true, syscall.ECONNREFUSED: false, syscall.ENETUNREACH: false, nil: false,
	} {
		if got := ownFault(&net.OpError{Op: "dial", Err: err}); err != nil && got != want {
			t.Errorf("%v: got %v", err, got)
		}
	}
	if ownFault(nil) {
		t.Error("success is a fault")
	}
}

// TestReplyThatNobodyCanReadIsRefused: a panic on the way ends no more than the
// question.
func TestReplyThatNobodyCanReadIsRefused(t *testing.T) {
	client := New(4, func() bool { return true })
	defer client.Close()
	client.streams.dial = func(context.Context, netip.AddrPort) (net.Conn, error) { panic("a test") }
	if r := ask(t, client, netip.MustParseAddrPort("127.0.0.1:53"), patience); r.Failure != node.Refused {
		t.Errorf("got %+v; want %v", r, node.Refused)
	}
}
