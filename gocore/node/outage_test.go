package node

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/upstream"
)

// learn makes every name known to the group, and lets all TTLs run out.
func (l *lan) learn(names int) {
	for i := range names {
		l.answers[fmt.Sprintf("n%d.example.", i)] = "203.0.113.7"
	}
	l.settle()
	for i := range names {
		l.nodes[i%len(l.nodes)].lookup(fmt.Sprintf("n%d.example.", i))
	}
	l.run(2 * l.ttl)
}

func TestHostThatIsCutOffGetsFreshAnswersThroughAPeer(t *testing.T) {
	l := newLAN(t, 5)
	l.learn(20)
	n := l.nodes[2]
	n.cut = true
	fresh := 0
	for i := range 20 {
		r, _ := n.lookup(fmt.Sprintf("n%d.example.", i))
		if r.Answer != nil && !r.Stale {
			fresh++
		}
		l.run(200 * time.Millisecond)
	}
	if fresh < 17 {
		t.Errorf("%d of 20 lookups were fresh; want all but the first few", fresh)
	}
	r, took := n.lookup("new.example.")
	if r.Answer == nil || r.Answer.Kind != dns.NXDomain || took > 500*time.Millisecond {
		t.Errorf("a name nobody looked up: got %+v after %v; want a peer to ask for it", r, took)
	}
	if got := n.Status(l.now).Upstream; got != Suspect {
		t.Errorf("upstream of the host that is cut off is %v; want suspect, never down", got)
	}
	for _, other := range l.nodes {
		if other != n && other.Status(l.now).Upstream != Up {
			t.Errorf("host %d: upstream %v because another host is cut off", other.i, other.Status(l.now).Upstream)
		}
	}
	n.cut = false
	l.run(45 * time.Second)
	if got := n.Status(l.now).Upstream; got != Up {
		t.Errorf("path mended: upstream %v; want up", got)
	}
}

func TestFallbackServerAnswersNewNamesOnlyWhileDown(t *testing.T) {
	l := newLAN(t, 3)
	s := l.settings()
	fallback := netip.MustParseAddrPort("198.51.100.53:53")
	s.Fallback = []Server{{Addr: fallback, ID: dns.HashServer(fallback)}}
	s.Search = []string{"corp.example."}
	for _, n := range l.nodes {
		n.handle(Configure{s})
	}
	l.learn(3)
	l.answers["new.example."], l.answers["x.corp.example."] = "203.0.113.8", "203.0.113.9"
	l.dead = true
	r, took := l.nodes[1].lookup("new.example.")
	if r.Answer == nil || r.Answer.Server != s.Fallback[0].ID || took > 2*time.Second {
		t.Errorf("never seen name: got %+v after %v; want it from the fallback server within 2s", r, took)
	}
	if r, _ := l.nodes[1].lookup("x.corp.example."); r.Answer != nil {
		t.Errorf("name under a search domain: got %+v; want no answer from a fallback server", r)
	}
	l.dead = false
	l.run(10 * time.Second)
	if r, _ := l.nodes[1].lookup("new.example."); r.Answer == nil || r.Answer.Server != s.Servers[0].ID {
		t.Errorf("own server back: got %+v; want its answer", r)
	}
}

func TestPeerThatDoesNotHearMulticastIsSentUnicast(t *testing.T) {
	l := newLAN(t, 4)
	l.settle()
	l.silent = map[int]bool{1: true}
	l.run(2 * time.Minute)
	l.answers["www.example."] = "203.0.113.7"
	l.nodes[1].lookup("www.example.")
	l.run(time.Second)
	for _, n := range l.nodes {
		if r, _ := n.lookup("www.example."); r.Answer == nil {
			t.Errorf("host %d: no answer", n.i)
		}
		deaf := 0
		if n == l.nodes[1] {
			deaf = 3 // none of the others hears it
		}
		if s := n.Status(l.now); s.Peers != 3 || s.Deaf != deaf {
			t.Errorf("host %d: %d peers, %d deaf; want 3 and %d", n.i, s.Peers, s.Deaf, deaf)
		}
	}
	if got := l.asked[question("www.example.")]; got != 1 {
		t.Errorf("server asked %d times; want 1", got)
	}
	if len(l.nodes[1].logs) == 0 {
		t.Error("nothing was said about it")
	}
}

