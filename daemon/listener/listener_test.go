package listener

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	miekg "github.com/miekg/dns"

	"mcdns/daemon/survive"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// patience is far longer than anything here takes on a loaded machine.
const patience = 20 * time.Second

// start runs a listener on a free loopback port.
func start(t *testing.T, ask func(context.Context, dns.Question) (node.Result, error)) (*Listener, string) {
	t.Helper()
	return startConfig(t, Config{Ask: ask, Log: slog.New(slog.DiscardHandler)})
}

func startConfig(t *testing.T, c Config) (*Listener, string) {
	t.Helper()
	l := New(c)
	t.Cleanup(l.Close)
	// A port that is free for UDP may be taken for TCP, here or in another program.
	free := []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}
	err := l.Set(free)
	for tries := 0; errors.Is(err, syscall.EADDRINUSE) && tries < 20; tries++ {
		err = l.Set(free)
	}
	if err != nil {
		t.Fatal(err)
	}
	return l, l.Addrs()[0].String()
}

func answered(t testing.TB, q dns.Question, rcode int, records ...string) node.Result {
	t.Helper()
	a, err := dns.ParseAnswer(q, rcode, records)
	if err != nil {
		t.Fatal(err)
	}
	return node.Result{Answer: a, TTL: a.TTL}
}

// simple answers every question with 192.0.2.7, and long.example with a lot.
func simple(t testing.TB) func(context.Context, dns.Question) (node.Result, error) {
	return func(_ context.Context, q dns.Question) (node.Result, error) {
		n, records := 1, []string(nil)
		if q.Name == "long.example." {
			n = 200
		}
		for i := range n {
			records = append(records, fmt.Sprintf("%s 60 IN A 192.0.2.%d", q.Name, 7+i))
		}
		return answered(t, q, 0, records...), nil
	}
}

func exchange(t *testing.T, network, addr string, change func(*miekg.Msg)) *miekg.Msg {
	t.Helper()
	m := new(miekg.Msg)
	m.SetQuestion("wWw.example.", miekg.TypeA)
	if change != nil {
		change(m)
	}
	c := miekg.Client{Net: network, Timeout: 5 * time.Second}
	r, _, err := c.Exchange(m, addr)
	if err != nil {
		t.Fatalf("%s: %v", network, err)
	}
	return r
}

func TestAnswersByUDPAndTCP(t *testing.T) {
	_, addr := start(t, simple(t))
	for _, network := range []string{"udp", "tcp"} {
		r := exchange(t, network, addr, nil)
		if r.Rcode != 0 || len(r.Answer) != 1 || r.Answer[0].Header().Name != "wWw.example." || r.Truncated {
			t.Errorf("%s: got %v", network, r)
		}
		long := exchange(t, network, addr, func(m *miekg.Msg) { m.Question[0].Name = "long.example." })
		if long.Truncated != (network == "udp") || len(long.Answer) == 200 != (network == "tcp") {
			t.Errorf("%s: long: TC %v, %d records", network, long.Truncated, len(long.Answer))
		}
	}
}

func TestAnswersOnIPv6AsWell(t *testing.T) {
	l := New(Config{Ask: simple(t), Log: slog.New(slog.DiscardHandler)})
	defer l.Close()
	if err := l.Set([]netip.AddrPort{netip.MustParseAddrPort("[::1]:0")}); err != nil {
		t.Skipf("no IPv6 here: %v", err)
	}
	if r := exchange(t, "udp", l.Addrs()[0].String(), nil); len(r.Answer) != 1 {
		t.Errorf("got %v", r)
	}
}

// TestListenersRepliesGoRound: what is held begins with each of its records in turn.
func TestListenersRepliesGoRound(t *testing.T) {
	_, addr := start(t, func(_ context.Context, q dns.Question) (node.Result, error) {
		r := answered(t, q, 0, q.Name+" 60 IN A 192.0.2.1", q.Name+" 60 IN A 192.0.2.2", q.Name+" 60 IN A 192.0.2.3")
		r.Source = node.FromPeer
		return r, nil
	})
	firsts := map[string]bool{}
	for range 200 { // one of three is never the first: 10^-35
		r := exchange(t, "udp", addr, nil)
		if len(r.Answer) != 3 {
			t.Fatalf("got %v", r)
		}
		firsts[r.Answer[0].String()] = true
	}
	if len(firsts) != 3 {
		t.Errorf("%d records were the first; want 3", len(firsts))
	}
}

