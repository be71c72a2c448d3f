package nsssock

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mcdns/daemon/clients"
	"mcdns/daemon/glibc"
	"mcdns/daemon/hosts"
	"mcdns/daemon/logs"
	"mcdns/daemon/resolvconf"
	"mcdns/daemon/survive"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/test/need"
)

// patience is far longer than anything here takes on a loaded machine.
const patience = 20 * time.Second

// start starts a server and returns its socket's path. ask decides what it
// answers with.
func start(t *testing.T, connections int, ask func(context.Context, dns.Question) (node.Result, error)) (path string, s *Server, stop func()) {
	t.Helper()
	return serveConfig(t, config(connections, ask))
}

func config(connections int, ask func(context.Context, dns.Question) (node.Result, error)) Config {
	return Config{
		Lookup: by(each(ask)),
		Scope:  func() uint32 { return 0 }, Connections: connections, Log: logs.Discard(),
	}
}

// by is a machine whose lookups ask so.
func by(ask glibc.Ask) func() glibc.Lookup {
	return func() glibc.Lookup { return glibc.Lookup{Ask: ask, Conf: resolvconf.Conf{Ndots: 1}} }
}

// each asks the one question that a program has here: all want addresses of one family.
func each(one func(context.Context, dns.Question) (node.Result, error)) glibc.Ask {
	return func(ctx context.Context, _ node.Options, questions []dns.Question) ([]node.Result, error) {
		r, err := one(ctx, questions[0])
		return []node.Result{r}, err
	}
}

func serveConfig(t *testing.T, c Config) (path string, s *Server, stop func()) {
	t.Helper()
	path, s, _, stop = serveListener(t, c)
	return path, s, stop
}

func listen(t testing.TB) (path string, a *clients.Acceptor) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "nss.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	if a, err = clients.NewAcceptor(l); err != nil {
		t.Fatal(err)
	}
	return path, a
}

func serveListener(t *testing.T, c Config) (path string, s *Server, l *clients.Acceptor, stop func()) {
	t.Helper()
	path, l = listen(t)
	s = New(c)
	return path, s, l, run(s, l)
}

func run(s *Server, l *clients.Acceptor) (stop func()) {
	done := make(chan bool)
	go func() { defer close(done); s.Serve(l) }()
	return func() {
		l.Close()
		<-done
	}
}

func found1(_ context.Context, q dns.Question) (node.Result, error) {
	a, err := dns.ParseAnswer(q, 0, []string{q.Name + " 60 IN A 192.0.2.1"})
	return node.Result{Answer: a, TTL: time.Minute}, err
}

func connect(t *testing.T, path string) net.Conn {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c
}

// frames reads all frames until the server closes.
func frames(t *testing.T, c net.Conn) (out []glibc.Status) {
	t.Helper()
	b, err := io.ReadAll(c)
	if err != nil && len(b) == 0 {
		return nil
	}
	for len(b) > 0 {
		n := int(native.Uint32(b[4:]))
		out, b = append(out, glibc.Status(b[8])), b[n:]
	}
	return out
}

var wwwRequest = appendRequest(asks("www."))

// says reports whether the last frame has a status; signs of life may come before
// it, from a server that had to wait for a processor.
func says(got []glibc.Status, want glibc.Status) bool {
	last := len(got) - 1
	return last >= 0 && got[last] == want && !slices.ContainsFunc(got[:last], func(s glibc.Status) bool { return s != alive })
}

func TestCachedAnswerIsOneFrame(t *testing.T) {
	path, l := listen(t)
	s := New(config(10, found1))
	s.first = time.Hour // longer than anything here can take
	defer run(s, l)()
	c := connect(t, path)
	c.Write(wwwRequest)
	if got := frames(t, c); len(got) != 1 || got[0] != glibc.Found {
		t.Errorf("got %v; want one frame that says found", got)
	}
}

