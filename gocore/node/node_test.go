package node

import (
	"fmt"
	"testing"
	"time"

	"mcdns/gocore/wire"
)

func TestAnswerIsSharedSoThatTheServerSeesEachNameOnce(t *testing.T) {
	l := newLAN(t, 5)
	l.answers["www.example."] = "203.0.113.7"
	l.settle()
	if r, _ := l.nodes[0].lookup("www.example."); r.Answer == nil || r.Source != FromServer {
		t.Fatalf("first lookup: got %+v; want an answer from the server", r)
	}
	l.run(time.Second)
	for _, n := range l.nodes[1:] {
		r, took := n.lookup("www.example.")
		if r.Answer == nil || r.Stale || r.Source != FromPeer || took > time.Millisecond {
			t.Errorf("host %d: got %+v after %v; want a fresh answer from a peer at once", n.i, r, took)
		}
	}
	if got := l.asked[question("www.example.")]; got != 1 {
		t.Errorf("server asked %d times; want 1", got)
	}
}

func TestStaleAnswerOnlyDuringOutage(t *testing.T) {
	l := newLAN(t, 2)
	l.answers["www.example."] = "203.0.113.7"
	l.settle()
	l.nodes[0].lookup("www.example.")
	l.run(2 * time.Minute)
	if r, _ := l.nodes[0].lookup("www.example."); r.Stale || r.Source != FromServer {
		t.Errorf("expired, server alive: got %+v; want fresh from the server", r)
	}
	l.dead = true
	l.run(2 * time.Minute)
	r, took := l.nodes[0].lookup("www.example.")
	if !r.Stale || r.TTL != 30*time.Second || took > 300*time.Millisecond {
		t.Errorf("expired, server dead: got %+v after %v; want stale with TTL 30s within 300ms", r, took)
	}
}

// TestFreshLookupAsksTheServerWhateverIsHeld, and gets what is held where none answers.
func TestFreshLookupAsksTheServerWhateverIsHeld(t *testing.T) {
	l := newLAN(t, 2)
	n := l.nodes[0]
	fresh := func() *Result {
		n.nextID++
		id := n.nextID
		n.handle(Lookup{ID: id, Question: question("www.example."), Fresh: true})
		l.run(10 * time.Second)
		return n.results[id]
	}
	l.answers["www.example."] = "203.0.113.7"
	l.settle()
	n.lookup("www.example.")
	l.answers["www.example."] = "203.0.113.8"
	if r, _ := n.lookup("www.example."); r.Source != FromCache || says(&r) != "203.0.113.7" {
		t.Fatalf("got %+v; want what is held", r)
	}
	if r := fresh(); r == nil || r.Source != FromServer || says(r) != "203.0.113.8" {
		t.Errorf("got %+v; want what the server says now", r)
	}
	if r, _ := n.lookup("www.example."); r.Source != FromCache || says(&r) != "203.0.113.8" {
		t.Errorf("got %+v; want the new answer, held", r)
	}
	l.dead = true
	if r := fresh(); r == nil || r.Source != FromCache { // it is found dead by this very question
		t.Errorf("the server died: got %+v; want what is held", r)
	}
	if r := fresh(); r == nil || r.Source != FromCache || !n.allDown() {
		t.Errorf("the server is down: got %+v; want what is held", r)
	}
}

func TestOutageIsLearntOnceAndThenCostsNothing(t *testing.T) {
	l := newLAN(t, 8)
	for i := range 40 {
		l.answers[fmt.Sprintf("n%d.example.", i)] = "203.0.113.7"
	}
	l.settle()
	for i := range 40 {
		l.nodes[i%8].lookup(fmt.Sprintf("n%d.example.", i))
	}
	l.run(5 * time.Minute)
	l.dead = true
	slow := 0
	for i := range 400 {
		r, took := l.nodes[i%8].lookup(fmt.Sprintf("n%d.example.", (i*7)%40))
		if r.Answer == nil {
			t.Fatalf("lookup %d: no answer in the outage", i)
		}
		if took > 100*time.Millisecond {
			slow++
		}
		l.run(200 * time.Millisecond)
	}
	if slow > 10 {
		t.Errorf("%d lookups took over 100ms; want at most 10", slow)
	}
	for _, n := range l.nodes {
		if n.Status(l.now).Upstream != Down {
			t.Errorf("host %d: upstream %v; want down", n.i, n.Status(l.now).Upstream)
		}
	}
	_, took := l.nodes[3].lookup("never.example.")
	if took > 100*time.Millisecond {
		t.Errorf("a name nobody knows failed after %v; want 100ms", took)
	}
}