func TestReplySaysWhyItIsWhatItIs(t *testing.T) {
	soa := "example. 60 IN SOA a. b. 1 2 3 4 60"
	_, addr := start(t, func(_ context.Context, q dns.Question) (node.Result, error) {
		switch q.Name {
		case "stale.example.":
			r := answered(t, q, 0, q.Name+" 60 IN A 192.0.2.7")
			r.Stale, r.TTL, r.Age, r.Answer.EDE = true, 30*time.Second, time.Hour, 18
			return r, nil
		case "filtered.example.":
			r := answered(t, q, 3, soa)
			r.Answer.EDE = 18
			return r, nil
		case "bogus.example.":
			return node.Result{Said: dns.RcodeError{Rcode: 2, EDE: 7}}, nil
		case "gone.example.":
			r := answered(t, q, 3, soa)
			r.Stale, r.TTL = true, 30*time.Second
			return r, nil
		}
		return node.Result{}, nil
	})
	for name, want := range map[string]struct {
		rcode int
		ede   uint16
	}{
		"stale.example.":    {0, miekg.ExtendedErrorCodeStaleAnswer},
		"gone.example.":     {3, miekg.ExtendedErrorCodeStaleNXDOMAINAnswer},
		"filtered.example.": {3, miekg.ExtendedErrorCodeFiltered},
		"bogus.example.":    {2, miekg.ExtendedErrorCodeDNSBogus},
		"none.example.":     {2, miekg.ExtendedErrorCodeNoReachableAuthority},
	} {
		r := exchange(t, "udp", addr, func(m *miekg.Msg) { m.Question[0].Name = name; m.SetEdns0(1232, false) })
		var got []miekg.EDNS0
		if o := r.IsEdns0(); o != nil {
			got = o.Option
		}
		if len(got) != 1 || got[0].(*miekg.EDNS0_EDE).InfoCode != want.ede || r.Rcode != want.rcode {
			t.Errorf("%s: got RCODE %d, %v; want %d, EDE %d", name, r.Rcode, got, want.rcode, want.ede)
		}
		if plain := exchange(t, "udp", addr, func(m *miekg.Msg) { m.Question[0].Name = name }); plain.IsEdns0() != nil {
			t.Errorf("%s: a client without EDNS got an OPT", name)
		}
	}
	if r := exchange(t, "udp", addr, func(m *miekg.Msg) { m.Opcode = miekg.OpcodeUpdate }); r.Rcode != miekg.RcodeNotImplemented || r.Opcode != miekg.OpcodeUpdate {
		t.Errorf("update: got %v; want NOTIMP", r)
	}
}

func TestValidatorsAskForThemselvesAndGetWhatThereIs(t *testing.T) {
	var mu sync.Mutex
	var asked []dns.Flags
	_, addr := start(t, func(ctx context.Context, q dns.Question) (node.Result, error) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, q.Flags)
		if q.Flags != 0 {
			return node.Result{}, nil
		}
		return simple(t)(ctx, q)
	})
	r := exchange(t, "udp", addr, func(m *miekg.Msg) { m.SetEdns0(1232, true); m.CheckingDisabled = true })
	mu.Lock()
	defer mu.Unlock()
	if len(r.Answer) != 1 || !r.CheckingDisabled || !r.IsEdns0().Do() || !slices.Equal(asked, []dns.Flags{dns.DO | dns.CD, 0}) {
		t.Errorf("got %v after questions with flags %v", r, asked)
	}
}

// TestPipelinedQuestionsOvertakeEachOther: one slow name does not hold up the
// others of its connection (RFC 7766 section 6.2.1.1).
func TestPipelinedQuestionsOvertakeEachOther(t *testing.T) {
	release := make(chan struct{})
	_, addr := start(t, func(ctx context.Context, q dns.Question) (node.Result, error) {
		if strings.HasPrefix(q.Name, "slow") {
			<-release
		}
		return simple(t)(ctx, q)
	})
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	conn := &miekg.Conn{Conn: nc}
	for i, name := range []string{"slow.example.", "a.example.", "b.example."} {
		m := new(miekg.Msg)
		m.SetQuestion(name, miekg.TypeA)
		m.Id = uint16(i)
		if err := conn.WriteMsg(m); err != nil {
			t.Fatal(err)
		}
	}
	var order []uint16
	for range 3 {
		if len(order) == 2 {
			close(release)
		}
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		r, err := conn.ReadMsg()
		if err != nil {
			t.Fatal(err)
		}
		order = append(order, r.Id)
	}
	if order[2] != 0 {
		t.Errorf("replies came in the order %v; want the slow one last", order)
	}
}

func TestIdleAndTricklingConnectionsAreClosed(t *testing.T) {
	_, addr := startConfig(t, Config{Ask: simple(t), Log: slog.New(slog.DiscardHandler), Idle: 300 * time.Millisecond})
	for name, write := range map[string][]byte{"idle": nil, "half a length": {0}, "half a request": {0, 40, 1, 2}, "too long": {0xFF, 0xFF}, "no request": {0, 2, 1, 2}} {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		nc.Write(write)
		nc.SetReadDeadline(time.Now().Add(5 * time.Second))
		if n, err := nc.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("%s: read %d, %v; want the connection closed", name, n, err)
		}
		nc.Close()
	}
}

