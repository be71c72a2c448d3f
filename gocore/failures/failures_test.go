package failures

import (
	"fmt"
	"testing"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

func question(name string) dns.Question { return dns.Question{Name: name, Type: dns.TypeA} }

func TestFailureIsRememberedFromOneSecondToFiveMinutes(t *testing.T) {
	f := New(cache.Key{})
	q, now := question("x.example."), time.Hour
	servfail := dns.RcodeError{Rcode: dns.RcodeServerFailure, EDE: dns.EDEStale}
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
		f.Remember(now, q, servfail)
		want *= time.Second
		if !f.Active(now+want-1, q) || f.Active(now+want+100*time.Microsecond, q) {
			t.Fatalf("want the failure remembered for %v", want)
		}
		if f.Said(now+want-1, q) != servfail || f.Said(now+want+time.Second, q).Rcode != 0 {
			t.Fatal("what the server said is not remembered as long as the failure")
		}
		now += want
	}
	f.Expire(now + longest + time.Millisecond)
	f.Remember(now, q, servfail)
	if f.Active(now+time.Second+100*time.Microsecond, q) {
		t.Error("after long quiet a failure does not start anew")
	}
	for i := range 2 * Most {
		f.Remember(now, question(fmt.Sprintf("x%d.example.", i)), servfail)
	}
	if failed, _ := f.Len(); failed > Most {
		t.Errorf("%d failures remembered; want %d at most", failed, Most)
	}
}

func TestWhatPeersAskInVainIsForgottenInTimeAndBounded(t *testing.T) {
	const patience, lastTurn = 85 * time.Millisecond, 35 * time.Millisecond
	one, other := wire.Peer{ID: 1}, wire.Peer{ID: 2}
	f := New(cache.Key{})
	f.Hear(0, patience, lastTurn, one, question("once.example."))
	for _, at := range []time.Duration{0, patience / 4} {
		f.Hear(at, patience, lastTurn, one, question("early.example."))
	}
	f.Hear(0, patience, lastTurn, one, question("two.example."))
	f.Hear(lastTurn+1, patience, lastTurn, other, question("two.example."))
	f.Hear(0, patience, lastTurn, one, question("vain.example."))
	f.Hear(lastTurn+1, patience, lastTurn, one, question("vain.example."))
	for _, c := range []struct {
		name  string
		at    time.Duration
		since time.Duration
		want  bool
	}{
		{"once.example.", patience, 0, false},  // this host may have lost the answer
		{"early.example.", patience, 0, false}, // nobody had had his turn
		{"two.example.", patience, 0, false},   // the first may have been answered
		{"vain.example.", patience - 1, 0, false},
		{"vain.example.", patience, 0, true},
		{"vain.example.", patience + shortest - 1, 0, true},
		{"vain.example.", patience + shortest, 0, false},
		{"vain.example.", patience, 1, false}, // it was before the outage
		{"other.example.", patience, 0, false},
	} {
		if got := f.InVain(c.at, c.since, patience, question(c.name)); got != c.want {
			t.Errorf("%s after %v: in vain %v; want %v", c.name, c.at, got, c.want)
		}
	}
	f.Remember(patience, question("vain.example."), dns.RcodeError{})
	if f.InVain(patience+shortest-1, 0, patience, question("vain.example.")) {
		t.Error("a peer's word counts again for what failed here before")
	}
	for i := range 3 * MostHeard {
		f.Hear(time.Duration(i), patience, lastTurn, one, question(fmt.Sprintf("x%d.example.", i)))
	}
	if _, heard := f.Len(); heard > MostHeard {
		t.Errorf("%d are remembered; want %d at most", heard, MostHeard)
	}
	f.Hear(time.Minute, patience, lastTurn, one, question("late.example."))
	if _, heard := f.Len(); heard != 1 {
		t.Errorf("%d are remembered a minute later; want 1", heard)
	}
}