// waits asks, and is told to wait.
func waits(t *testing.T, path string) net.Conn {
	t.Helper()
	c := connect(t, path)
	c.Write(wwwRequest)
	var b [replyLen]byte
	if _, err := io.ReadFull(c, b[:]); err != nil || glibc.Status(b[8]) != alive {
		t.Fatalf("got %v, %v; want a sign of life", b, err)
	}
	return c
}

// Whoever waited while mcdnsd was away must not wait for a timer too.
func TestStartingDaemonSaysAtOnceThatItLives(t *testing.T) {
	started := make(chan struct{})
	starting := config(10, found1)
	starting.Started = started
	path, _, stop := serveConfig(t, starting)
	defer stop()
	c := waits(t, path)
	close(started)
	if got := frames(t, c); !says(got, glibc.Found) {
		t.Errorf("got %v; want found", got)
	}
}

// TestProgramThatCameBeforeTheDaemonIsAnsweredFromTheHostsFile: what it is to be
// answered from is not read yet when its request is.
func TestProgramThatCameBeforeTheDaemonIsAnsweredFromTheHostsFile(t *testing.T) {
	started := make(chan struct{})
	var by atomic.Pointer[glibc.Lookup]
	starting := config(10, nil)
	starting.Started, starting.Lookup = started, func() glibc.Lookup { return *by.Load() }
	path, _, stop := serveConfig(t, starting)
	defer stop()
	c := waits(t, path)
	by.Store(&glibc.Lookup{
		Ask: func(context.Context, node.Options, []dns.Question) ([]node.Result, error) {
			t.Error("somebody was asked")
			return nil, context.Canceled
		}, Conf: resolvconf.Conf{Ndots: 1}, Hosts: hosts.Parse("192.0.2.7 www\n"),
	})
	close(started)
	if got := frames(t, c); !says(got, glibc.Found) {
		t.Errorf("got %v; want found", got)
	}
}

func TestRequestMayComeInPieces(t *testing.T) {
	path, _, stop := start(t, 10, found1)
	defer stop()
	big := strings.Repeat("x", 2000)
	for _, r := range [][]byte{wwwRequest, appendRequest(request{kind: byName, Request: glibc.Request{Families: glibc.Inet, Name: "www.", Localdomain: &big}})} {
		c := connect(t, path)
		for i := range r {
			c.Write(r[i : i+1])
		}
		if got := frames(t, c); !says(got, glibc.Found) {
			t.Errorf("got %v; want found", got)
		}
	}
}

// TestHalfARequestKeepsNobodyWaiting: as many as have a turn at one time are still
// waited for when another is answered. They have a second, which a busy machine may
// take away; a turn that they hold takes it always.
func TestHalfARequestKeepsNobodyWaiting(t *testing.T) {
	path, _, stop := start(t, 100, found1)
	defer stop()
	for limit := time.Now().Add(patience / 4); ; {
		var halves []net.Conn
		for range beginning {
			halves = append(halves, connect(t, path))
			halves[len(halves)-1].Write(wwwRequest[:15])
		}
		whole := connect(t, path)
		whole.Write(wwwRequest)
		if got := frames(t, whole); !says(got, glibc.Found) {
			t.Fatalf("got %v; want found", got)
		}
		waited := 0
		for _, half := range halves {
			half.Write(wwwRequest[15:])
			if says(frames(t, half), glibc.Found) {
				waited++
			}
		}
		if waited == len(halves) {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("%d of %d halves were waited for after the answer to another", waited, len(halves))
		}
	}
}

// Halves were answered outside every turn: 177 of 200 beside each other.
func TestHalfARequestHasATurnForItsAnswer(t *testing.T) {
	var now, most atomic.Int64
	c := config(100, found1)
	lookup := c.Lookup
	c.Lookup = func() glibc.Lookup {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(3 * time.Millisecond) // what an answer takes
		now.Add(-1)
		return lookup()
	}
	path, _, stop := serveConfig(t, c)
	defer stop()
	var halves []net.Conn
	for range 10 * beginning {
		halves = append(halves, connect(t, path))
		halves[len(halves)-1].Write(wwwRequest[:15])
	}
	whole := connect(t, path)
	whole.Write(wwwRequest)
	frames(t, whole) // it came last: the halves are waited for
	for _, half := range halves {
		half.Write(wwwRequest[15:])
	}
	for _, half := range halves {
		if got := frames(t, half); !says(got, glibc.Found) {
			t.Fatalf("got %v; want found", got)
		}
	}
	if most.Load() > beginning {
		t.Errorf("%d answers were begun beside each other; want %d", most.Load(), beginning)
	}
}

