package streams

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mcdns/daemon/logs"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
	"mcdns/test/keys"
)

// patience is far longer than anything here takes on a loaded machine.
const patience = 20 * time.Second

// end is one host: its inputs come out of a channel.
type end struct {
	*Streams
	addr netip.AddrPort
	ring atomic.Pointer[trust.Ring]
	in   chan node.Input
	met  atomic.Pointer[[]netip.Addr] // addresses of members
}

func newEnd(t *testing.T, id uint64, k trust.Key) *end {
	t.Helper()
	e := &end{in: make(chan node.Input, 1000)}
	e.ring.Store(trust.NewRing(k))
	e.met.Store(&[]netip.Addr{})
	e.Streams = New(Config{
		Self:      func() wire.Peer { return wire.Peer{ID: id, Epoch: id} },
		Ring:      e.ring.Load,
		Put:       func(in node.Input) error { e.in <- in; return nil },
		Now:       func() time.Duration { return time.Hour },
		PullBytes: func() int { return 1 << 20 },
		Members:   func() []netip.Addr { return *e.met.Load() },
		Log:       logs.Discard(),
	})
	t.Cleanup(e.Close)
	return e
}

// listen is Listen on a port that the kernel picks, on loopback.
func (e *end) listen(t *testing.T) {
	t.Helper()
	lc := net.ListenConfig{Control: onLink}
	l, err := lc.Listen(context.Background(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e.addr = l.Addr().(*net.TCPAddr).AddrPort()
	e.listeners = append(e.listeners, l)
	e.group.Add(1)
	go e.accept(l)
}

func next[T node.Input](t *testing.T, e *end) T {
	t.Helper()
	limit := time.After(patience)
	for {
		select {
		case in := <-e.in:
			if got, ok := in.(T); ok {
				return got
			}
		case <-limit:
			var want T
			t.Fatalf("no %T came", want)
		}
	}
}

func aged(t *testing.T, i int) wire.Aged {
	t.Helper()
	q, err := dns.NewQuestion(fmt.Sprintf("h%d.example", i), 1)
	if err != nil {
		t.Fatal(err)
	}
	a, err := dns.ParseAnswer(q, 0, []string{fmt.Sprintf("%s 60 IN A 192.0.2.%d", q.Name, i)})
	if err != nil {
		t.Fatal(err)
	}
	a.Birth.ID = 1
	return wire.Aged{Answer: a, Age: time.Duration(i) * time.Second}
}

func TestStreamBringsAllPagesInOrder(t *testing.T) {
	server, client := newEnd(t, 1, keys.Key(1)), newEnd(t, 2, keys.Key(1))
	server.listen(t)
	want := node.Want{Away: time.Minute, After: 5, Questions: []dns.Question{aged(t, 9).Question}}
	client.Pull(node.Pull{ID: 3, Addr: server.addr, Want: want})
	const pages = 5
	for i := range pages {
		w := next[node.PageWanted](t, server)
		if i == 0 && fmt.Sprint(w.Want) != fmt.Sprint(want) {
			t.Errorf("got %v; want %v", w.Want, want)
		}
		server.Page(node.Page{
			Stream: w.Stream, Sent: 2 * time.Hour, Answers: []wire.Aged{aged(t, i), aged(t, i+100)}, Next: uint64(i), End: i == pages-1,
		})
	}
	for i := range pages {
		p := next[node.Pulled](t, client)
		last := i == pages-1
		if p.Pull != 3 || p.From.ID != 1 || p.Sent != 2*time.Hour || len(p.Answers) != 2 || p.Next != uint64(i) || p.Done != last || p.Whole != last {
			t.Errorf("page %d: got %+v", i, p)
		}
		if p.Answers[0].Age != time.Duration(i)*time.Second {
			t.Errorf("page %d: age %v", i, p.Answers[0].Age)
		}
	}
	next[node.StreamClosed](t, server)
}

// give gives the page again and again, until the stream is closed or, if it is not
// nil, pulled tells of the pull's end: one that is over before the handshake is
// no stream. That end is put back.
func give(t *testing.T, e *end, p node.Page, pulled chan node.Input) {
	t.Helper()
	limit := time.After(patience)
	for {
		select {
		case in := <-e.in:
			switch in := in.(type) {
			case node.PageWanted:
				p.Stream = in.Stream
				e.Page(p)
			case node.StreamClosed:
				return
			}
		case in := <-pulled:
			if p, ok := in.(node.Pulled); ok && p.Done {
				pulled <- in
				return
			}
		case <-limit:
			t.Fatal("the pull has no end")
		}
	}
}

func TestPullEndsOnceWhateverHappens(t *testing.T) {
	page := func(t *testing.T, e *end) node.Page {
		return node.Page{Stream: next[node.PageWanted](t, e).Stream, Answers: []wire.Aged{aged(t, 1)}}
	}
	cases := map[string]func(t *testing.T, server, client *end){
		"busy": func(t *testing.T, server, _ *end) {
			server.Page(node.Page{Stream: next[node.PageWanted](t, server).Stream, Busy: true, End: true})
		},
		"the peer dies in the middle": func(t *testing.T, server, client *end) {
			server.Page(page(t, server))
			next[node.Pulled](t, client)
			server.Close()
		},
		"the peer leaves the group": func(t *testing.T, server, client *end) {
			server.Page(page(t, server))
			next[node.Pulled](t, client)
			last := page(t, server)
			last.End = true
			server.Unlisten()
			server.Page(last) // too late
		},
		"the peer never ends": func(t *testing.T, server, _ *end) {
			big := node.Page{}
			for i := range 100 {
				big.Answers = append(big.Answers, aged(t, i))
			}
			give(t, server, big, nil)
		},
		"the peer takes its time": func(t *testing.T, server, client *end) {
			give(t, server, node.Page{}, client.in)
		},
		"the key is removed here": func(t *testing.T, server, client *end) {
			server.Page(page(t, server))
			next[node.Pulled](t, client)
			client.ring.Store(nil)
			server.Page(page(t, server))
		},
		"the key is removed there": func(t *testing.T, server, client *end) {
			server.Page(page(t, server))
			next[node.Pulled](t, client)
			server.ring.Store(trust.NewRing(keys.Key(9)))
			server.Page(page(t, server))
		},
	}
	for name, run := range cases {
		t.Run(name, func(t *testing.T) {
			server, client := newEnd(t, 1, keys.Key(1)), newEnd(t, 2, keys.Key(1))
			server.listen(t)
			client.config.PullBytes = func() int { return 100 << 10 }
			if client.within = pullWithin; name == "the peer takes its time" {
				client.within = 100 * time.Millisecond
				client.config.PullBytes = func() int { return 1 << 30 } // time alone ends it
			}
			client.Pull(node.Pull{ID: 3, Addr: server.addr})
			run(t, server, client)
			p := next[node.Pulled](t, client)
			for !p.Done {
				p = next[node.Pulled](t, client)
			}
			if p.Whole || p.Pull != 3 {
				t.Errorf("got %+v; want an end that is not whole", p)
			}
		})
	}
}

func TestForeignersGetNothing(t *testing.T) {
	server, other, mirror := newEnd(t, 1, keys.Key(1)), newEnd(t, 2, keys.Key(2)), newEnd(t, 1, keys.Key(1))
	server.listen(t)
	solo := newEnd(t, 4, keys.Key(1))
	solo.ring.Store(nil)
	closed := netip.MustParseAddrPort("127.0.0.1:1")
	for name, c := range map[string]struct {
		from *end
		to   netip.AddrPort
	}{
		"another key": {other, server.addr}, "itself": {mirror, server.addr}, "solo": {solo, server.addr}, "nobody there": {newEnd(t, 5, keys.Key(1)), closed},
	} {
		c.from.Pull(node.Pull{ID: 1, Addr: c.to})
		if p := next[node.Pulled](t, c.from); !p.Done || p.Whole || len(p.Answers) > 0 {
			t.Errorf("%s: got %+v", name, p)
		}
	}
	select {
	case in := <-server.in:
		t.Errorf("the node was asked: %T", in)
	default:
	}
}

func TestStrangerIsToldNothingAndCut(t *testing.T) {
	server := newEnd(t, 1, keys.Key(1))
	server.listen(t)
	for name, send := range map[string][]byte{"silence": nil, "garbage": bytes.Repeat([]byte{7}, 1000), "half a hello": make([]byte, trust.HelloSize-1)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, server.addr)
			c.Write(send)
			if b, _ := io.ReadAll(c); len(b) > 0 {
				t.Errorf("it was told %d bytes", len(b))
			}
		})
	}
}