// What nobody asked for lately waits until somebody does, or a host that was never switched
// off would renew its whole memory after each outage.
func TestOutagesEndRenewsWhatWasUsedInTheLastHour(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	l.settle()
	n.lookup("old.example.")
	l.run(time.Hour)
	n.lookup("new.example.")
	l.run(2 * time.Minute)
	l.dead = true
	n.lookup("other.example.")
	l.run(10 * time.Second)
	l.dead = false
	clear(l.asked)
	l.run(time.Minute)
	if n.Status(l.now).Upstream != Up || l.asked[question("new.example.")] == 0 || l.asked[question("old.example.")] != 0 {
		t.Errorf("upstream %v, asked %v; want it up, the name of three minutes ago, and not that of an hour ago", n.Status(l.now).Upstream, l.asked)
	}
}

func TestOutagesEndRenewsTwoHundredNamesAtMost(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	l.settle()
	for i := range 250 {
		n.lookup(fmt.Sprintf("n%d.example.", i))
	}
	l.run(2 * time.Minute)
	l.dead = true
	n.lookup("other.example.")
	l.run(10 * time.Second)
	l.dead = false
	l.run(3 * time.Second)
	clear(l.asked)
	if l.run(20 * time.Minute); len(l.asked) < 190 || len(l.asked) > 200 {
		t.Errorf("%d names were renewed in 20 minutes; want 200", len(l.asked))
	}
}

func TestRecoveryRefreshesWithoutAStorm(t *testing.T) {
	l := newLAN(t, 8)
	l.ttl = 300 * time.Second
	l.learn(100)
	l.dead = true
	for i := range 800 {
		l.nodes[i%8].query(fmt.Sprintf("n%d.example.", i%100))
		l.run(50 * time.Millisecond)
	}
	l.dead = false
	l.run(10 * time.Second)
	before := 0
	for _, asked := range l.asked {
		before += asked
	}
	const watched = 30
	l.run(watched * time.Second)
	after := -before
	for _, asked := range l.asked {
		after += asked
	}
	if after > 8*2*watched {
		t.Errorf("%d questions in %d s of 8 hosts after recovery; want under 2 per host and second", after, watched)
	}
	if after == 0 {
		t.Error("nothing was refreshed")
	}
}

func TestColdBootOfAllHostsWithTheServerDead(t *testing.T) {
	l := newLAN(t, 5)
	l.learn(50)
	l.dead = true
	saved := make([][]Entry, 5)
	for i, n := range l.nodes {
		saved[i], _ = n.Changes(l.now, 0)
		n.off = true
	}
	l.run(time.Hour)
	for i := range 5 {
		n := l.addNode(i, 7)
		n.handle(Configure{l.settings()})
		n.handle(Restore{saved[i]})
	}
	for i := range 50 {
		n := l.nodes[(i+2)%5]
		r, took := n.lookup(fmt.Sprintf("n%d.example.", i))
		if r.Answer == nil || took > 300*time.Millisecond {
			t.Errorf("n%d on host %d: got %+v after %v; want stale within 300ms of boot", i, n.i, r, took)
		}
	}
}

func TestHostThatIsDownByHearsayWaitsForItsOwnQuestion(t *testing.T) {
	l := newLAN(t, 4)
	l.learn(4)
	l.answers["new.example."] = "203.0.113.8"
	n := l.nodes[3]
	n.forced().Down(l.now, 0, false) // what lost datagrams can make it believe
	r, took := n.lookup("new.example.")
	if r.Answer == nil || r.Answer.Kind != dns.Positive || took > 100*time.Millisecond {
		t.Errorf("got %+v after %v; want the server's answer", r, took)
	}
	if got := n.Status(l.now).Upstream; got != Up {
		t.Errorf("upstream is %v after own success; want up", got)
	}
	l.dead = true
	n.forced().Down(l.now, 0, false)
	n.lookup("other.example.") // sees for itself
	if r, took := n.lookup("another.example."); r.Answer != nil || took > 100*time.Millisecond {
		t.Errorf("server dead, seen for itself: got %+v after %v; want a failure within 100ms", r, took)
	}
}