func TestSlowLookupShowsSignsOfLife(t *testing.T) {
	release := make(chan bool)
	path, _, stop := start(t, 10, func(ctx context.Context, q dns.Question) (node.Result, error) {
		<-release
		return found1(ctx, q)
	})
	defer stop()
	c := connect(t, path)
	begin := time.Now()
	c.Write(wwwRequest)
	var b [replyLen]byte
	for range 2 {
		if _, err := io.ReadFull(c, b[:]); err != nil || glibc.Status(b[8]) != alive {
			t.Fatalf("got %v, %v; want a sign of life", b, err)
		}
	}
	if took := time.Since(begin); took < firstAlive+nextAlive {
		t.Errorf("two signs within %v; want them %v and %v apart", took, firstAlive, nextAlive)
	}
	close(release)
	if got := frames(t, c); !says(got, glibc.Found) {
		t.Errorf("got %v; want found at the end", got)
	}
}

func TestLookupOfAProgramThatLeftIsForgotten(t *testing.T) {
	asked, left := make(chan bool), make(chan bool)
	path, _, stop := start(t, 10, func(ctx context.Context, _ dns.Question) (node.Result, error) {
		close(asked)
		<-ctx.Done()
		close(left)
		return node.Result{}, ctx.Err()
	})
	defer stop()
	c := connect(t, path)
	c.Write(wwwRequest)
	<-asked
	c.Close()
	select {
	case <-left:
	case <-time.After(patience):
		t.Fatal("the lookup goes on")
	}
}

func TestBadClientsAreCutAndHarmNobody(t *testing.T) {
	path, _, stop := start(t, 100, found1)
	t.Cleanup(stop)
	for name, bytes := range map[string]string{
		"silent": "", "half a request": string(wwwRequest[:15]), "garbage": strings.Repeat("\xff", 100),
		"HTTP": "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "two requests": string(wwwRequest) + string(wwwRequest),
		"a request of 4 GiB": "mcn1\xff\xff\xff\xff............",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t, path)
			io.WriteString(c, bytes)
			if got := frames(t, c); len(got) != 0 {
				t.Errorf("got %v; want nothing", got)
			}
			good := connect(t, path)
			good.Write(wwwRequest)
			if got := frames(t, good); !says(got, glibc.Found) {
				t.Errorf("a good client beside it got %v", got)
			}
		})
	}
}

// Here the flooder and the victim are one user, so nobody is cut for the other:
// the promise is that silent ones end within requestWithin.
func TestFloodOfSilentClientsPasses(t *testing.T) {
	path, _, stop := start(t, 20, found1)
	defer stop()
	for range 60 {
		connect(t, path)
	}
	limit := time.Now().Add(patience)
	for {
		c := connect(t, path)
		c.Write(wwwRequest)
		if got := frames(t, c); says(got, glibc.Found) {
			return
		}
		if time.Now().After(limit) {
			t.Fatal("never served again")
		}
	}
}

func TestShutdownAnswersWhatIsUnderWay(t *testing.T) {
	release, asked := make(chan bool), make(chan bool, 2)
	path, s, stop := start(t, 10, func(ctx context.Context, q dns.Question) (node.Result, error) {
		asked <- true
		if q.Name == "slow." {
			<-ctx.Done()
			return node.Result{}, ctx.Err()
		}
		<-release
		return found1(ctx, q)
	})
	slow, quick := connect(t, path), connect(t, path)
	slow.Write(appendRequest(asks("slow.")))
	quick.Write(wwwRequest)
	<-asked
	<-asked
	stop()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan bool)
	go func() { s.Shutdown(ctx); close(done) }()
	close(release)
	if got := frames(t, quick); !says(got, glibc.Found) {
		t.Errorf("got %v; want found", got)
	}
	cancel()
	if got := frames(t, slow); len(got) > 0 && got[len(got)-1] != alive {
		t.Errorf("the one that would have taken too long got %v; want no answer, so that it asks the next mcdnsd", got)
	}
	<-done
}