// TestConnectionsHeldOpenLockNobodyOut fills the table with silent connections.
func TestConnectionsHeldOpenLockNobodyOut(t *testing.T) {
	_, addr := start(t, simple(t))
	for range maxConnections + 20 {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
	}
	if r := exchange(t, "tcp", addr, nil); len(r.Answer) != 1 {
		t.Errorf("got %v", r)
	}
}

// TestQuestionsUnderWayAreBounded: what exceeds the bound is dropped, and what
// was let in is answered.
func TestQuestionsUnderWayAreBounded(t *testing.T) {
	release, started := make(chan struct{}), make(chan struct{}, 2*maxQueries)
	defer close(release)
	l, addr := start(t, func(ctx context.Context, q dns.Question) (node.Result, error) {
		started <- struct{}{}
		<-release
		return simple(t)(ctx, q)
	})
	nc, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	m := new(miekg.Msg)
	m.SetQuestion("x.example.", miekg.TypeA)
	b, _ := m.Pack()
	for i, limit := 0, time.Now().Add(patience); len(started) < maxQueries; i++ {
		binary.BigEndian.PutUint16(b, uint16(i))
		if _, err := nc.Write(b); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(limit) {
			t.Fatalf("only %d of %d questions were let in", len(started), maxQueries)
		}
	}
	if l.load.begin(netip.MustParseAddr("127.0.0.1")) {
		t.Errorf("one more than %d was let in", maxQueries)
	}
}

func TestAddressesFollowTheConfiguration(t *testing.T) {
	l, addr := start(t, simple(t))
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	busy := taken.LocalAddr().(*net.UDPAddr).AddrPort()
	keep := netip.MustParseAddrPort("127.0.0.1:0")
	if err := l.Set([]netip.AddrPort{keep, busy}); err == nil {
		t.Error("an address in use: no error")
	}
	if r := exchange(t, "udp", addr, nil); len(r.Answer) != 1 {
		t.Error("the address that stays was touched")
	}
	if err := l.Set(nil); err != nil || len(l.Addrs()) != 0 {
		t.Errorf("off: %v, still open %v", err, l.Addrs())
	}
	if nc, err := net.Dial("tcp", addr); err == nil {
		nc.Close()
		t.Error("off: TCP is still accepted")
	}
}

func TestOneFarClientHasOnlyItsShare(t *testing.T) {
	l, _ := start(t, simple(t))
	far, n := netip.MustParseAddr("192.0.2.9"), 0
	for l.load.begin(far) {
		n++
	}
	if n != maxClient || !l.load.begin(netip.MustParseAddr("192.0.2.10")) {
		t.Errorf("%d questions of one client; want %d, and room for others", n, maxClient)
	}
	n = 0
	for l.table.add(&conn{client: far}) {
		n++
	}
	if n != maxClientConns || !l.table.add(&conn{client: netip.MustParseAddr("192.0.2.10")}) {
		t.Errorf("%d connections of one client; want %d, and room for others", n, maxClientConns)
	}
	clear(l.table.open) // they have no sockets to be closed
}

// FuzzTCP feeds a connection's bytes: nothing hangs, nothing panics.
func FuzzTCP(f *testing.F) {
	f.Add([]byte{0, 12, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		l := New(Config{Log: slog.New(slog.DiscardHandler), Idle: time.Second, Ask: func(context.Context, dns.Question) (node.Result, error) {
			return node.Result{}, nil
		}})
		defer l.Close()
		here, there := net.Pipe()
		go io.Copy(io.Discard, there)
		c := &conn{Conn: here}
		l.table.add(c)
		go func() { there.Write(in); there.Close() }()
		l.serveConn(c)
	})
}

func TestQuestionThatNobodyCanBearEndsNothing(t *testing.T) {
	good := simple(t)
	before := survive.Panics()
	_, addr := start(t, func(ctx context.Context, q dns.Question) (node.Result, error) {
		if q.Name == "bad.example." {
			panic("a test")
		}
		return good(ctx, q)
	})
	m := new(miekg.Msg)
	m.SetQuestion("bad.example.", miekg.TypeA)
	packed, _ := m.Pack()
	c, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Write(packed)
	if r := exchange(t, "udp", addr, nil); len(r.Answer) != 1 {
		t.Errorf("got %v after it; want an answer", r)
	}
	for deadline := time.Now().Add(patience); survive.Panics() == before; {
		if time.Now().After(deadline) {
			t.Fatal("nothing panicked")
		}
		<-time.After(time.Millisecond)
	}
}

func TestConnectionIdleLongestGoesFirst(t *testing.T) {
	all := table{open: map[*conn]struct{}{}}
	now := time.Now()
	for i := range 5 {
		all.open[&conn{since: now.Add(time.Duration(i) * time.Second), busy: map[bool]int{i == 0: 1}[true]}] = struct{}{}
	}
	if got := all.idlest(); got == nil || !got.since.Equal(now.Add(time.Second)) {
		t.Errorf("got %+v; want the second, for the first is at work", got)
	}
}