func TestRestartInAnOutageAsksPeersBlindly(t *testing.T) {
	l := newLAN(t, 3)
	l.learn(10)
	l.dead = true
	l.nodes[0].lookup("n0.example.")
	l.run(time.Minute)
	l.nodes[1].off = true
	n := l.addNode(1, 5) // nothing saved yet
	n.handle(Configure{l.settings()})
	if r, took := n.lookup("n3.example."); r.Answer == nil || took > 400*time.Millisecond {
		t.Errorf("got %+v after %v; want a peer's answer within 400ms of the start", r, took)
	}
}

func TestRestartInAnOutageKnowsOfItBeforeProgramsAsk(t *testing.T) {
	l := newLAN(t, 2)
	l.learn(4)
	l.dead = true
	saved, _ := l.nodes[1].Changes(l.now, 0)
	n := l.addNode(1, 5)
	n.handle(Configure{l.settings()})
	n.handle(Restore{saved})
	l.run(600 * time.Millisecond)
	if r, took := n.lookup("n1.example."); !r.Stale || took > time.Millisecond {
		t.Errorf("600ms after the start: got %+v after %v; want stale at once", r, took)
	}
}

func TestPausedMachineMakesAnswersOlderNeverYounger(t *testing.T) {
	l := newLAN(t, 1)
	l.answers["www.example."] = "203.0.113.7"
	n := l.nodes[0]
	n.lookup("www.example.")
	n.handle(Paused{By: time.Hour})
	if e, ok := n.Entry(l.now, question("www.example.")); !ok || e.Age < time.Hour {
		t.Errorf("got age %v; want over an hour", e.Age)
	}
	n.lookup("www.example.")
	if got := l.asked[question("www.example.")]; got != 2 {
		t.Errorf("server asked %d times; want twice: the answer has expired", got)
	}
}

// withFallback gives all hosts a fallback server.
func (l *lan) withFallback() Server {
	addr := netip.MustParseAddrPort("198.51.100.53:53")
	fallback := Server{Addr: addr, ID: dns.HashServer(addr)}
	l.configure(func(s *Settings) { s.Fallback = []Server{fallback} })
	return fallback
}

func TestHearsayEndsByOwnSuccessWithAFallbackServerToo(t *testing.T) {
	l := newLAN(t, 3)
	l.withFallback()
	l.learn(3)
	l.answers["new.example."] = "203.0.113.8"
	n := l.nodes[2]
	n.forced().Down(l.now, 0, false)
	n.lookup("new.example.")
	l.run(50 * time.Millisecond)
	if got := n.Status(l.now).Upstream; got != Up {
		t.Errorf("upstream is %v after the server answered; want up", got)
	}
}

func TestLookupThatWaitsWhenTheOutageBeginsGoesToTheFallbackServer(t *testing.T) {
	for wait := time.Duration(0); wait < 900*time.Millisecond; wait += 30 * time.Millisecond {
		l := newLAN(t, 3)
		l.withFallback()
		l.learn(3)
		l.delay = 200 * time.Millisecond // of the fallback server
		l.answers["new.example."] = "203.0.113.8"
		l.dead = true
		l.nodes[0].query("n0.example.")
		l.nodes[1].query("n1.example.")
		l.run(wait)
		if r, took := l.nodes[0].lookup("new.example."); r.Answer == nil || took > 2*time.Second {
			t.Errorf("asked %v after the server died: got %+v after %v; want the fallback server's answer within 2s", wait, r, took)
		}
	}
}

func TestHostThatIsCutOffIsToldByAnotherUserOfItsServer(t *testing.T) {
	l := newLAN(t, 40)
	other := netip.MustParseAddrPort("198.51.100.9:53")
	for _, n := range l.nodes[3:] {
		s := l.settings()
		s.Servers = []Server{{Addr: other, ID: dns.HashServer(other)}}
		n.handle(Configure{s})
	}
	l.known(10)
	l.run(time.Minute)
	for i := range 10 {
		l.nodes[i%3].lookup(fmt.Sprintf("n%d.example.", i))
	}
	l.run(2 * time.Minute)
	l.nodes[0].cut = true
	for i := range 10 {
		l.nodes[0].lookup(fmt.Sprintf("n%d.example.", i))
		l.run(100 * time.Millisecond)
	}
	for _, n := range l.nodes[:3] {
		if n.outage() != 0 {
			t.Errorf("host %d: an outage, because one of three users of its server is cut off", n.i)
		}
	}
}