// A lateListener holds a connection back, until after it is closed if need be.
type lateListener struct {
	*clients.Acceptor
	taken, give chan bool
}

func (l lateListener) Accept() (*clients.Client, error) {
	c, err := l.Acceptor.Accept()
	if err == nil {
		close(l.taken)
		<-l.give
	}
	return c, err
}

// A watched context tells when somebody begins to wait for its end.
type watched struct {
	context.Context
	wait func()
}

func (w watched) Done() <-chan struct{} {
	w.wait()
	return w.Context.Done()
}

// TestShutdownAnswersWhomTheLastAcceptTookIn: it is in no queue any more, where
// the next mcdnsd would find it.
func TestShutdownAnswersWhomTheLastAcceptTookIn(t *testing.T) {
	path, l := listen(t)
	late := lateListener{Acceptor: l, taken: make(chan bool), give: make(chan bool)}
	s := New(config(10, found1))
	go s.Serve(late)
	c := connect(t, path)
	c.Write(wwwRequest)
	<-late.taken
	l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s.Shutdown(watched{ctx, sync.OnceFunc(func() { close(late.give) })})
	if got := frames(t, c); !says(got, glibc.Found) {
		t.Errorf("got %v; want found", got)
	}
	if ctx.Err() != nil {
		t.Error("it did not end by itself")
	}
}

// An absentListener's Accept is not scheduled after the first clients: on a machine whose
// processors are all taken the runtime hears of those who come after up to 10 ms.
type absentListener struct {
	*clients.Acceptor
	first  int // clients, of user 1
	absent chan bool
	closed chan bool
}

func (l *absentListener) Accept() (*clients.Client, error) {
	if l.first == 0 {
		close(l.absent)
		<-l.closed
		return nil, net.ErrClosed
	}
	l.first--
	c, err := l.Acceptor.Accept()
	if err == nil {
		c.UID = 1
	}
	return c, err
}

// Take's are another user's.
func (l *absentListener) Take() *clients.Client {
	c := l.Acceptor.Take()
	if c != nil {
		c.UID = 2
	}
	return c
}

// TestOneUserStarvesNobody: whoever comes while a crowd's requests are worked on is
// accepted at the end of a turn, and has the next.
func TestOneUserStarvesNobody(t *testing.T) {
	path, a := listen(t)
	const crowd = 50
	for range crowd {
		connect(t, path).Write(wwwRequest)
	}
	l := &absentListener{Acceptor: a, first: crowd, absent: make(chan bool), closed: make(chan bool)}
	c := config(2*crowd, found1)
	working, goOn := make(chan resolvconf.Stamp, crowd+1), make(chan bool)
	c.Sees = func(whose resolvconf.Stamp) bool { // in a turn
		working <- whose
		<-goOn
		return true
	}
	s := New(c)
	go s.Serve(l)
	defer a.Close()
	defer close(l.closed)
	for range beginning {
		<-working
	}
	<-l.absent
	others := sees(resolvconf.Known(7), asks("www."))
	connect(t, path).Write(appendRequest(others))
	defer close(goOn)
	for range 3 {
		goOn <- true
		if <-working == others.stamp {
			return
		}
	}
	t.Error("the other user has no turn within 3 of the crowd")
}

