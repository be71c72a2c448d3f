package fetch

import (
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/order"
	"mcdns/gocore/upstream"
	"mcdns/gocore/wire"
)

// A timer without a row would stop the node when it is due.
func TestEveryTimerOfAFetchHasARow(t *testing.T) {
	for d, f := range due {
		if own := Due(d) == lateDue || Due(d) == overdueDue; f == nil && !own {
			t.Errorf("nothing is done when timer %d is due; give it a row in timer.go", d)
		}
	}
}

// bench is a host that fetches, for one program that waits.
type bench struct {
	x      *Fetcher
	now    time.Duration
	timers []timed
	id     uint64
	asks   []Ask
	got    []Got
	failed []Failed
}

type timed struct {
	at time.Duration
	Timer
}

func (b *bench) After(now, d time.Duration, t Timer) { b.timers = append(b.timers, timed{now + d, t}) }

func (b *bench) ID() uint64 { b.id++; return b.id }

func (b *bench) Ask(_ Purpose, a Ask) { b.asks = append(b.asks, a) }

func (b *bench) Waits(dns.Question) bool { return true }

func (b *bench) Wanted(_ dns.Question, servers int) (Options, time.Duration) {
	return Options{}, b.x.Allowed(Options{}, servers)
}

func (b *bench) IsPut(dns.Question) bool { return false }

func (b *bench) Patience() time.Duration { return 0 }

func (b *bench) Answered(_ time.Duration, g Got) { b.got = append(b.got, g) }

func (b *bench) HeldBack(time.Duration, dns.Question) {}

func (b *bench) Failed(_ time.Duration, f Failed) { b.failed = append(b.failed, f) }

func (b *bench) Renewed(dns.Question) {}

// run lets time pass.
func (b *bench) run(d time.Duration) {
	for end := b.now + d; b.now < end; b.now += time.Millisecond {
		all := b.timers
		b.timers = nil
		for _, t := range all {
			if t.at > b.now {
				b.timers = append(b.timers, t)
				continue
			}
			b.x.Fire(b.now, t.Timer)
		}
	}
}

// idle is a host of servers that follows nothing.
type idle struct{}

func (idle) After(time.Duration, time.Duration, upstream.Timer)                      {}
func (idle) Jitter(time.Duration) time.Duration                                      { return 0 }
func (idle) Log(slog.Level, string, ...any)                                          {}
func (idle) Rank(dns.ServerID, int) int                                              { return 0 }
func (idle) Members() int                                                            { return 1 }
func (idle) Member(wire.Peer) *group.Member                                          { return nil }
func (idle) Happened(time.Duration, upstream.Event)                                  {}
func (idle) ProbeQuestion(time.Duration, upstream.ID, dns.Question) (q dns.Question) { return q }
func (idle) Ask(time.Duration, upstream.ID, upstream.Server, dns.Question, time.Duration) {
}

var (
	first  = upstream.Server{Addr: netip.MustParseAddrPort("192.0.2.1:53"), ID: 1}
	second = upstream.Server{Addr: netip.MustParseAddrPort("192.0.2.2:53"), ID: 2}
	www    = dns.Question{Name: "www.example.", Type: dns.TypeA}
)

func newBench(t *testing.T) *bench {
	b := &bench{now: time.Hour}
	u := upstream.New(idle{})
	servers := []upstream.Server{first, second}
	u.Configure(b.now, upstream.Config{Servers: servers})
	o := order.New(u)
	o.Configure(order.Rules{Servers: servers})
	b.x = New(Config{Host: b, Upstream: u, Order: o, Rand: rand.New(rand.NewPCG(1, 1))})
	b.x.Configure(Settings{Timeout: 5 * time.Second, Attempts: 2})
	b.x.Start(b.now, www, Demand, 0)
	if len(b.asks) != 1 || b.asks[0].Server != first.Addr {
		t.Fatalf("asked %+v; want the first server", b.asks)
	}
	return b
}

func (b *bench) says(t *testing.T, ask uint64) {
	t.Helper()
	a, err := dns.ParseAnswer(www, 0, []string{"www.example. 60 IN A 203.0.113.7"})
	if err != nil {
		t.Fatal(err)
	}
	b.x.Replied(b.now, Replied{Ask: ask, Answer: a})
}

// asked is the last question to a server.
func (b *bench) asked(t *testing.T, s upstream.Server) uint64 {
	t.Helper()
	for i := len(b.asks) - 1; i >= 0; i-- {
		if b.asks[i].Server == s.Addr {
			return b.asks[i].ID
		}
	}
	t.Fatalf("%v was not asked: %+v", s.Addr, b.asks)
	return 0
}

// TestLateReplyOfAnEarlierServerCountsAndALatersNot once another has answered.
func TestLateReplyOfAnEarlierServerCountsAndALatersNot(t *testing.T) {
	b := newBench(t)
	b.run(1100 * time.Millisecond) // the first says nothing
	early, late := b.asked(t, first), b.asked(t, second)
	again := late
	b.run(500 * time.Millisecond)
	if again = b.asked(t, second); again == late {
		t.Fatal("the second was asked once in half a second of silence")
	}
	b.says(t, late)
	if _, under := b.x.Under(www); under || len(b.got) != 1 || b.got[0].Stands.Nth != 1 || b.got[0].Stands.Good {
		t.Fatalf("got %+v, under way: %v; want the second's answer, which only stands in", b.got, under)
	}
	b.says(t, again)
	if len(b.got) != 1 {
		t.Errorf("the same server's second reply counts: %+v", b.got)
	}
	b.says(t, early)
	if len(b.got) != 2 || b.got[1].Stands.Nth != 0 || !b.got[1].Stands.Good {
		t.Errorf("got %+v; want the first's answer, late", b.got)
	}
}

func TestAbandonedFetchEndsWithoutAWord(t *testing.T) {
	b := newBench(t)
	b.x.Abandon(b.now, www)
	b.says(t, b.asked(t, first))
	b.run(time.Minute)
	if len(b.got)+len(b.failed) > 0 || len(b.asks) != 1 {
		t.Errorf("got %+v, failed %+v, asked %d times; want nothing more", b.got, b.failed, len(b.asks))
	}
	if fetches, asks := b.x.Held(); fetches+asks > 0 {
		t.Errorf("%d fetches and %d asks are left", fetches, asks)
	}
}

func TestFetchThatNobodyAnswersFailsOnceInTime(t *testing.T) {
	b := newBench(t)
	b.run(9900 * time.Millisecond)
	if len(b.failed) > 0 {
		t.Fatalf("failed before 2 turns of 5 s: %+v", b.failed)
	}
	for _, more := range []time.Duration{200 * time.Millisecond, time.Minute} {
		b.run(more)
		if len(b.failed) != 1 || b.failed[0].Question != www || len(b.asks) > maxSends {
			t.Errorf("%v later: failed %+v, asked %d times; want once, and %d at most", more, b.failed, len(b.asks), maxSends)
		}
	}
}