func TestServerThatIsSlowToBeReachedAtBootCostsNoLookup(t *testing.T) {
	l := newLAN(t, 1)
	l.answers["www.example."] = "203.0.113.7"
	l.dead = true
	l.run(time.Second)
	if got := l.nodes[0].Status(l.now).Upstream; got != Down {
		t.Fatalf("upstream %v; want down", got)
	}
	result := l.nodes[0].query("www.example.")
	l.run(300 * time.Millisecond)
	l.dead = false
	l.run(time.Second)
	if r := result(); r == nil || r.Answer == nil {
		t.Errorf("got %+v; want the answer that the server could give 300ms later", r)
	}
}

// A server that says nothing for less than a second and a half is no outage to a
// host without mcdns, and a new name is asked for at any moment of it.
func TestShortSilenceLosesNoNewName(t *testing.T) {
	for _, silence := range []time.Duration{600, 700, 1000, 1500} {
		l := newLAN(t, 4)
		l.learn(8)
		asked := map[string]func() *Result{}
		l.dead = true
		for i, end := 0, l.now+silence*time.Millisecond; l.now < end; i++ {
			name := fmt.Sprintf("new%d.example.", i)
			l.answers[name] = "203.0.113.9"
			asked[name] = l.nodes[i%4].query(name)
			l.run(50 * time.Millisecond)
		}
		l.dead = false
		l.run(time.Second)
		for name, result := range asked {
			if r := result(); r == nil || r.Answer == nil {
				t.Errorf("%s, silence of %d ms: got %+v a second after it; want an answer (seed %d)", name, silence, r, seed)
			}
		}
	}
}

// What reaches no server is not waited for, however young the outage is.
func TestUnreachableServerIsNotWaitedFor(t *testing.T) {
	l := newLAN(t, 2)
	l.learn(4)
	l.onAsk = func(e Ask) {
		l.at(l.now+passage, func(time.Duration) {
			for _, n := range l.nodes {
				n.handle(Replied{Ask: e.ID, Failure: Unreachable})
			}
		})
	}
	l.dead = true
	l.nodes[0].lookup("first.example.")
	if !l.nodes[0].allDown() {
		t.Fatal("the outage is not known")
	}
	if r, took := l.nodes[0].lookup("second.example."); r.Answer != nil || took > 100*time.Millisecond {
		t.Errorf("got %+v after %v; want a failure within 100ms (seed %d)", r, took, seed)
	}
}

// Each host's first new name in an outage is its own look at a server that it knows
// to be down by hearsay only: two quick time-outs, not two slow ones.
func TestFirstNewNameByHearsayFailsAtOnce(t *testing.T) {
	l := newLAN(t, 8)
	l.learn(8)
	l.dead = true
	l.nodes[0].lookup("new.example.")
	l.run(5 * time.Second)
	looks := 0
	for i, n := range l.nodes {
		if !n.allDown() || !n.servers().Hearsay() {
			continue
		}
		looks++
		if r, took := n.lookup(fmt.Sprintf("new%d.example.", i)); r.Answer != nil || took > 100*time.Millisecond {
			t.Errorf("host %d: got %+v after %v; want a failure within 100ms (seed %d)", i, r, took, seed)
		}
	}
	if looks == 0 {
		t.Error("no host knows by hearsay")
	}
}

// Whoever waits for a fallback server when the own ones are back is served by them,
// and the fallback server is not asked once more.
func TestFallbackIsNotAskedOnceServersAreBack(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	fallback := l.withFallback()
	l.learn(2)
	l.dead = true
	n.lookup("first.example.")
	l.run(5 * time.Second)
	l.answers["new.example."] = "203.0.113.9"
	back, late := false, 0
	l.onAsk = func(e Ask) {
		if back && e.Server == fallback.Addr {
			late++
		}
	}
	l.askLoss = 1 // nobody hears the first questions
	result := n.query("new.example.")
	l.run(50 * time.Millisecond)
	l.askLoss, l.dead, back = 0, false, true
	id, _ := n.servers().At(0)
	n.serverSaid(l.now, id, upstream.Reply{Sent: l.now - 20*time.Millisecond, Began: l.now - 20*time.Millisecond})
	l.run(time.Second)
	if r := result(); r == nil || r.Answer == nil || r.Source != FromServer || late > 0 {
		t.Errorf("got %+v, the fallback server asked %d times; want the server's answer and 0 (seed %d)", r, late, seed)
	}
}