func TestGroupIsAskedForWhatOnlyOneHostHolds(t *testing.T) {
	l := newLAN(t, 4)
	l.answers["rare.example."] = "203.0.113.9"
	l.nodes[2].lookup("rare.example.") // before anybody is there to be told
	l.settle()
	l.nodes[0].drops(question("rare.example."))
	l.dead = true
	l.run(3 * time.Minute)
	r, _ := l.nodes[0].lookup("rare.example.")
	if r.Answer == nil || r.Source != FromPeer {
		t.Fatalf("got %+v; want the answer of host 2", r)
	}
}

func TestRecoveryIsSeenWithinTenSeconds(t *testing.T) {
	l := newLAN(t, 8)
	l.answers["www.example."] = "203.0.113.7"
	l.settle()
	l.nodes[0].lookup("www.example.")
	l.dead = true
	l.run(2 * time.Minute)
	l.nodes[0].lookup("www.example.")
	l.run(2 * time.Minute)
	if got := l.nodes[5].Status(l.now).Upstream; got != Down {
		t.Fatalf("upstream is %v; want down", got)
	}
	l.dead = false
	l.run(10 * time.Second)
	for _, n := range l.nodes {
		if got := n.Status(l.now).Upstream; got != Up {
			t.Errorf("host %d, 10s after recovery: upstream %v; want up", n.i, got)
		}
	}
}

func TestServfailForThreeNamesIsAnOutage(t *testing.T) {
	l := newLAN(t, 3)
	for i := range 3 {
		l.answers[fmt.Sprintf("n%d.example.", i)] = "203.0.113.7"
	}
	l.settle()
	for i := range 3 {
		l.nodes[0].lookup(fmt.Sprintf("n%d.example.", i))
	}
	l.run(2 * time.Minute)
	l.refuses = true
	for i := range 3 {
		r, took := l.nodes[0].lookup(fmt.Sprintf("n%d.example.", i))
		if !r.Stale || took > 100*time.Millisecond {
			t.Errorf("n%d: got %+v after %v; want stale at once", i, r, took)
		}
	}
	l.run(time.Second)
	if got := l.nodes[1].Status(l.now).Upstream; got != Down {
		t.Errorf("upstream is %v; want down", got)
	}
}

func TestSoloSendsAndBelievesNothing(t *testing.T) {
	l := newLAN(t, 2)
	s := l.settings()
	s.Shares = false
	for _, n := range l.nodes {
		n.handle(Configure{s})
	}
	l.sent = nil
	l.answers["www.example."] = "203.0.113.7"
	l.nodes[0].lookup("www.example.")
	l.run(time.Minute)
	a, _ := l.answer(question("x.example."))
	l.nodes[1].handle(Received{From: l.nodes[0].addr, Link: 1, Group: true, Message: &wire.Message{
		From: l.nodes[0].self(), Seq: 99, Sent: l.now, Body: &wire.Announce{Answers: []wire.Aged{{Answer: a}}},
	}})
	if len(l.sent) != 0 || l.nodes[1].holdsInAll() != 0 {
		t.Errorf("sent %d datagrams, believed %d answers; want none", len(l.sent), l.nodes[1].holdsInAll())
	}
	if got := l.nodes[0].Status(l.now).Group; got != Solo {
		t.Errorf("group is %v; want solo", got)
	}
}

func TestJoinerKnowsWhatTheGroupKnows(t *testing.T) {
	l := newLAN(t, 3)
	for i := range 200 {
		l.answers[fmt.Sprintf("n%d.example.", i)] = "203.0.113.7"
	}
	l.settle()
	for i := range 200 {
		l.nodes[i%3].lookup(fmt.Sprintf("n%d.example.", i))
	}
	l.dead = true
	l.run(10 * time.Minute)
	n := l.addNode(3, 0)
	n.handle(Configure{l.settings()})
	l.run(5 * time.Second)
	if got := n.holdsInAll(); got < 200 {
		t.Errorf("5s after joining in mid-outage: %d answers; want 200", got)
	}
}

func TestLossDoesNotLoseNames(t *testing.T) {
	l := newLAN(t, 8)
	l.loss = 0.2
	for i := range 100 {
		l.answers[fmt.Sprintf("n%d.example.", i)] = "203.0.113.7"
	}
	l.run(30 * time.Second)
	for i := range 100 {
		l.nodes[i%8].lookup(fmt.Sprintf("n%d.example.", i))
	}
	l.run(2 * time.Minute)
	l.dead = true
	for i := range 100 {
		for _, n := range l.nodes {
			if r, _ := n.lookup(fmt.Sprintf("n%d.example.", i)); r.Answer == nil {
				t.Errorf("host %d: n%d.example. did not resolve", n.i, i)
			}
		}
	}
}
