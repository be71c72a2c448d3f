package node

import (
	"fmt"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// heldByOne lets one host hold a stale answer that no other has.
func (l *lan) heldByOne(n *testNode, name string) {
	a := l.positive(name, "203.0.113.7", dns.Birth{Peer: wire.Peer{ID: 500000, Epoch: 1}})
	n.handle(Restore{[]Entry{{Answer: a, Age: 2 * time.Hour, Place: 7}}})
}

// Where QUERY is sent less often the answer must still come through loss: with two
// 20 ms apart, of which the second came before its holder's turn, 81 of 400 were lost.
func TestBigGroupFindsWhatOneHostHolds(t *testing.T) {
	l := outage(t, group.Many+1)
	l.run(time.Minute)
	for loss, most := range map[float64]int{0: 0, .05: 4, .2: 32} {
		l.loss = loss
		failed := 0
		for i := range 400 {
			name := fmt.Sprintf("o%d-%g.example.", i, loss)
			l.heldByOne(l.nodes[1+i%group.Many], name)
			if r, _ := l.nodes[0].lookup(name); r.Answer == nil {
				failed++
			}
			l.run(1300 * time.Millisecond)
		}
		if failed > most {
			t.Errorf("loss %g: %d of 400 failed; want %d at most", loss, failed, most)
		}
	}
}

// A peer that repeats a question before the holder's turn, or another that asks the
// same, had no answer yet; that says nothing about whether one came.
func TestAnsweredQuestionOfAPeerIsNoFailure(t *testing.T) {
	l := outage(t, group.Many)
	l.run(time.Minute)
	l.loss = .2
	failed := 0
	for i := range 400 {
		name := fmt.Sprintf("s%d.example.", i)
		l.heldByOne(l.nodes[2+i%(group.Many-2)], name)
		first, _ := l.nodes[0].lookup(name)
		l.run(200 * time.Millisecond)
		if r, took := l.nodes[1].lookup(name); first.Answer != nil && r.Answer == nil && took == 0 {
			failed++
		}
		l.run(time.Second)
	}
	if failed > 12 {
		t.Errorf("%d of 400 names failed at once just after a peer was answered; want 12 at most", failed)
	}
}

func TestFallbackServerIsAskedWhateverPeersAskInVain(t *testing.T) {
	l := outage(t, 4)
	n, bad := l.nodes[3], l.nodes[0]
	s := l.settings()
	s.Fallback = []Server{{Addr: elsewhere, ID: dns.HashServer(elsewhere)}}
	n.handle(Configure{s})
	l.run(5 * time.Second)
	l.answers["new.example."] = "203.0.113.9"
	bad.lookup("new.example.")
	l.run(10 * time.Millisecond)
	if r, took := n.lookup("new.example."); r.Answer == nil {
		t.Errorf("failed after %v because a host without a fallback server asked in vain", took)
	}
	failed := 0
	for i := range 600 { // a minute
		name := fmt.Sprintf("other%d.example.", i/10) // what was answered is held, and asked of nobody
		l.answers[name] = "203.0.113.9"
		for range 3 {
			bad.seq++
			n.says(bad.self(), bad.seq, l.now, true, &wire.Query{Nonce: 1, Asked: []wire.Asked{{Question: question(name)}}})
			l.run(40 * time.Millisecond)
		}
		if i%10 == 9 {
			if r, _ := n.lookup(name); r.Answer == nil {
				failed++
			}
		}
	}
	if failed > 0 {
		t.Errorf("%d of 60 lookups failed while a peer asked again and again", failed)
	}
}

func TestPeersVainQuestionEndsNoLookupOfAYoungOutage(t *testing.T) {
	for gap := 100 * time.Millisecond; gap < 700*time.Millisecond; gap += 100 * time.Millisecond {
		l := newLAN(t, 4)
		l.learn(8)
		l.dead = true
		began := l.now
		l.answers["new.example."] = "203.0.113.9"
		l.nodes[0].query("warm.example.")
		for !l.nodes[0].allDown() || !l.nodes[3].allDown() {
			l.run(time.Millisecond)
		}
		first := l.nodes[0].query("new.example.")
		l.run(gap)
		second := l.nodes[3].query("new.example.")
		l.run(began + 1500*time.Millisecond - l.now)
		l.dead = false
		l.run(2 * time.Second)
		for _, r := range []*Result{first(), second()} {
			if r == nil || r.Answer == nil {
				t.Errorf("%v between two hosts' lookups: got %+v; the server was silent for 1.5 s", gap, r)
			}
		}
	}
}

func TestPeersVainQuestionEndsNoLookupWhereDownIsHearsay(t *testing.T) {
	l := newLAN(t, 4)
	l.learn(4)
	l.answers["new.example."] = "203.0.113.8"
	cut, n := l.nodes[0], l.nodes[3]
	cut.cut = true
	cut.forced().Down(l.now, 0, true)
	n.forced().Down(l.now, 0, false)
	cut.forced().Since(time.Minute)
	n.forced().Since(time.Minute)
	cut.query("new.example.")
	l.run(95 * time.Millisecond)
	if r, took := n.lookup("new.example."); r.Answer == nil {
		t.Errorf("failed after %v; its server answers", took)
	}
}

// A domain's own servers are down after two time-outs; its names must not fail for
// that before a program would have given up.
func TestShortSilenceOfADomainsServersLosesNoNewName(t *testing.T) {
	for _, silence := range []time.Duration{200, 300, 500, 1000} {
		l := newLAN(t, 1)
		l.routed(map[string]string{"pc.corp.example.": "10.1.1.1"})
		n := l.nodes[0]
		n.resolve(question("pc.corp.example."))
		l.run(2 * time.Minute)
		n.resolve(question("pc.corp.example."))
		l.deadCorp = true
		var got []func() *Result
		for i, end := 0, l.now+silence*time.Millisecond; l.now < end; i++ {
			name := fmt.Sprintf("new%d.corp.example.", i)
			l.answers[name] = "10.1.1.9"
			got = append(got, n.query(name))
			l.run(50 * time.Millisecond)
		}
		l.deadCorp = false
		l.run(4 * time.Second)
		for i, r := range got {
			if r() == nil || r().Answer == nil {
				t.Errorf("%v ms of silence: name %d got %+v", int64(silence), i, r())
			}
		}
	}
}

func TestDeadServersOfADomainFailItsNamesWithinThreeSeconds(t *testing.T) {
	l := newLAN(t, 1)
	l.routed(map[string]string{"pc.corp.example.": "10.1.1.1"})
	n := l.nodes[0]
	n.resolve(question("pc.corp.example."))
	l.run(2 * time.Minute)
	l.deadCorp = true
	for _, most := range []time.Duration{3 * time.Second, 3 * time.Second, 100 * time.Millisecond} {
		r, took := n.lookup(fmt.Sprintf("new%d.corp.example.", l.now))
		if r.Answer != nil || took > most {
			t.Errorf("got %+v after %v; want a failure within %v", r, took, most)
		}
		l.run(3 * time.Second)
	}
}

// An answer may be given and not kept: its TTL is 0.
func TestAnswerThatIsNotKeptIsNoFailure(t *testing.T) {
	l := newLAN(t, 2)
	l.learn(2)
	l.raw = map[string][]string{question("dyn.example.").String(): {"dyn.example. 0 IN A 203.0.113.5"}}
	l.slow = map[string]time.Duration{"dyn.example.": 300 * time.Millisecond}
	for range 3 {
		if r, took := l.nodes[0].lookup("dyn.example."); r.Answer == nil {
			t.Errorf("failed after %v though its server answers", took)
		}
		l.run(200 * time.Millisecond)
	}
}

func TestRefusingFallbackServerCostsNoLookupOfAYoungOutage(t *testing.T) {
	l := newLAN(t, 1)
	fallback := l.withFallback()
	l.learn(2)
	l.sick, l.dead = fallback.Addr, true
	n, began := l.nodes[0], l.now
	n.query("warm.example.")
	for !n.allDown() {
		l.run(time.Millisecond)
	}
	l.answers["new.example."] = "203.0.113.9"
	r := n.query("new.example.")
	l.run(began + time.Second - l.now)
	l.dead = false
	l.run(3 * time.Second)
	if r() == nil || r().Answer == nil {
		t.Errorf("got %+v; its own server was back after a second", r())
	}
}

func TestNewFallbackServerIsAskedWhatFailedBefore(t *testing.T) {
	l := outage(t, 1)
	n := l.nodes[0]
	l.answers["new.example."] = "203.0.113.9"
	for range 10 {
		n.lookup("new.example.")
		l.run(40 * time.Second)
	}
	n.lookup("new.example.")
	l.withFallback()
	l.run(time.Second)
	if r, _ := n.lookup("new.example."); r.Answer == nil {
		t.Error("a name that failed before the fallback server was there still fails")
	}
}
