package node

import (
	"fmt"
	"hash"
	"hash/fnv"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/failures"
	"mcdns/gocore/lookup"
	"mcdns/gocore/timers"
	"mcdns/gocore/wire"
)

// within fails the test if something is larger than its bound; what has none
// of its own must be empty.
func (n *testNode) within(bounds map[string]int) {
	n.lan.t.Helper()
	for what, size := range n.sizes() {
		if size > bounds[what] {
			n.lan.t.Errorf("host %d: %d %s; want at most %d", n.i, size, what, bounds[what])
		}
	}
}

func TestFloodOfLookupsLeavesNothingBehind(t *testing.T) {
	for _, dead := range []bool{false, true} {
		l := newLAN(t, 2)
		l.settle()
		if l.dead = dead; dead {
			l.nodes[0].query("a.example.")
			l.nodes[0].query("b.example.")
			l.run(3 * time.Second)
		}
		n, most := l.nodes[0], 0
		l.sent = nil
		for i := range 20000 { // 4000 a second, names that nobody has
			n.query(fmt.Sprintf("x%d.example.", i))
			l.run(250 * time.Microsecond)
			most = max(most, n.timersInAll())
		}
		if most > 8*timers.Least {
			t.Errorf("dead %v: %d timers at once; want %d at most", dead, most, 8*timers.Least)
		}
		if got := len(take[*wire.Query](l, n)); got > 6*queryRate {
			t.Errorf("dead %v: %d QUERYs in 5s; want %d a second at most", dead, got, queryRate)
		}
		l.run(time.Minute)
		if got := len(n.results); got < 20000 {
			t.Errorf("dead %v: %d of 20000 queries were answered", dead, got)
		}
		n.within(map[string]int{"timers": 2 * timers.Least, "members": 1, "failures": failures.Most, "heard": failures.MostHeard,
			"announcements": announceQueue, "announcement heap": 2 * announceQueue, "asks": 6, "pending": 1}) // probes, which listen for ten seconds
	}
}

func TestManyWhoWaitForOneNameAreAnsweredOnceEach(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	l.dead = true
	for range lookup.MaxWaiters + 10 {
		n.query("same.example.")
	}
	if got := n.waits().Waiting; got > lookup.MaxWaiters {
		t.Errorf("%d wait for one question; want %d at most", got, lookup.MaxWaiters)
	}
	for i := range lookup.MaxPending + 10 {
		n.query(fmt.Sprintf("x%d.example.", i))
	}
	if n.waits().Pending > lookup.MaxPending {
		t.Errorf("%d questions wait; want %d at most", n.waits().Pending, lookup.MaxPending)
	}
	l.run(15 * time.Second)
	if want := lookup.MaxWaiters + lookup.MaxPending + 20; len(n.results) != want {
		t.Errorf("%d responses; want %d", len(n.results), want)
	}
	n.within(map[string]int{"timers": 2 * timers.Least, "failures": failures.Most, "heard": failures.MostHeard, "asks": 6}) // probes, which listen for ten seconds
}

// TestNoRoomToWaitIsNoReasonToFailWithAnAnswerInHand: at once, as in an outage.
func TestNoRoomToWaitIsNoReasonToFailWithAnAnswerInHand(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	a := l.positive("www.example.", "203.0.113.7", dns.Birth{Peer: wire.Peer{ID: 500, Epoch: 1}})
	n.handle(Restore{[]Entry{{Answer: a, Age: 2 * time.Hour, Place: 7}}})
	for range lookup.MaxWaiters {
		n.query("www.example.")
	}
	if len(n.results) != 0 {
		t.Fatalf("%d did not wait for the server", len(n.results))
	}
	if r := n.query("www.example.")(); r == nil || r.Answer == nil || !r.Stale {
		t.Errorf("got %+v; want the stale answer", r)
	}
}

func TestForgottenQueryIsNeverAnswered(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	result := n.query("x.example.")
	n.handle(Forget{n.nextID})
	n.handle(Forget{n.nextID})
	l.run(15 * time.Second)
	if result() != nil || n.waits().Waiting != 0 || n.waits().Pending != 0 {
		t.Errorf("result %v, %d waiting, %d pending; want nothing", result(), n.waits().Waiting, n.waits().Pending)
	}
}

