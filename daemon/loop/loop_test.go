package loop

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"mcdns/daemon/clock"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// patience is far longer than anything here takes on a loaded machine.
const patience = 20 * time.Second

var server = netip.MustParseAddrPort("192.0.2.53:53")

func start(t *testing.T, d Drivers) (l *Loop, stop func()) {
	t.Helper()
	l, err := New(node.Config{Self: wire.Peer{ID: 1, Epoch: 1}, Rand: rand.New(rand.NewPCG(1, 2)), Version: "test"}, d)
	if err != nil {
		t.Fatal(err)
	}
	l.Put(node.Configure{Settings: node.Settings{
		Servers: []node.Server{{Addr: server, ID: 1}}, Timeout: 5 * time.Second, Attempts: 2,
		CacheBytes: 1 << 20, MaxTTL: time.Hour, NegativeTTL: time.Minute, MaxStale: time.Hour,
	}})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan bool)
	go func() { defer close(done); l.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return l, stop
}

func see[T any](t *testing.T, l *Loop, f func(View) T) T {
	t.Helper()
	v, err := See(t.Context(), l, f)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func question(t *testing.T, name string) dns.Question {
	t.Helper()
	q, err := dns.NewQuestion(name, 1)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// replies answers every Ask at once.
func replies(ask node.Ask, report func(node.Replied)) {
	a, err := dns.ParseAnswer(ask.Question, 0, []string{ask.Question.Name + " 60 IN A 192.0.2.1"})
	if err != nil {
		panic(err)
	}
	go report(node.Replied{Ask: ask.ID, Answer: a})
}

func TestQuestionIsAnsweredOnceByTheServerThenFromTheCache(t *testing.T) {
	l, _ := start(t, Drivers{Ask: replies})
	for i, want := range []node.Source{node.FromServer, node.FromCache} {
		r, err := l.Resolve(t.Context(), question(t, "www.example"))
		if err != nil || r.Answer == nil || r.Source != want {
			t.Errorf("question %d: got %+v, %v; want source %d", i, r, err, want)
		}
	}
	lookups := see(t, l, func(v View) [2]uint64 {
		if now := clock.Boot(); v.Now > now || now-v.Now > patience {
			t.Errorf("the view is of %v at %v", v.Now, now)
		}
		return [2]uint64{v.Counters[node.LookupServer], v.Counters[node.LookupCache]}
	})
	if lookups != [2]uint64{1, 1} {
		t.Errorf("%d lookups counted; want one of each source", lookups)
	}
}

func TestSilentServerEndsInAResultWithoutAnAnswer(t *testing.T) {
	l, _ := start(t, Drivers{}) // nobody asks anybody
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := l.Resolve(ctx, question(t, "www.example"))
	if err != nil || r.Answer != nil {
		t.Errorf("got %+v, %v; want no answer", r, err)
	}
}

func TestCallerThatLeavesIsForgotten(t *testing.T) {
	asked := make(chan bool, 10)
	l, _ := start(t, Drivers{Ask: func(node.Ask, func(node.Replied)) { asked <- true }})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := l.Resolve(ctx, question(t, "www.example"))
		done <- err
	}()
	<-asked
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	waiting := see(t, l, func(View) int { return len(l.waiting) })
	if waiting != 0 {
		t.Errorf("%d wait still", waiting)
	}
}

func TestNobodyHangsWhenTheLoopStops(t *testing.T) {
	asked := make(chan bool, 10)
	l, stop := start(t, Drivers{Ask: func(node.Ask, func(node.Replied)) { asked <- true }})
	done := make(chan error)
	go func() {
		_, err := l.Resolve(context.Background(), question(t, "www.example"))
		done <- err
	}()
	<-asked
	stop()
	if err := <-done; !errors.Is(err, ErrStopped) {
		t.Errorf("Resolve: got %v", err)
	}
	for range 2 * queueEvents { // more than the queue holds
		if err := l.Put(node.Wake{}); errors.Is(err, ErrStopped) {
			return
		}
	}
	t.Error("Put takes inputs for ever")
}

func TestDatagramsBeyondTheQueueAreDroppedAndCounted(t *testing.T) {
	l, err := New(node.Config{Rand: rand.New(rand.NewPCG(1, 2))}, Drivers{}) // never runs
	if err != nil {
		t.Fatal(err)
	}
	for range queueDatagrams {
		if !l.Offer(node.Received{}) {
			t.Fatal("dropped with room left")
		}
	}
	if l.Offer(node.Received{}) || l.Lost() != 1 {
		t.Errorf("taken without room, %d lost", l.Lost())
	}
}

func TestStopIsTheLastInput(t *testing.T) {
	sent := make(chan wire.Body, 100)
	l, stop := start(t, Drivers{Send: func(s node.Send) { sent <- s.Message.Body }})
	l.Put(node.Configure{Settings: node.Settings{
		Shares: true, Links: []node.Link{{Index: 1, Name: "eth0", IPv4: true}}, CacheBytes: 1 << 20,
	}})
	for { // the first HELLO comes within 2 s
		if _, ok := (<-sent).(*wire.Hello); ok {
			break
		}
	}
	stop()
	close(sent)
	var last wire.Body
	for b := range sent {
		last = b
	}
	if _, ok := last.(*wire.Bye); !ok {
		t.Errorf("the last message is %T; want a BYE", last)
	}
}

func TestInputThatTheNodeCannotBearEndsNothing(t *testing.T) {
	said := make(chan node.Log, 100)
	l, _ := start(t, Drivers{Ask: replies, Log: func(l node.Log) { said <- l }})
	l.Put(node.Configure{Settings: node.Settings{
		Servers: []node.Server{{Addr: server, ID: 1}}, CacheBytes: 1 << 20, MaxTTL: time.Hour,
		Shares: true, Links: []node.Link{{Index: 1, Name: "eth0", IPv4: true}},
	}})
	for range 3 {
		l.Put(node.Received{}) // without a message
	}
	r, err := l.Resolve(t.Context(), question(t, "www.example"))
	if err != nil || r.Answer == nil {
		t.Errorf("got %+v, %v; want an answer", r, err)
	}
	n := 0
	for len(said) > 0 {
		if l := <-said; l.Level == slog.LevelError {
			n++
		}
	}
	if l.Panics() != 3 || n != 1 {
		t.Errorf("%d counted, %d said; want 3, 1", l.Panics(), n)
	}
}

// TestLookThatCameTooLateTouchesNothing: who asked for the state and hung up must
// not write to what the loop writes to later (two writers of one map
// end the daemon).
func TestLookThatCameTooLateTouchesNothing(t *testing.T) {
	l, _ := start(t, Drivers{})
	ctx, hangUp := context.WithCancel(t.Context())
	begun, goOn := make(chan bool), make(chan bool)
	done := make(chan map[string]int)
	go func() {
		m, err := See(ctx, l, func(View) map[string]int {
			close(begun)
			<-goOn
			return map[string]int{"late": 1}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v; want %v", err, context.Canceled)
		}
		done <- m
	}()
	<-begun
	hangUp()
	if m := <-done; m != nil {
		t.Errorf("got %v of a look that has not ended", m)
	}
	close(goOn)
	see(t, l, func(View) bool { return true }) // the late one has ended
}

func TestLookThatPanicsEndsNothing(t *testing.T) {
	l, _ := start(t, Drivers{})
	if _, err := See(t.Context(), l, func(View) int { panic("a test") }); err == nil {
		t.Error("no error for a look that failed")
	}
	if n := see(t, l, func(View) int { return 7 }); n != 7 || l.Panics() != 1 {
		t.Errorf("got %d, %d panics; want 7, 1", n, l.Panics())
	}
}

// TestWhatTheNodeMadeBeforeItFailedIsDone: a lookup's time runs out in the same
// call in which an input panics; the node has forgotten the lookup then.
func TestWhatTheNodeMadeBeforeItFailedIsDone(t *testing.T) {
	l, err := New(node.Config{Self: wire.Peer{ID: 1, Epoch: 1}, Rand: rand.New(rand.NewPCG(1, 2))}, Drivers{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.timer.Close()
	l.handle(node.Configure{Settings: node.Settings{
		Servers: []node.Server{{Addr: server, ID: 1}}, Timeout: time.Second, Attempts: 1,
		Shares: true, Links: []node.Link{{Index: 1, Name: "eth0", IPv4: true}},
		CacheBytes: 1 << 20, MaxTTL: time.Hour, NegativeTTL: time.Minute, MaxStale: time.Hour,
	}})
	results := make(chan answered, 1)
	l.do(event{input: node.Lookup{ID: 1, Question: question(t, "www.example")}, result: results})
	for deadline := time.Now().Add(patience); len(results) == 0; l.handle(node.Received{}) { // without a message
		if time.Now().After(deadline) {
			t.Fatal("the lookup's end was lost")
		}
		<-time.After(time.Millisecond)
	}
	if l.Panics() == 0 {
		t.Error("nothing panicked")
	}
}
