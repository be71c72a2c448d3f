package node

import (
	"math"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/upstream"
	"mcdns/gocore/wire"
)

func TestHostsThatBootTogetherKnowEachOtherInSeconds(t *testing.T) {
	const hosts = 100
	l := newLAN(t, hosts)
	l.run(8 * time.Second)
	for _, n := range l.nodes {
		if got := n.Status(l.now).Proven; got != hosts-1 {
			t.Errorf("host %d: %d proven peers after 8s; want %d", n.i, got, hosts-1)
		}
	}
	first := take[*wire.Hello](l, nil)
	if len(first) > hosts*5/4 {
		t.Errorf("%d HELLOs in the first 8s of %d hosts; want about one each", len(first), hosts)
	}
	l.run(5 * time.Minute)
	if got := len(take[*wire.Hello](l, nil)); got > 5*60*2*5/4 {
		t.Errorf("%d HELLOs in 5 min; want 2 a second at most", got)
	}
}

func TestStaleWaitFollowsTheRepliesOfTheServers(t *testing.T) {
	for _, c := range []struct {
		name  string
		took  time.Duration
		count int
		want  time.Duration
	}{
		{"no reply yet", 0, 0, 250 * time.Millisecond},
		{"fast", 5 * time.Millisecond, 100, 250 * time.Millisecond},
		{"slow", 200 * time.Millisecond, 100, 600 * time.Millisecond},
		{"very slow", time.Second, 100, time.Second},
	} {
		l := newLAN(t, 1)
		for range c.count {
			id, _ := l.nodes[0].servers().At(0)
			l.nodes[0].serverSaid(l.now, id, upstream.Reply{Sent: l.now - c.took, Began: l.now - c.took})
		}
		old := l.positive("www.example.", "203.0.113.7", dns.Birth{})
		l.nodes[0].handle(Restore{[]Entry{{Answer: old, Age: 2 * time.Hour, Place: 7}}})
		l.slow = map[string]time.Duration{"www.example.": 10 * time.Second}
		if r, took := l.nodes[0].lookup("www.example."); took != c.want || !r.Stale {
			t.Errorf("%s: stale %v after %v; want so after %v", c.name, r.Stale, took, c.want)
		}
	}
}

func TestSlowServerIsWaitedForWhileItIsUp(t *testing.T) {
	l := newLAN(t, 1)
	l.answers["fast.example."], l.answers["slow.example."] = "203.0.113.7", "203.0.113.8"
	l.nodes[0].lookup("fast.example.")
	l.slow = map[string]time.Duration{"slow.example.": 4 * time.Second} // its zone is far away
	if r, took := l.nodes[0].lookup("slow.example."); r.Answer == nil || r.Stale || took > 4100*time.Millisecond {
		t.Errorf("got %+v after %v; want the answer after 4s", r, took)
	}
}

func TestNegativesOutliveAnOutageLikePositives(t *testing.T) {
	l := newLAN(t, 2)
	l.answers["v4only.example."] = ""
	l.settle()
	l.nodes[0].lookup("v4only.example.")
	l.nodes[0].lookup("nowhere.example.")
	l.run(30 * time.Minute)
	l.dead = true
	for _, n := range l.nodes {
		if r, _ := n.lookup("v4only.example."); r.Answer == nil || r.Answer.Kind != dns.NoData || !r.Stale {
			t.Errorf("host %d: got %+v; want the stale NODATA", n.i, r)
		}
		if r, _ := n.lookup("nowhere.example."); r.Answer == nil || r.Answer.Kind != dns.NXDomain || !r.Stale {
			t.Errorf("host %d: got %+v; want the stale NXDOMAIN", n.i, r)
		}
	}
}

func TestBrokenSavedEntriesAreHarmless(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	a := l.positive("www.example.", "203.0.113.7", dns.Birth{Peer: n.self()})
	n.handle(Restore{[]Entry{
		{Answer: nil}, {Answer: a, Age: -1}, {Answer: a, Worn: math.MinInt64}, {Answer: a, Age: math.MaxInt64, Place: 7},
	}})
	l.run(time.Hour)
	e := n.holds(l.now, a.Question)
	if n.holdsInAll() != 1 || e.Fresh(l.now) || e.Age(l.now) < 0 {
		t.Errorf("%d entries; want the oldest one, stale", n.holdsInAll())
	}
}

func TestLoneHostServesItsOwnStaleAnswersAndSaysIsolated(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	l.known(1)
	n.lookup("n0.example.")
	l.run(5 * time.Minute)
	l.dead = true
	s := l.settings()
	s.Links = nil // the network itself is gone
	n.handle(Configure{s})
	if r, took := n.lookup("n0.example."); !r.Stale || took > 260*time.Millisecond {
		t.Errorf("got %+v after %v; want stale", r, took)
	}
	if got := n.Status(l.now).Group; got != Isolated {
		t.Errorf("group is %v; want isolated", got)
	}
	l.run(2 * time.Second)
	if r, took := n.lookup("n0.example."); !r.Stale || took > 5*time.Millisecond {
		t.Errorf("once down is known: got %+v after %v; want stale at once", r, took)
	}
}