func dial(t *testing.T, to netip.AddrPort) net.Conn {
	t.Helper()
	return dialFrom(t, netip.MustParseAddr("127.0.0.1"), to)
}

func dialFrom(t *testing.T, from netip.Addr, to netip.AddrPort) net.Conn {
	t.Helper()
	d := net.Dialer{Control: onLink, LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))}
	c, err := d.Dial("tcp4", to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c
}

func TestFloodOfStrangersCostsTheOldestAndNotTheMember(t *testing.T) {
	server, client := newEnd(t, 1, keys.Key(1)), newEnd(t, 2, keys.Key(1))
	server.listen(t)
	var flood []net.Conn
	for range 20 {
		flood = append(flood, dial(t, server.addr))
	}
	client.Pull(node.Pull{ID: 3, Addr: server.addr})
	w := next[node.PageWanted](t, server)
	server.Page(node.Page{Stream: w.Stream, End: true})
	if p := next[node.Pulled](t, client); !p.Whole {
		t.Errorf("got %+v; want a whole stream", p)
	}
	for _, c := range flood[:10] {
		if b, _ := io.ReadAll(c); len(b) > 0 {
			t.Errorf("a stranger was told %d bytes", len(b))
		}
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	if len(server.waiting) > unproven {
		t.Errorf("%d strangers are kept; want at most %d", len(server.waiting), unproven)
	}
}

// A member whose handshake is under way is pushed out by nobody without the key: not by
// connections from many addresses, nor, where it is not known yet, by one that connects
// again and again. Both kept every stream from the host, for as long as they went on.
func TestFloodOfStrangersKeepsNoMemberFromItsStream(t *testing.T) {
	for name, c := range map[string]struct {
		known     bool
		addresses int
	}{"many addresses, a known member": {true, 50}, "one address, a newcomer": {false, 1}} {
		t.Run(name, func(t *testing.T) {
			server, client := newEnd(t, 1, keys.Key(1)), newEnd(t, 2, keys.Key(1))
			if c.known {
				server.met.Store(&[]netip.Addr{netip.MustParseAddr("127.0.0.1")})
			}
			server.listen(t)
			slow := &channel{conn: dial(t, server.addr), stream: client.newStream(client.ring.Load(), true), ring: client.ring.Load}
			server.await(t, slow.conn.LocalAddr())
			for i := range 50 {
				flood := dialFrom(t, netip.AddrFrom4([4]byte{127, 0, 1, byte(1 + i%c.addresses)}), server.addr)
				server.await(t, flood.LocalAddr())
			}
			if err := slow.hello(true); err != nil {
				t.Fatalf("the handshake of a member is cut off: %v", err)
			}
			if err := slow.send(wire.EncodeWant(0, 0, nil), true); err != nil {
				t.Fatal(err)
			}
			next[node.PageWanted](t, server)
		})
	}
}

// await waits until a connection from an address was taken among the unproven.
func (e *end) await(t *testing.T, from net.Addr) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		e.mu.Lock()
		there := slices.ContainsFunc(e.waiting, func(g guest) bool { return g.conn.RemoteAddr().String() == from.String() })
		e.mu.Unlock()
		if there {
			return
		}
	}
	t.Fatalf("%v was not taken", from)
}

