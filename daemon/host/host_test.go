package host

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mcdns/daemon/cli"
	"mcdns/daemon/control"
	"mcdns/daemon/logs"
	"mcdns/daemon/upstream"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// patience is far longer than anything here takes on a loaded machine.
const patience = 20 * time.Second

// A fakeServer is a DNS server on loopback that knows every name below example, those below
// brief.example for a second, and says nothing about those below silent.example.
type fakeServer struct {
	conn  *net.UDPConn
	n     atomic.Int64
	mu    sync.Mutex
	asked map[string]int // by question
	moved bool           // the names have another address
}

func (d *fakeServer) times(question string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked[question]
}

func startDNS(t *testing.T) *fakeServer {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	d := &fakeServer{conn: c, asked: map[string]int{}}
	t.Cleanup(func() { c.Close() })
	go d.serve()
	return d
}

func (d *fakeServer) serve() {
	buf := make([]byte, 1500)
	for {
		n, from, err := d.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		d.n.Add(1)
		d.mu.Lock()
		q, reply := answer(buf[:n], d.moved)
		d.asked[strings.ToLower(q.String())]++
		d.mu.Unlock()
		if strings.HasSuffix(q.Name, ".silent.example.") {
			continue
		}
		d.conn.WriteToUDPAddrPort(reply, from)
	}
}

func answer(query []byte, moved bool) (dns.Question, []byte) {
	var labels []string
	at := 12
	for query[at] != 0 {
		labels = append(labels, string(query[at+1:at+1+int(query[at])]))
		at += 1 + int(query[at])
	}
	q, err := dns.NewQuestion(strings.Join(labels, ".")+".", binary.BigEndian.Uint16(query[at+1:]))
	if err != nil {
		panic(err)
	}
	rcode, records := 3, []string{". 60 IN SOA a. b. 1 1 1 1 60"}
	if strings.HasSuffix(q.Name, ".example.") {
		rcode = 0
		if q.Type == 1 {
			ttl := 60
			if strings.HasSuffix(q.Name, ".brief.example.") {
				ttl = 1
			}
			addr := "192.0.2.1"
			if moved {
				addr = "192.0.2.2"
			}
			records = []string{fmt.Sprintf("%s %d IN A %s", q.Name, ttl, addr)}
		}
	}
	a, err := dns.ParseAnswer(q, rcode, records)
	if err != nil {
		panic(err)
	}
	r := slices.Clone(a.Packed)
	copy(r, query[:2])
	copy(r[12:], query[12:at]) // servers keep the letters of a question
	return q, r
}

// instance is an mcdnsd in directories of its own.
type instance struct {
	dir  string
	host *Host
	log  *lines
	stop func()
	kick chan os.Signal
}

// lines collects a log.
type lines struct {
	mu    sync.Mutex
	text  []string
	worst slog.Level
}

func (l *lines) Enabled(context.Context, slog.Level) bool { return true }
func (l *lines) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *lines) WithGroup(string) slog.Handler            { return l }
func (l *lines) Handle(_ context.Context, r slog.Record) error {
	s := r.Message
	r.Attrs(func(a slog.Attr) bool { s += " " + a.String(); return true })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, s)
	l.worst = max(l.worst, r.Level)
	return nil
}

func (l *lines) has(s string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.text, func(line string) bool { return strings.Contains(line, s) })
}

func (d *instance) path(name string) string { return filepath.Join(d.dir, name) }