// A peer with the key sends whatever it likes as fast as the flood limit lets
// it: nothing but the cache, which has its budget, may grow.
func TestHostilePeerGrowsNothing(t *testing.T) {
	l := newLAN(t, 3)
	l.settle()
	n, evil := l.nodes[0], l.nodes[2]
	evil.off = true
	r := rand.New(rand.NewPCG(seed, 9))
	for i := range 10000 {
		name := fmt.Sprintf("x%d.example.", r.IntN(5000))
		birth := dns.Birth{Peer: evil.self(), Clock: l.now - time.Duration(r.IntN(1e9))}
		evil.seq++
		bodies := []wire.Body{
			&wire.Announce{Answers: []wire.Aged{{Answer: l.positive(name, "203.0.113.9", birth)}}},
			&wire.Announce{Long: []wire.Long{{Question: question(name), Birth: birth, Length: 9000}}},
			&wire.Query{Nonce: r.Uint64(), Asked: []wire.Asked{{Question: question(name)}}},
			&wire.Answer{Nonce: r.Uint64(), Answers: []wire.Aged{{Answer: l.positive(name, "203.0.113.9", birth)}}},
			&wire.Prove{Nonce: r.Uint64()}, &wire.Proof{Nonce: r.Uint64()},
			&wire.Hello{Hears: []wire.Peer{n.self()}}, &wire.Ask{Question: question(name)}, &wire.Bye{},
		}
		n.handle(Received{From: evil.addr, Link: 1, Group: r.IntN(2) == 0, Message: &wire.Message{
			From: evil.self(), Seq: evil.seq, Sent: l.now, Body: bodies[i%len(bodies)],
			Servers: []wire.ServerState{{Server: dns.HashServer(l.server), Success: time.Duration(r.IntN(3000)) * time.Millisecond, Suspect: r.IntN(4) == 0}},
		}})
		if n.holdsBytes() > l.settings().CacheBytes {
			t.Fatalf("%d bytes held", n.holdsBytes())
		}
		if i%4 == 0 {
			l.run(15 * time.Millisecond)
		}
	}
	l.run(2 * time.Minute)
	n.within(map[string]int{"timers": 64, "members": 2, "pulls": maxPulls, "announcements": announceQueue, "announcement heap": 2 * announceQueue, "failures": failures.Most, "heard": failures.MostHeard, "gone": 1})
}

// A day of ordinary life must leave nothing behind.
func TestDayOfLifeGrowsNothing(t *testing.T) {
	l := newLAN(t, 4)
	names := l.known(50)
	l.loss, l.askLoss = 0.05, 0.05
	l.settle()
	r := rand.New(rand.NewPCG(seed, 3))
	for i := range 24 * 60 { // minutes
		l.dead = i%200 > 180
		for range 4 {
			l.nodes[r.IntN(4)].query(names[r.IntN(50)])
		}
		l.run(time.Minute)
	}
	for _, n := range l.nodes {
		n.within(map[string]int{"timers": timers.Least, "members": 3, "failures": 50, "announcements": announceQueue, "announcement heap": 2 * announceQueue, "pending": 5, "asks": 5})
		if len(n.results) != int(n.nextID) {
			t.Errorf("host %d: %d of %d queries were answered", n.i, len(n.results), n.nextID)
		}
	}
}

// digest is a hash over all effects of a LAN's hosts, in order.
func (l *lan) digest(h hash.Hash64) {
	l.onEffect = func(n *testNode, e Effect) {
		fmt.Fprintf(h, "%v %d %T ", l.now, n.i, e)
		switch e := e.(type) {
		case Send:
			b, err := wire.Encode(e.Message)
			fmt.Fprintln(h, b, err, e.To, e.Ways)
		case Respond:
			fmt.Fprintln(h, e.ID, e.Result.Age, e.Result.TTL, e.Result.Stale, e.Result.Source, e.Result.Peer)
		default:
			fmt.Fprintln(h, e)
		}
	}
}

func TestOneSeedIsOneRun(t *testing.T) {
	run := func() uint64 {
		l := newLAN(t, 6)
		h := fnv.New64a()
		l.digest(h)
		l.loss, l.askLoss = 0.1, 0.1
		names := l.known(60)
		l.settle()
		for i := range 600 {
			l.dead = i > 250 && i < 450
			for j := range 4 {
				l.nodes[(i+j)%6].query(names[(i*7+j)%60])
			}
			l.run(700 * time.Millisecond)
		}
		return h.Sum64()
	}
	if a, b := run(), run(); a != b {
		t.Errorf("two runs of seed %d differ: %x and %x", seed, a, b)
	}
}