func TestPacketsFromBehindARouterAreNotHeard(t *testing.T) {
	server := newEnd(t, 1, keys.Key(1))
	server.listen(t)
	d := net.Dialer{Timeout: 200 * time.Millisecond} // its TTL is the usual 64
	if c, err := d.Dial("tcp4", server.addr.String()); err == nil {
		c.Close()
		t.Error("connected with a TTL of 64")
	}
}

func TestStreamThatNobodyCanReadEndsNoMore(t *testing.T) {
	for i := range 2 {
		server, client := newEnd(t, 1, keys.Key(1)), newEnd(t, 2, keys.Key(1))
		[]*end{client, server}[i].config.Now = func() time.Duration { panic("a test") }
		server.listen(t)
		client.Pull(node.Pull{ID: 3, Addr: server.addr})
		if p := next[node.Pulled](t, client); !p.Done || p.Whole {
			t.Errorf("got %+v; want an end that is not whole", p)
		}
	}
}

// TestPortThatAnotherProgramHasInOneFamilyIsSaid: peers of that family would pull from the
// other program. What was opened is closed, so that the next try can open it.
func TestPortThatAnotherProgramHasInOneFamilyIsSaid(t *testing.T) {
	for network, host := range map[string]string{"tcp4": "0.0.0.0", "tcp6": "[::]"} {
		var err error
		for range 10 { // a connection of the machine may have the number in the other family
			if err = otherProgramHas(t, network, host+":0"); err == nil {
				break
			}
		}
		if err != nil {
			t.Errorf("%s: once it is free: %v", network, err)
		}
	}
}

// otherProgramHas lets it have a port, and tells what becomes of listening there afterwards.
func otherProgramHas(t *testing.T, network, addr string) error {
	t.Helper()
	other, err := net.Listen(network, addr)
	if err != nil {
		t.Skip(err)
	}
	port := other.Addr().(*net.TCPAddr).AddrPort().Port()
	e := newEnd(t, 1, keys.Key(1))
	if err := e.Listen(port); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("%s: got %v; want %v", network, err, syscall.EADDRINUSE)
	}
	other.Close()
	return e.Listen(port)
}

// TestMemberThatReadsSlowlyHoldsNoPlaceForEver: the node serves two streams at one time. Of
// 64 MiB a page each 5 s is six hours.
func TestMemberThatReadsSlowlyHoldsNoPlaceForEver(t *testing.T) {
	server, client := newEnd(t, 1, keys.Key(1)), newEnd(t, 2, keys.Key(1))
	server.within = 100 * time.Millisecond
	server.listen(t)
	client.config.PullBytes = func() int { return 1 << 40 }
	client.Pull(node.Pull{ID: 3, Addr: server.addr})
	for limit := time.Now().Add(patience); ; {
		select {
		case in := <-server.in:
			if wanted, is := in.(node.PageWanted); is {
				server.Page(node.Page{Stream: wanted.Stream})
			} else if _, is := in.(node.StreamClosed); is {
				return
			}
		case <-client.in: // it takes what comes
		}
		if time.Now().After(limit) {
			t.Fatal("the stream goes on")
		}
	}
}