func (d *instance) configure(t *testing.T, server *fakeServer, more string) {
	t.Helper()
	text := fmt.Sprintf("[servers]\nservers = %v\n[group]\nkey_file = %s\nport = 1\n%s\n[cache]\nfetch_ahead = no\n", server.conn.LocalAddr(), d.path("group.key"), more)
	if err := os.WriteFile(d.path("conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs the daemon until stop is called.
func (d *instance) run(t *testing.T) {
	t.Helper()
	d.build()
	d.start(t)
}

func (d *instance) build() {
	d.log, d.kick = &lines{}, make(chan os.Signal, 1)
	d.host = newHost(Options{
		ConfigPath: d.path("conf"), RunDir: d.path("run"), StateDir: d.path("state"), Version: "1.2.3",
		Level: new(slog.LevelVar), Log: slog.New(d.log),
	})
}

func (d *instance) start(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.host.run(ctx, d.kick) }()
	stopped := false
	d.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	t.Cleanup(d.stop)
	wait(t, "ready", func() bool { return d.log.has("ready") })
}

func wait(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(patience); !is(); <-tick.C {
		if time.Now().After(limit) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// lookup asks for the IPv4 address of a name as the module does and returns the
// status of the last frame, 255 if there was none.
func (d *instance) lookup(t *testing.T, name string) byte {
	t.Helper()
	c, err := net.Dial("unix", d.path("run/nss.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	b := binary.NativeEndian.AppendUint32(nil, 0x316e636d)
	b = binary.NativeEndian.AppendUint32(b, uint32(20+len(name)))
	b = append(b, 1, 1, 0, 0)
	b = binary.NativeEndian.AppendUint16(b, uint16(len(name)))
	b = append(b, 0, 0, 0, 0, 0, 0)
	c.Write(append(b, name...))
	reply, _ := io.ReadAll(c)
	last := byte(255)
	for len(reply) >= 20 {
		last = reply[8]
		reply = reply[binary.NativeEndian.Uint32(reply[4:]):]
	}
	return last
}

const alive, found, noName = 0, 1, 2

func (d *instance) mcdns(t *testing.T, args ...string) (string, int) {
	t.Helper()
	var out strings.Builder
	code := cli.Run(t.Context(), "1.2.3", append(args, "--socket", d.path("run/control.sock")), &out, &out)
	return out.String(), code
}

func newDaemon(t *testing.T, server *fakeServer) *instance {
	t.Helper()
	d := &instance{dir: t.TempDir()}
	d.configure(t, server, "")
	d.run(t)
	return d
}

func TestProgramIsAnsweredFromADNSServer(t *testing.T) {
	server := startDNS(t)
	d := newDaemon(t, server)
	for range 3 {
		if got := d.lookup(t, "www.example."); got != found {
			t.Fatalf("got status %d; want found", got)
		}
	}
	if got := d.lookup(t, "www.elsewhere."); got != noName {
		t.Errorf("got status %d; want no name", got)
	}
	out, code := d.mcdns(t, "stats")
	for _, want := range []string{"{source=server,result=found}=1", "{source=cache,result=found}=2", "{source=server,result=no_name}=1"} {
		if code != 0 || !strings.Contains(out, "\nlookups_total"+want+"\n") {
			t.Errorf("stats (%d) do not say %q:\n%s", code, want, out)
		}
	}
	out, code = d.mcdns(t, "status")
	for _, want := range []string{"mcdns 1.2.3 on ", "upstream up", "solo: no " + d.path("group.key"), " answers, "} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("status (%d) does not say %q:\n%s", code, want, out)
		}
	}
	if out, code := d.mcdns(t, "query", "www.example."); code != 0 || !strings.Contains(out, "www.example.: 192.0.2.1\n") || !strings.Contains(out, "from this host's cache") {
		t.Errorf("query (%d):\n%s", code, out)
	}
	if out, code := d.mcdns(t, "query", "www.elsewhere."); code != 1 || !strings.Contains(out, "no such name") {
		t.Errorf("query (%d):\n%s", code, out)
	}
	if out, code := d.mcdns(t, "peers"); code != 0 || !strings.Contains(out, "solo: no peers") {
		t.Errorf("peers (%d):\n%s", code, out)
	}
}

// The site's power fails, and the DNS server does not come back.
func TestSavedAnswersServeAfterARestartWithoutTheServer(t *testing.T) {
	server := startDNS(t)
	d := newDaemon(t, server)
	if got := d.lookup(t, "www.brief.example."); got != found {
		t.Fatalf("got status %d; want found", got)
	}
	d.stop()
	server.conn.Close()
	d.run(t)
	begin := time.Now()
	if got := d.lookup(t, "www.brief.example."); got != found {
		t.Errorf("got status %d; want found", got)
	}
	t.Logf("answered after %v", time.Since(begin))
	if !d.log.has("saved answers restored") {
		t.Errorf("the log does not say so: %v", d.log.text)
	}
	wait(t, "the server is down", func() bool {
		d.lookup(t, "www.brief.example.")
		out, code := d.mcdns(t, "status")
		return code == 4 && strings.Contains(out, "upstream down")
	})
}

// TestProgramsAreServedUntilAllIsSaved: whoever comes while nobody accepts is
// queued, and asks elsewhere after 240 ms.
func TestProgramsAreServedUntilAllIsSaved(t *testing.T) {
	expect := hearSystemd(t)
	d := newDaemon(t, startDNS(t))
	d.host.saver.Disk.Lock() // as a disk that takes its time
	stopped := make(chan bool)
	go func() { d.stop(); close(stopped) }()
	expect("STOPPING=1")
	if got := d.lookup(t, "www.example."); got != found {
		t.Errorf("got status %d; want found", got)
	}
	d.host.saver.Disk.Unlock()
	<-stopped
	for _, name := range []string{"run/nss.sock", "run/control.sock"} {
		if _, err := os.Stat(d.path(name)); !os.IsNotExist(err) {
			t.Errorf("%s is left behind: %v", name, err)
		}
	}
	if st, err := os.Stat(d.path("state/answers")); err != nil || st.Size() < 100 {
		t.Errorf("nothing was saved: %v", err)
	}
}

// TestLookupThatNobodyAnswersHoldsUpNoNextDaemon: it is hung up on, for the next
// one to answer.
func TestLookupThatNobodyAnswersHoldsUpNoNextDaemon(t *testing.T) {
	server := startDNS(t)
	d := newDaemon(t, server)
	status := make(chan byte)
	go func() { status <- d.lookup(t, "www.silent.example.") }()
	wait(t, "the question", func() bool { return server.times("www.silent.example. a") > 0 })
	begun := time.Now()
	d.stop()
	if took := time.Since(begun); took >= time.Second {
		t.Errorf("stopping took %v", took)
	}
	if got := <-status; got != alive && got != 255 {
		t.Errorf("got status %d; want no answer", got)
	}
}

// TestDeadNamesAreNoOutageOfTheOthers: their retries fill all that may be asked at
// once, and neither a new name nor the node's probe waits behind them.
func TestDeadNamesAreNoOutageOfTheOthers(t *testing.T) {
	server := startDNS(t)
	d := newDaemon(t, server)
	d.lookup(t, "first.example.")
	ctx, cancel := context.WithCancel(t.Context())
	var programs sync.WaitGroup
	for i := range 40 {
		name := fmt.Sprintf("www%d.silent.example.", i)
		programs.Go(func() {
			d.host.resolveAll(ctx, node.Options{}, []dns.Question{{Name: name, Type: 1}, {Name: name, Type: 28}})
		})
	}
	wait(t, "more tries than are asked at once", func() bool { return server.n.Load() > 2*upstream.DefaultSockets })
	begun := time.Now()
	if got := d.lookup(t, "alive.example."); got != found {
		t.Errorf("got status %d; want found", got)
	}
	if took := time.Since(begun); took > 500*time.Millisecond {
		t.Errorf("a name beside dead ones took %v", took)
	}
	if out, _ := d.mcdns(t, "status"); !strings.Contains(out, "upstream up") {
		t.Errorf("a server that answers is taken for dead:\n%s", out)
	}
	cancel()
	programs.Wait()
}

func TestConfigurationAndKeyAreFollowed(t *testing.T) {
	server := startDNS(t)
	d := newDaemon(t, server)
	other := startDNS(t)
	d.configure(t, other, "[cash]\nsize = 1\n")
	wait(t, "the warning", func() bool {
		out, _ := d.mcdns(t, "status")
		return strings.Contains(out, "conf:6: ") && strings.Contains(out, other.conn.LocalAddr().String())
	})
	if got := d.lookup(t, "new.example."); got != found || other.n.Load() == 0 {
		t.Errorf("got status %d after %d questions to the new server", got, other.n.Load())
	}
	// A key that others can read is refused, and said.
	if err := os.WriteFile(d.path("group.key"), []byte("0123456789abcdefghijklmnopqrstuv"), 0o644); err != nil {
		t.Fatal(err)
	}
	wait(t, "the refusal", func() bool {
		out, _ := d.mcdns(t, "status")
		return strings.Contains(out, "solo: nothing is shared") && strings.Contains(out, "mode 0644")
	})
}

func TestSecondDaemonIsRefused(t *testing.T) {
	server := startDNS(t)
	d := newDaemon(t, server)
	err := Run(t.Context(), Options{
		ConfigPath: d.path("conf"), RunDir: d.path("run"), StateDir: d.path("state2"), Level: new(slog.LevelVar), Log: logs.Discard(),
	}, nil)
	if err == nil || !strings.Contains(err.Error(), "another mcdnsd is running") {
		t.Errorf("got %v", err)
	}
	if got := d.lookup(t, "www.example."); got != found {
		t.Errorf("the first one's socket is gone: status %d", got)
	}
}

func TestSocketOfAKilledDaemonIsReplaced(t *testing.T) {
	server := startDNS(t)
	d := &instance{dir: t.TempDir()}
	if err := os.Mkdir(d.path("run"), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: d.path("run/nss.sock"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	d.configure(t, server, "")
	d.run(t)
	if got := d.lookup(t, "www.example."); got != found {
		t.Errorf("got status %d", got)
	}
	if st, err := os.Stat(d.path("run/nss.sock")); err != nil || st.Mode().Perm() != 0o666 {
		t.Errorf("got %v, %v; want mode 0666", st.Mode(), err)
	}
}

func TestNoQuestionOvertakesWhatWasSaved(t *testing.T) {
	h := &Host{restored: make(chan struct{})} // no loop: asking it would panic
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := h.resolve(ctx, dns.Question{Name: "www.example.", Type: 1})
		done <- err
	}()
	cancel()
	if err := <-done; err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

func TestEveryUserGetsToTheSocketWhateverTheUmask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	d := newDaemon(t, startDNS(t))
	for name, want := range map[string]os.FileMode{"run": 0o755, "run/nss.sock": 0o666, "run/control.sock": 0o666, "state": 0o700} {
		if st, err := os.Stat(d.path(name)); err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: got %v, %v; want %v", name, st.Mode().Perm(), err, want)
		}
	}
}

// TestDiskThatHangsAtTheStartHoldsNoLookupUp: what is on it comes late.
func TestDiskThatHangsAtTheStartHoldsNoLookupUp(t *testing.T) {
	server := startDNS(t)
	d := newDaemon(t, server)
	d.lookup(t, "saved.example.")
	d.stop()
	d.build()
	d.host.saver.Disk.Lock() // as a disk that does not answer
	d.start(t)
	if got := d.lookup(t, "www.example."); got != found {
		t.Errorf("got status %d; want found", got)
	}
	if !d.log.has("going on without saved answers") || d.log.has("saved answers restored") {
		t.Errorf("the log does not say so: %v", d.log.text)
	}
	server.conn.Close()
	d.host.saver.Disk.Unlock()
	wait(t, "the saved answers", func() bool { return d.log.has("saved answers restored") })
	if got := d.lookup(t, "saved.example."); got != found {
		t.Errorf("got status %d; want what was saved", got)
	}
}

func TestStopLeavesNothingOpenOrRunning(t *testing.T) {
	server := startDNS(t)
	count := func() (goroutines, files int) {
		open, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return runtime.NumGoroutine(), len(open)
	}
	d := newDaemon(t, server) // once before: what is made once stays
	d.lookup(t, "first.example.")
	d.stop()
	goroutines, files := count()
	for range 3 {
		d.run(t)
		d.lookup(t, "www.example.")
		d.mcdns(t, "status")
		d.stop()
	}
	wait(t, "all has ended", func() bool {
		g, f := count()
		return g <= goroutines && f <= files
	})
}

// hearSystemd hears what the daemon tells it; expect waits for that.
func hearSystemd(t *testing.T) (expect func(want string)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	told := make(chan string, 1000)
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := l.Read(buf)
			if err != nil {
				return
			}
			told <- string(buf[:n])
		}
	}()
	return func(want string) {
		t.Helper()
		limit := time.After(patience)
		for {
			select {
			case got := <-told:
				if strings.Contains(got, want) {
					return
				}
			case <-limit:
				t.Fatalf("systemd was not told %q", want)
			}
		}
	}
}

func TestSystemdIsToldOfEveryState(t *testing.T) {
	expect := hearSystemd(t)
	t.Setenv("WATCHDOG_USEC", "300000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	server := startDNS(t)
	d := newDaemon(t, server)
	expect("READY=1\nSTATUS=upstream ")
	expect("WATCHDOG=1")
	expect("WATCHDOG=1")
	d.lookup(t, "www.example.")
	expect("STATUS=upstream up, group solo, 1 answers") // no state has changed
	server.conn.Close()
	d.lookup(t, "other.example.")
	expect("STATUS=upstream down, group solo, 1 answers")
	d.stop()
	expect("STOPPING=1")
}

// TestDiskThatHangsFreezesNothing: with a refresh that does not end the watchdog is fed,
// and status, check and queries are answered. A SIGHUP had mcdnsd killed after 30 s.
func TestDiskThatHangsFreezesNothing(t *testing.T) {
	expect := hearSystemd(t)
	t.Setenv("WATCHDOG_USEC", "300000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	d := newDaemon(t, startDNS(t))
	expect("STATUS=upstream ")
	d.lookup(t, "www.example.")
	d.host.refreshing.Lock() // as a read that does not return holds it
	defer d.host.refreshing.Unlock()
	d.kick <- syscall.SIGHUP
	wait(t, "it is read again", func() bool { return d.log.has("configuration is read again") })
	for range 20 { // of which some were told before
		expect("WATCHDOG=1")
	}
	changed := *d.host.known.conf.Load()
	changed.Young = true // resolv.conf is another, so who asks for a person looks
	d.host.known.conf.Store(&changed)
	for _, args := range [][]string{{"status"}, {"check"}, {"query", "www.example"}} {
		if out, code := d.mcdns(t, append(args, "--timeout", "4s")...); code == 124 || code == 2 {
			t.Errorf("mcdns %s: exit code %d: %s", args[0], code, out)
		}
	}
}

// TestDiskThatHangsIsNotWaitedForAtTheEnd: what is held is saved and BYE is said, though
// a look at the machine, which a change has caused, does not end.
func TestDiskThatHangsIsNotWaitedForAtTheEnd(t *testing.T) {
	server := startDNS(t)
	d := newDaemon(t, server)
	d.lookup(t, "www.example.")
	d.host.refreshing.Lock() // as a read that does not return holds it
	d.configure(t, server, "# changed")
	stacks := make([]byte, 1<<20)
	wait(t, "the watch looks", func() bool {
		return strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), "(*Host).refresh(")
	})
	ended := make(chan bool)
	go func() { defer close(ended); d.stop() }()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("mcdnsd does not end")
	}
	d.host.refreshing.Unlock()
	<-ended
}

// TestWhatIsHeldIsListedAndADrillTellsWhatWouldBeLost, while the server is up and after.
func TestWhatIsHeldIsListedAndADrillTellsWhatWouldBeLost(t *testing.T) {
	server := startDNS(t)
	d := newDaemon(t, server)
	says := func(args string, want int, words ...string) {
		t.Helper()
		out, code := d.mcdns(t, strings.Fields(args)...)
		for _, word := range words {
			if code != want || !strings.Contains(out, word) {
				t.Errorf("mcdns %s: exit code %d; want %d and %q in\n%s", args, code, want, word, out)
			}
		}
	}
	says("drill", 0, "held: 0 of 0 names asked for in the ")
	for _, name := range []string{"www.example.", "www.elsewhere.", "localhost."} { // found; no such name; not put to anybody
		d.lookup(t, name)
	}
	says("drill", 0, "held: 2 of 2 names asked for in the ")
	says("cache list", 0, "NAME            TYPE  LEFT", "www.elsewhere.  A ", "(no such name)", "2 answers held\n")
	says("cache list --limit 1", 0, "www.elsewhere.", "2 answers held, the first 1 are listed")
	says("cache show WWW.example", 0, "www.example. ", " IN A ", "-- A: positive, from this host's cache", "asked for once")
	says("cache show nowhere.example", 1, "nowhere.example: nothing is held")
	says("cache show a..b", 64, "this is no valid name")
	says("cache dump", 0, "; www.elsewhere. A: no such name", " IN A ")
	says("cache list --json", 0, `{"schema":"mcdns.cache/1","held":2,"more":false,"answers":[{"name":"www.elsewhere."`)
	says("cache dump --json", 0, `{"schema":"mcdns.held/1","name":"www.elsewhere."`, "\n"+`{"schema":"mcdns.held/1","name":"www.example."`)
	server.conn.Close()
	d.lookup(t, "other.example.")
	says("drill", 1, "held: 2 of 3 names", "lost: 1, unless a peer holds them:\n      other.example.\n")
	says("drill --json", 1, `"names":3,"held":2,"stale":0,"lost":1,"beyond":0,"lost_names":["other.example."]`)
}

// TestFallbackWithANameIsNeverAskedInTheClear: one without is, in an outage.
func TestFallbackWithANameIsNeverAskedInTheClear(t *testing.T) {
	server, fallback := startDNS(t), startDNS(t)
	d := &instance{dir: t.TempDir()}
	addr := fallback.conn.LocalAddr().String()
	d.configure(t, server, "[servers]\nfallback = "+addr+"#dns.example")
	d.run(t)
	d.lookup(t, "www.example.")
	server.conn.Close()
	wait(t, "a fallback server that cannot prove its name", func() bool {
		if got := d.lookup(t, "other.example."); got == found {
			t.Fatal("it is believed")
		}
		return d.log.has("no TLS connection to a DNS server, and it is not to be asked otherwise")
	})
	if n := fallback.n.Load(); n != 0 {
		t.Errorf("%d questions left in the clear", n)
	}
	d.configure(t, server, "[servers]\nfallback = "+addr)
	wait(t, "the fallback server is asked", func() bool { return d.lookup(t, "third.example.") == found })
}

// TestQueryFreshAsksTheServerAndSaysWhatThatChanges, and says that nothing did in an outage.
func TestQueryFreshAsksTheServerAndSaysWhatThatChanges(t *testing.T) {
	server := startDNS(t)
	d := newDaemon(t, server)
	says := func(want int, words ...string) {
		t.Helper()
		out, code := d.mcdns(t, "query", "--fresh", "www.example.")
		for _, word := range words {
			if code != want || !strings.Contains(out, word) {
				t.Errorf("exit code %d; want %d and %q in\n%s", code, want, word, out)
			}
		}
	}
	says(0, "www.example.: 192.0.2.1\n", "-- A: positive, fetched for this question", "-- A: nothing was held\n", "-- AAAA: nothing was held\n")
	server.mu.Lock()
	server.moved = true
	server.mu.Unlock()
	if out, _ := d.mcdns(t, "query", "www.example."); !strings.Contains(out, "192.0.2.1\n") {
		t.Errorf("what is held does not count for others:\n%s", out)
	}
	says(0, "www.example.: 192.0.2.2\n", "-- A: changed: what was held for ", " was 192.0.2.1\n", "-- AAAA: unchanged: ", " was no such record\n")
	says(0, "www.example.: 192.0.2.2\n", "-- A: unchanged: what was held for ", " was 192.0.2.2\n")
	if out, _ := d.mcdns(t, "query", "www.example."); !strings.Contains(out, "192.0.2.2\n") || !strings.Contains(out, "from this host's cache") {
		t.Errorf("the new answer is not held:\n%s", out)
	}
	if out, code := d.mcdns(t, "query", "--fresh", "a..b"); code != 1 || !strings.Contains(out, "no valid name") {
		t.Errorf("a bad name: %d\n%s", code, out)
	}
	if out, code := d.mcdns(t, "query", "--fresh", "localhost"); code != 0 || !strings.Contains(out, "-- A: stays here\n") {
		t.Errorf("a name that stays here: %d\n%s", code, out)
	}
	server.conn.Close()
	for range 2 { // the first finds it dead
		says(2, "mcdns: error: no DNS server answered, so nothing is changed: upstream is ", "mcdns: hint: what is held: mcdns query www.example.;")
	}
	if out, code := d.mcdns(t, "query", "www.example."); code != 0 || !strings.Contains(out, "192.0.2.2\n") {
		t.Errorf("what is held is gone: %d\n%s", code, out)
	}
}

// TestEndOfAnOutageSaysWhatItCost, in the log and in status until the next one.
func TestEndOfAnOutageSaysWhatItCost(t *testing.T) {
	server := startDNS(t)
	d := newDaemon(t, server)
	d.lookup(t, "www.brief.example.")
	status := func() string { out, _ := d.mcdns(t, "status"); return out }
	if out := status(); strings.Contains(out, "utage: ") {
		t.Errorf("an outage before there was one:\n%s", out)
	}
	addr := server.conn.LocalAddr().(*net.UDPAddr)
	server.conn.Close()
	wait(t, "the server is down", func() bool {
		d.lookup(t, "other.example.")
		return strings.Contains(status(), "upstream down")
	})
	before := outageOf(t, d)
	for range 3 {
		d.lookup(t, "www.brief.example.")
	}
	d.lookup(t, "third.example.")
	if out := status(); !strings.Contains(out, "      Outage: ") {
		t.Errorf("status does not say what the outage costs:\n%s", out)
	}
	if o := outageOf(t, d); o.OverS != nil || o.Own != before.Own+3 || o.Failed != before.Failed+1 || o.Peers != 0 || o.LastedS <= 0 {
		t.Errorf("while it lasts: got %+v; before %+v", o, before)
	}
	back, err := net.ListenUDP("udp4", addr)
	if err != nil {
		t.Skip("the port is taken by now: ", err)
	}
	t.Cleanup(func() { back.Close() })
	go (&fakeServer{conn: back, asked: map[string]int{}}).serve()
	wait(t, "the outage is over", func() bool { return d.log.has("the outage is over") })
	o := outageOf(t, d)
	line := fmt.Sprintf("own_memory=%d from_peers=0 from_fallback=0 failed=%d", o.Own, o.Failed)
	if o.OverS == nil || o.Own < 3 || !d.log.has(line) {
		t.Errorf("got %+v, and %q is not in the log: %q", o, line, d.log.text)
	}
	if out := status(); !strings.Contains(out, " Last outage: ") {
		t.Errorf("status does not say what the outage cost:\n%s", out)
	}
}

func outageOf(t *testing.T, d *instance) *control.Outage {
	t.Helper()
	var s control.Status
	out, _ := d.mcdns(t, "status", "--json")
	if err := json.Unmarshal([]byte(out), &s); err != nil || s.Outage == nil {
		t.Fatalf("no outage in %s: %v", out, err)
	}
	return s.Outage
}
