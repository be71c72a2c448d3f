package node

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"mcdns/gocore/wire"
)

// A host whose path to the server is cut gets fresh answers through peers, also
// where a fifth of all frames is lost: names that nobody has looked up yet. Where
// peers did not look for it after a doubt of two seconds before, two helpers were
// asked once each, and one lost probe made a doubt, 174 of 400 lookups found nothing.
func TestCutOffHostIsHelpedThroughLoss(t *testing.T) {
	const rounds, lookups = 100, 10
	wrong, logs := 0, ""
	for round := range rounds {
		l := newLAN(t, 8)
		l.rand = rand.New(rand.NewPCG(uint64(round), 0))
		l.loss, l.askLoss = 0.2, 0.36
		for i, n := range l.nodes { // or their HELLOs come at the same times in each round
			n.rand = rand.New(rand.NewPCG(uint64(round), uint64(i)))
		}
		names := l.known(40)
		l.run(30 * time.Second)
		for i, name := range names {
			l.nodes[i%8].query(name)
			l.run(50 * time.Millisecond)
		}
		n := l.nodes[0]
		n.cut = true
		before := wrong
		for i := range lookups {
			name := fmt.Sprintf("new%d.example.", i)
			l.answers[name] = "203.0.113.7"
			if r, _ := n.lookup(name); r.Answer == nil || r.Stale {
				wrong++
			}
			l.run(300 * time.Millisecond)
		}
		if wrong > before {
			logs += fmt.Sprintf("\nseed %d: %d wrong; host 0 said %q, host 1 %q", round, wrong-before, n.logs, l.nodes[1].logs)
		}
	}
	t.Logf("%d of %d wrong", wrong, rounds*lookups)
	// What is left are rounds in which every word of the peers was lost: the host
	// says "down", until their next HELLO. Of 1000 rounds those were 7, and 99 lookups
	// of 10,000; of 100 rounds no more than three.
	if wrong > 3*lookups {
		t.Errorf("%d of %d lookups of a cut-off host had no fresh answer; want at most %d%s", wrong, rounds*lookups, 3*lookups, logs)
	}
}

// A host that took its own broken path for an outage learns better from the first
// peer that says how it does.
func TestDownForOneHostAloneBecomesCutOff(t *testing.T) {
	l := newLAN(t, 4)
	names := l.known(8)
	l.settle()
	for i, name := range names {
		l.nodes[i%4].lookup(name)
	}
	n := l.nodes[0]
	n.cut = true
	n.forced().Down(l.now, 0, true)
	for i := range 30 { // some refresh or lookup of the others: their HELLO says so
		l.nodes[1+i%3].lookup(names[i%8])
		l.run(time.Second)
	}
	l.answers["new.example."] = "203.0.113.7"
	if r, took := n.lookup("new.example."); r.Answer == nil || took > time.Second {
		t.Errorf("got %+v after %v; want an answer through a peer (seed %d)", r, took, seed)
	}
}

// A host that takes itself for cut off when the server dies learns of the outage
// with the others: it was cut off for half a minute, and asked no fallback server.
func TestHostThatIsCutOffLearnsOfAnOutage(t *testing.T) {
	l := newLAN(t, 8)
	names := l.known(40)
	l.run(time.Minute)
	for i, name := range names {
		l.nodes[i%8].query(name)
		l.run(20 * time.Millisecond)
	}
	n := l.nodes[0]
	n.cut = true
	for i := 0; !n.servers().CutOff(l.now); i++ {
		n.query(fmt.Sprintf("new%d.example.", i))
		l.run(50 * time.Millisecond)
	}
	n.cut, l.dead = false, true
	began := l.now
	for i := 0; !n.allDown() && l.now < began+10*time.Second; i++ {
		l.nodes[i%8].query(fmt.Sprintf("newer%d.example.", i))
		l.run(50 * time.Millisecond)
	}
	if took := l.now - began; took > 2*time.Second {
		t.Errorf("host 0 knew of the outage after %v; want 2s (seed %d)", took, seed)
	}
}

// What the status says of the time, and what the log says, is so: "suspect" was said
// to have lasted since the start, "up" through the time in which the host was cut
// off, and the log never said that this was over.
func TestCutOffIsToldFromItsBeginningToItsEnd(t *testing.T) {
	l := newLAN(t, 4)
	l.known(8)
	l.run(time.Minute)
	n := l.nodes[0]
	said := func(what string) (times int) {
		for _, line := range n.logs {
			if strings.HasPrefix(line, what) {
				times++
			}
		}
		return times
	}
	n.cut = true
	began := l.now
	for i := range 40 { // longer than one judgement stands
		n.query(fmt.Sprintf("new%d.example.", i))
		l.run(time.Second)
	}
	cut := l.now - began
	if s := n.Status(l.now); s.Upstream != Suspect || s.Since < cut-3*time.Second || s.Since > cut {
		t.Errorf("cut off for %v: %v for %v (seed %d)", cut, s.Upstream, s.Since, seed)
	}
	if got := said("cut off:"); got != 1 {
		t.Errorf("its beginning was logged %d times; want once: %q", got, n.logs)
	}
	n.cut = false
	n.lookup("www.example.")
	l.run(time.Second)
	if s := n.Status(l.now); s.Upstream != Up || s.Since > 3*time.Second {
		t.Errorf("back for a second: %v for %v (seed %d)", s.Upstream, s.Since, seed)
	}
	if got := said("no longer cut off"); got != 1 {
		t.Errorf("its end was logged %d times; want once: %q", got, n.logs)
	}
	if s := l.nodes[1].Status(l.now); s.Upstream != Up || s.Since < cut {
		t.Errorf("a peer that was well all the time: %v for %v", s.Upstream, s.Since)
	}
}