func BenchmarkCachedLookup(b *testing.B) {
	path, l := listen(b)
	defer l.Close()
	a, err := dns.ParseAnswer(dns.Question{Name: "www.", Type: 1}, 0, []string{"www. 60 IN A 192.0.2.1"})
	if err != nil {
		b.Fatal(err)
	}
	s := New(Config{
		Lookup: by(func(context.Context, node.Options, []dns.Question) ([]node.Result, error) {
			return []node.Result{{Answer: a}}, nil
		}), Scope: func() uint32 { return 0 },
		Connections: 10, Log: logs.Discard(),
	})
	go s.Serve(l)
	var buf [512]byte
	for b.Loop() {
		c, err := net.Dial("unix", path)
		if err != nil {
			b.Fatal(err)
		}
		c.Write(wwwRequest)
		io.ReadFull(c, buf[:replyLen])
		c.Close()
	}
}

// A failing listener accepts nobody while it fails.
type failing struct {
	*clients.Acceptor
	fails  atomic.Bool
	failed chan bool
}

func (f *failing) Accept() (*clients.Client, error) {
	if f.fails.Load() {
		f.failed <- true
		return nil, syscall.EMFILE
	}
	return f.Acceptor.Accept()
}

// TestAcceptThatFailsEndsNothing: with a daemon that lives and accepts nobody every
// lookup would wait, for ever.
func TestAcceptThatFailsEndsNothing(t *testing.T) {
	path, a := listen(t)
	defer a.Close()
	l := &failing{Acceptor: a, failed: make(chan bool)}
	l.fails.Store(true)
	go New(config(10, found1)).Serve(l)
	<-l.failed
	<-l.failed // it tries again
	l.fails.Store(false)
	c := connect(t, path)
	c.Write(wwwRequest)
	if got := frames(t, c); !says(got, glibc.Found) {
		t.Errorf("got %v; want found", got)
	}
}

func TestAnswerThatNobodyCanReadIsNone(t *testing.T) {
	before := survive.Panics()
	path, _, stop := start(t, 10, func(context.Context, dns.Question) (node.Result, error) { panic("a test") })
	defer stop()
	c := connect(t, path)
	c.Write(wwwRequest)
	if got := frames(t, c); !says(got, glibc.TryAgain) || survive.Panics()-before != 1 {
		t.Errorf("got %v, %d panics; want try again, 1", got, survive.Panics()-before)
	}
}

// TestProgramWithAnotherResolvConfIsSentOn, by name and by address; one that sends no
// stamp, as older modules do, is answered.
func TestProgramWithAnotherResolvConfIsSentOn(t *testing.T) {
	c := config(10, found1)
	c.Sees = func(s resolvconf.Stamp) bool { return s == resolvconf.Unknown || s == resolvconf.Known(7) }
	path, _, stop := serveConfig(t, c)
	defer stop()
	for _, test := range []struct {
		request request
		want    glibc.Status
	}{
		{asks("www"), glibc.Found},
		{sees(resolvconf.Known(7), asks("www")), glibc.Found},
		{sees(resolvconf.Known(8), asks("www")), notHere},
		{sees(resolvconf.Known(8), asksAbout("\xc0\x00\x02\x07")), notHere},
	} {
		conn := connect(t, path)
		conn.Write(appendRequest(test.request))
		if got := frames(t, conn); len(got) == 0 || got[len(got)-1] != test.want {
			t.Errorf("%+v: got %v; want %d", test.request, got, test.want)
		}
	}
}

// TestProgramOfAnotherNetworkIsSentOn, unless the administrator wants it answered.
func TestProgramOfAnotherNetworkIsSentOn(t *testing.T) {
	if !clients.NetworksKnown() {
		t.Skip("this kernel does not say (before Linux 5.14)")
	}
	for beyond, want := range map[bool]glibc.Status{false: notHere, true: glibc.Found} {
		c := config(10, found1)
		c.Beyond = func() bool { return beyond }
		path, _, stop := serveConfig(t, c)
		var conn net.Conn
		need.Network(t, func() (err error) {
			conn, err = net.Dial("unix", path)
			return err
		})
		conn.Write(wwwRequest)
		if got := frames(t, conn); !says(got, want) {
			t.Errorf("beyond %v: got %v; want %d", beyond, got, want)
		}
		conn.Close()
		stop()
	}
}