// TestNoAnswerIsYoungerThanItsBirth: whatever is lost, delayed, duplicated,
// replayed or relayed, on hosts whose clocks differ, no answer is served as
// younger than it is (checkAge looks at each), every query is answered once,
// and hosts that can hear each other end with the same answers.
func TestNoAnswerIsYoungerThanItsBirth(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := newLAN(rt, 0)
		l.rand = rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		for i := range 4 {
			n := l.addNode(i, 0)
			n.skew = time.Duration(rapid.IntRange(0, 100000).Draw(rt, "skew s")) * time.Second
			n.handle(Configure{l.settings()})
		}
		names := l.known(6)
		l.ttl = time.Duration(rapid.IntRange(1, 90).Draw(rt, "ttl s")) * time.Second
		l.askLoss = rapid.Float64Range(0, 0.5).Draw(rt, "ask loss")
		trouble := rapid.IntRange(0, 40).Draw(rt, "trouble %")
		var record []Received
		l.mangle = func(from, to *testNode, in Received) []time.Duration {
			if len(record) < 200 {
				record = append(record, in)
			}
			if l.rand.IntN(100) >= trouble {
				return []time.Duration{passage}
			}
			late := func() time.Duration { return time.Duration(l.rand.IntN(4000)) * time.Millisecond }
			return [][]time.Duration{nil, {late()}, {late(), late()}, {passage, late()}}[l.rand.IntN(4)]
		}
		for range rapid.IntRange(5, 60).Draw(rt, "steps") {
			n := l.nodes[rapid.IntRange(0, 3).Draw(rt, "host")]
			switch rapid.IntRange(0, 11).Draw(rt, "what") {
			case 0:
				l.dead = !l.dead
			case 1:
				n.cut = !n.cut
			case 2:
				n.off = !n.off // asleep; nothing but time reaches it
				n.wakeAt = 0
				n.handle(Wake{})
			case 3:
				for range min(20, len(record)) {
					n.handle(record[l.rand.IntN(len(record))])
				}
			case 4:
				n.drops(question(names[rapid.IntRange(0, 5).Draw(rt, "dropped")]))
			default:
				if !n.off {
					n.query(names[rapid.IntRange(0, 5).Draw(rt, "name")])
				}
			}
			l.run(time.Duration(rapid.IntRange(0, 20000).Draw(rt, "pass ms")) * time.Millisecond)
		}
		for _, n := range l.nodes {
			n.off, n.wakeAt = false, 0
			n.handle(Wake{})
		}
		l.run(20 * time.Second)
		for _, n := range l.nodes {
			if len(n.results) != int(n.nextID) {
				rt.Errorf("host %d: %d of %d queries were answered", n.i, len(n.results), n.nextID)
			}
		}
	})
}

func thousand(b testing.TB) (*lan, *testNode) {
	l := newLAN(b, 1)
	n := l.nodes[0]
	for i := range 999 {
		m := n.joins(l.now, wire.Peer{ID: 5000 + uint64(i), Epoch: 1})
		m.Came(l.now, elsewhere, 1, true)
	}
	return l, n
}

// BenchmarkAnnounce is what one datagram with 10 answers costs one of 1000
// hosts; the target is 3 us for a delivery and each answer.
func BenchmarkAnnounce(b *testing.B) {
	l, n := thousand(b)
	const answers = 10
	msgs := make([]*wire.Message, b.N)
	for i := range msgs {
		from := wire.Peer{ID: 5000 + uint64(i%999), Epoch: 1}
		body := &wire.Announce{}
		for j := range answers {
			name := fmt.Sprintf("n%d.example.", (i*answers+j)%20000)
			birth := dns.Birth{Peer: from, Clock: l.now + time.Duration(i)*time.Millisecond}
			body.Answers = append(body.Answers, wire.Aged{Answer: l.positive(name, "203.0.113.9", birth)})
		}
		msgs[i] = &wire.Message{From: from, Seq: 2 + uint64(i/999), Sent: l.now + time.Duration(i)*time.Millisecond, Body: body,
			Servers: []wire.ServerState{{Server: dns.HashServer(l.server), Success: 0, Failure: wire.Never}}}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i, m := range msgs {
		n.Handle(l.now+time.Duration(i)*time.Millisecond, Received{Message: m, From: elsewhere, Link: 1, Group: true})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(answers+1), "ns/delivery+answer")
}

func TestMemoryOfMembersAndEntries(t *testing.T) {
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	l, n := thousand(t)
	members := (heap() - before) / 999
	answers := make([]*dns.Answer, 20000)
	for i := range answers {
		answers[i] = l.positive(fmt.Sprintf("n%d.example.", i), "203.0.113.9", dns.Birth{Peer: wire.Peer{ID: 5000, Epoch: 1}, Clock: l.now})
	}
	before = heap()
	for _, a := range answers {
		n.isTold(l.now, cache.Arrival{Answer: a, From: a.Birth.Peer, Place: l.settings().Place})
	}
	entries := (heap() - before) / int64(len(answers))
	runtime.KeepAlive(answers)
	runtime.KeepAlive(l)
	t.Logf("%d bytes a member, %d an entry beyond its answer", members, entries)
	if members > 600 || entries > 260 {
		t.Errorf("%d bytes a member, %d an entry; want at most 600 and 260", members, entries)
	}
}