// A peer that doubts, and another that has success, say nothing of this host's own
// path: one lost datagram of its own, answered at the second try, does not either.
func TestPeersDoubtMakesNobodyCutOff(t *testing.T) {
	l := newLAN(t, 3)
	names := l.known(10)
	l.run(time.Minute)
	for i, name := range names {
		l.nodes[i%3].lookup(name)
	}
	n := l.nodes[0]
	l.askLoss = 1
	n.query("lost.example.")
	id, _ := n.servers().At(0)
	l.run(n.server(id).Wait(1) - time.Millisecond)
	l.askLoss = 0
	l.run(20 * time.Millisecond)
	l.askLoss = 1 // its looks are lost, too
	doubt := denial
	doubt.Suspect = true
	l.says(l.nodes[1], n, doubt)
	l.says(l.nodes[2], n, claim)
	if s := n.first(); s.State != Suspect {
		t.Fatalf("the doubt was not heard: %+v", s)
	}
	l.run(time.Second)
	if s := n.first(); s.State != Up || s.CutOff {
		t.Errorf("got %+v; want up, and not cut off (seed %d)", s, seed)
	}
}

// A doubt that comes within two seconds of the last look for a peer is no less one:
// if nobody answers it the server is judged, when the two seconds are over.
func TestDoubtSoonAfterTheLastLookIsHeard(t *testing.T) {
	l := newLAN(t, 3)
	names := l.known(10)
	l.run(time.Minute)
	for i, name := range names {
		l.nodes[i%3].lookup(name)
	}
	n := l.nodes[0]
	doubt := denial
	doubt.Suspect = true
	for range 2 { // the first is judged, for the second this host looks and owes an answer
		l.says(l.nodes[1], n, doubt)
		l.run(400 * time.Millisecond)
	}
	if s := n.first(); s.State != Up {
		t.Fatalf("got %+v; want a server that is well (seed %d)", s, seed)
	}
	l.dead = true
	l.says(l.nodes[1], n, doubt)
	l.run(2*time.Second + 300*time.Millisecond + time.Second)
	if s := n.first(); s.State != Down {
		t.Errorf("got %+v; want down (seed %d)", s, seed)
	}
}

// "Down" ends "cut off": status said both of one server for up to half a minute, and
// lookups waited for helpers of which there were none.
func TestDownEndsCutOff(t *testing.T) {
	l := newLAN(t, 3)
	l.known(8)
	l.settle()
	n := l.nodes[0]
	n.forced().Doubt(l.now, 0)
	l.says(l.nodes[1], n, claim)
	n.forced().Judge(l.now, 0)
	if s := n.first(); !s.CutOff {
		t.Fatalf("the host is not cut off: %+v", s)
	}
	n.forced().Down(l.now, 0, true)
	if st := n.Status(l.now).Servers[0]; st.State != Down || st.CutOff || n.servers().CutOff(l.now) {
		t.Errorf("status says %v, and cut off: %v, lookups %v; want down alone (seed %d)", st.State, st.CutOff, n.servers().CutOff(l.now), seed)
	}
}

// Hosts that met while they were busy know one another's clocks badly, by as much as a
// PROVE was under way: "up here" of now seemed to be from before the doubt, and a host that
// was cut off said "down" for as long as they lived.
func TestCutOffHostIsHelpedByHostsThatMetWhenBusy(t *testing.T) {
	for _, late := range []time.Duration{40 * time.Millisecond, 400 * time.Millisecond} {
		l := newLAN(t, 20)
		l.mangle = func(_, _ *testNode, in Received) []time.Duration {
			if _, ok := in.Message.Body.(*wire.Prove); ok && l.now < lanStart+5*time.Second {
				return []time.Duration{late}
			}
			return []time.Duration{time.Millisecond}
		}
		names := l.known(40)
		l.run(time.Minute)
		for i, name := range names {
			l.nodes[i%20].query(name)
			l.run(10 * time.Millisecond)
		}
		n := l.nodes[0]
		n.cut = true
		for i := range 10 {
			name := fmt.Sprintf("new%d.example.", i)
			l.answers[name] = "203.0.113.7"
			if r, took := n.lookup(name); r.Answer == nil {
				t.Errorf("a PROVE took %v: %s failed after %v (seed %d): %q", late, name, took, seed, n.logs)
			}
			l.run(300 * time.Millisecond)
		}
		if n.outage() > 0 {
			t.Errorf("a PROVE took %v: the host took itself for one in an outage (seed %d): %q", late, seed, n.logs)
		}
	}
}
