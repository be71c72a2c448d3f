package node

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// known lists names and makes the server know them.
func (l *lan) known(names int) (list []string) {
	for i := range names {
		list = append(list, fmt.Sprintf("n%d.example.", i))
		l.answers[list[i]] = "203.0.113.7"
	}
	return list
}

func TestFewHostsOfAHundredRefreshWhatAllUse(t *testing.T) {
	for _, ttl := range []time.Duration{10 * time.Second, time.Minute, time.Hour} {
		l := newLAN(t, 100)
		l.ttl, l.delay = ttl, 20*time.Millisecond
		l.answers["www.example."] = "203.0.113.7"
		l.run(20 * time.Second)
		l.nodes[0].lookup("www.example.")
		window := min(ttl/10, 2*time.Second)
		l.run(ttl - window - 50*time.Millisecond)
		before := l.asked[question("www.example.")]
		for l.now < lanStart+20*time.Second+2*ttl-window { // every host asks again and again
			for _, n := range l.nodes {
				n.query("www.example.")
			}
			l.run(window / 20)
			if l.asked[question("www.example.")] > before && l.nodes[99].holds(l.now, question("www.example.")).Age(l.now) < ttl/2 {
				break
			}
		}
		l.run(window)
		if got := l.asked[question("www.example.")] - before; got < 1 || got > 3 {
			t.Errorf("TTL %v: %d of 100 hosts asked for the refresh; want 1 to 3 (seed %d)", ttl, got, seed)
		}
	}
}

func TestSoleDemanderRefreshesBeforeTheEndWhateverItsRank(t *testing.T) {
	l := newLAN(t, 20)
	l.settle()
	for _, n := range l.nodes {
		name := fmt.Sprintf("only%d.example.", n.i)
		l.answers[name] = "203.0.113.7"
		n.lookup(name)
	}
	l.run(l.ttl - 1990*time.Millisecond)
	for _, n := range l.nodes {
		n.query(fmt.Sprintf("only%d.example.", n.i)) // once, at the window's start
	}
	l.run(1970 * time.Millisecond)
	for _, n := range l.nodes {
		if e := n.holds(l.now, question(fmt.Sprintf("only%d.example.", n.i))); e.Age(l.now) > 3*time.Second {
			t.Errorf("host %d: its name was not refreshed before the TTL ended", n.i)
		}
	}
}

// A fifth of all questions and datagrams lost, no outage: "down" is rare and
// short, alone and in a group.
func TestLossIsNoOutage(t *testing.T) {
	for _, hosts := range []int{1, 8} {
		l := newLAN(t, hosts)
		l.loss, l.askLoss = 0.2, 0.2
		names := l.known(200)
		l.ttl = 5 * time.Second
		l.settle()
		down, looks := 0, 0
		for i := range 1500 {
			l.nodes[i%hosts].query(names[i%200])
			l.run(200 * time.Millisecond)
			for _, n := range l.nodes {
				looks++
				if n.allDown() {
					down++
				}
			}
		}
		t.Logf("%d hosts: down for %d of %d looks", hosts, down, looks)
		if down > looks/100 {
			t.Errorf("%d hosts, a fifth lost: down for %d of %d looks; want at most 1 %% (seed %d)", hosts, down, looks, seed)
		}
	}
}

// After a quiet hour a resolver must look everything up itself: the name asked
// for and those that probes ask for. It is slow then, but not dead.
func TestColdNamesDoNotFail(t *testing.T) {
	for _, hosts := range []int{1, 3, 8} {
		for _, cold := range []time.Duration{300, 500, 800, 1500, 2500} {
			l := newLAN(t, hosts)
			l.slow = map[string]time.Duration{}
			names, n := l.known(40), l.nodes[0]
			l.ttl = 20 * time.Second
			l.settle()
			for _, name := range names {
				n.lookup(name)
				l.slow[name] = cold * time.Millisecond
			}
			l.run(time.Minute)
			for i := range 5 {
				name := fmt.Sprintf("cold%d.example.", i)
				l.answers[name], l.slow[name] = "203.0.113.5", cold*time.Millisecond
				if r, took := n.lookup(name); r.Answer == nil {
					t.Errorf("%d hosts: %s failed after %v; its answer takes %v", hosts, name, took, cold*time.Millisecond)
				}
				l.run(2 * time.Second)
			}
		}
	}
}

func TestThreeBrokenNamesAreNoOutageForAHostAlone(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	l.known(3)
	n.lookup("n0.example.")
	var asks []uint64 // for programs
	l.onEffect = func(_ *testNode, e Effect) {
		if a, is := e.(Ask); is && a.Asker != Itself {
			asks = append(asks, a.ID)
		}
	}
	for i := range 5 { // a broken zone, while the server is well
		n.handle(Lookup{ID: 1000 + uint64(i), Question: question(fmt.Sprintf("broken%d.example.", i))})
		for len(asks) > 0 {
			id := asks[0]
			asks = asks[1:]
			n.handle(Replied{Ask: id, Failure: Refused})
		}
		l.run(100 * time.Millisecond)
	}
	l.run(time.Second)
	if n.allDown() || n.outage() != 0 {
		t.Errorf("down %v, %d outages for three names of one broken zone", n.allDown(), n.outage())
	}
}

func TestCutOffHostDoesNotDisturbTheGroup(t *testing.T) {
	l := newLAN(t, 20)
	names := l.known(100)
	l.settle()
	l.nodes[7].lookup(names[0])
	l.nodes[7].cut = true
	l.sent, l.asked = nil, map[dns.Question]int{}
	for i := range 300 { // a minute of lookups
		l.nodes[7].query(names[i%100])
		l.run(200 * time.Millisecond)
	}
	hellos := len(take[*wire.Hello](l, nil))
	// 20 hosts say 120 HELLOs a minute; each doubt of the one may cost seven.
	if hellos > 120+60 {
		t.Errorf("%d HELLOs in a minute with one host cut off; want about 120", hellos)
	}
	for _, n := range l.nodes {
		if n.outage() != 0 {
			t.Errorf("host %d: %d outages, because another host is cut off", n.i, n.outage())
		}
	}
}

// A peer with the key that doubts with every datagram, and lies about success.
func TestLyingPeerCostsFewProbesAndNoOutage(t *testing.T) {
	l := newLAN(t, 10)
	names := l.known(20)
	l.settle()
	for i, n := range l.nodes {
		n.lookup(names[i])
	}
	liar := l.nodes[9]
	l.sent, l.asked = nil, map[dns.Question]int{}
	for range 600 { // a minute
		liar.seq++
		msg := &wire.Message{From: liar.self(), Seq: liar.seq, Sent: l.now, Body: &wire.Hello{}, Servers: []wire.ServerState{
			{Server: dns.HashServer(l.server), Success: wire.Never, Failure: 0, Suspect: true},
		}}
		for _, n := range l.nodes[:9] {
			n.handle(Received{Message: msg, From: liar.addr, Link: 1, Group: true})
		}
		l.run(100 * time.Millisecond)
	}
	asked := 0
	for _, count := range l.asked {
		asked += count
	}
	if asked > 60*5+20 {
		t.Errorf("%d probes in a minute; want ten every two seconds at most", asked)
	}
	if got := len(take[*wire.Hello](l, nil)); got > 60*3+60 {
		t.Errorf("%d HELLOs in a minute for one lying peer", got)
	}
	for _, n := range l.nodes[:9] {
		if n.outage() != 0 || n.servers().Best() != Up {
			t.Errorf("host %d: %d outages by a peer's word against its own success", n.i, n.outage())
		}
	}
}

func TestDownIsLearntByAllFromOne(t *testing.T) {
	l := newLAN(t, 50)
	names := l.known(100)
	l.settle()
	for i, name := range names {
		l.nodes[i%50].lookup(name)
	}
	l.run(2 * time.Minute)
	l.dead = true
	l.asked = map[dns.Question]int{}
	for i := range 3 {
		l.nodes[0].query(names[i])
	}
	l.run(1500 * time.Millisecond)
	for _, n := range l.nodes {
		if !n.allDown() {
			t.Errorf("host %d does not know of the outage 1.5s after the first lookup", n.i)
		}
	}
	probed := 0
	for _, count := range l.asked {
		probed += count
	}
	if probed > 40 {
		t.Errorf("the dead server was asked %d times; want the doubter's tries and five probes", probed)
	}
	l.asked = map[dns.Question]int{}
	l.run(time.Minute)
	probed = 0
	for _, count := range l.asked {
		probed += count
	}
	if probed > 60*3 {
		t.Errorf("%d probes in a minute of outage among 50 hosts; want at most about 2 a second", probed)
	}
}

func TestRecoveryIsSaidByFew(t *testing.T) {
	l := newLAN(t, 100)
	l.known(10)
	l.run(20 * time.Second)
	l.nodes[0].lookup("n0.example.")
	l.dead = true
	l.run(90 * time.Second)
	for i := range 10 {
		l.nodes[0].query(fmt.Sprintf("n%d.example.", i))
	}
	l.run(30 * time.Second)
	l.dead, l.sent = false, nil
	l.run(8 * time.Second)
	for _, n := range l.nodes {
		if n.allDown() {
			t.Errorf("host %d is still down 8s after recovery", n.i)
		}
	}
	if got := len(take[*wire.Hello](l, nil)); got > 40 {
		t.Errorf("%d HELLOs in the 8s of a recovery among 100 hosts; want the usual 16 and few more", got)
	}
}

// other is the address of a second DNS server, which is never dead.
func (l *lan) other() netip.AddrPort { return netip.MustParseAddrPort("192.0.2.54:53") }

func TestOneServerOfTwoMayDieOrLie(t *testing.T) {
	for _, refuses := range []bool{false, true} {
		l := newLAN(t, 3)
		names := l.known(60)
		s := l.settings()
		s.Servers = []Server{{Addr: l.server, ID: dns.HashServer(l.server)}, {Addr: l.other(), ID: dns.HashServer(l.other())}}
		for _, n := range l.nodes {
			n.handle(Configure{s})
		}
		l.settle()
		for _, n := range l.nodes {
			n.lookup(names[n.i])
		}
		l.dead = !refuses // swallows what is asked of the first; the second answers
		if refuses {
			l.sick = l.server
		}
		slow := 0
		for i, name := range names[3:] {
			r, took := l.nodes[i%3].lookup(name)
			if r.Answer == nil || r.Stale {
				t.Errorf("refuses %v: %s got %+v; want the second server's answer", refuses, name, r)
			}
			if took > 100*time.Millisecond {
				slow++
			}
			l.run(100 * time.Millisecond)
		}
		if slow > 3 || l.nodes[0].allDown() || l.nodes[0].outage() != 0 {
			t.Errorf("refuses %v: %d of 57 lookups slow, %d outages; want few and none", refuses, slow, l.nodes[0].outage())
		}
	}
}

func TestNewServersAreAskedAtOnceAndOldOnesNoMore(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	l.known(3)
	l.dead = true
	n.query("n0.example.")
	l.run(2 * time.Second)
	if !n.allDown() {
		t.Fatal("a dead server is not down")
	}
	s := l.settings()
	s.Servers = []Server{{Addr: l.other(), ID: dns.HashServer(l.other())}}
	n.handle(Configure{s})
	later := n.query("n2.example.")
	l.run(50 * time.Millisecond)
	if r := later(); r == nil || r.Answer == nil {
		t.Errorf("a lookup after the change got %+v; want the new server's answer", r)
	}
	l.onAsk = func(a Ask) {
		if a.Server == l.server {
			t.Error("a server that is none of this host's any more was asked")
		}
	}
	l.run(time.Minute)
}

func TestLookupUnderWayGoesToTheNewServers(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	l.known(2)
	n.lookup("n1.example.")
	l.dead = true
	result := n.query("n0.example.")
	l.run(20 * time.Millisecond)
	s := l.settings()
	s.Servers = []Server{{Addr: l.other(), ID: dns.HashServer(l.other())}}
	n.handle(Configure{s})
	l.run(20 * time.Millisecond)
	if r := result(); r == nil || r.Answer == nil {
		t.Errorf("20ms after the change of servers: got %+v; want an answer", r)
	}
}

func TestSleepIsNoEvidenceAgainstServersOrPeers(t *testing.T) {
	l := newLAN(t, 3)
	names := l.known(10)
	l.settle()
	n := l.nodes[0]
	for i, name := range names[:6] {
		l.nodes[1+i%2].lookup(name)
	}
	l.run(time.Second)
	n.lookup(names[6])
	l.askLoss = 1
	n.query(names[8]) // under way when the lid closes
	n.query(names[9])
	l.run(300 * time.Millisecond)
	if s := n.first(); s.State != Suspect {
		t.Fatalf("the server is not being judged: %+v", s)
	}
	n.off, l.askLoss = true, 0
	l.run(8 * time.Hour)
	l.nodes[1].lookup(names[7])
	n.off = false
	n.wakeAt = 0
	n.handle(Wake{})
	if n.outage() != 0 || n.allDown() {
		t.Error("questions that slept made the server look dead")
	}
	if got := n.Status(l.now).Proven; got != 2 {
		t.Errorf("%d proven peers on waking; want the 2 from before", got)
	}
	l.run(2 * time.Second)
	if e := n.holds(l.now, question(names[7])); !e.Held() || !e.Fresh(l.now) {
		t.Error("what was said while asleep was not caught up with")
	}
	if e := n.holds(l.now, question(names[0])); e.Fresh(l.now) {
		t.Error("an answer from before the sleep is fresh")
	}
	if got := n.holds(l.now, question(names[0])).Worn(l.now); got > time.Hour {
		t.Errorf("worn %v by sleeping", got)
	}
}

func TestFirstLookupAfterBootIsServedStaleWithinItsWait(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	a := l.positive("www.example.", "203.0.113.7", dns.Birth{Peer: wire.Peer{ID: 50, Epoch: 1}})
	n.handle(Restore{[]Entry{{Answer: a, Age: 5 * time.Hour, Place: 7}}})
	l.dead = true
	if r, took := n.lookup("www.example."); !r.Stale || took > 260*time.Millisecond {
		t.Errorf("got %+v after %v; want stale within 250ms", r, took)
	}
}

func TestOutOfScopeAnswersOnlyWhileDownAndNeverForOwnDomains(t *testing.T) {
	l := newLAN(t, 2)
	l.answers["www.example."], l.answers["www.corp.example."] = "203.0.113.7", "203.0.113.8"
	s := l.settings()
	s.Servers = []Server{{Addr: l.other(), ID: dns.HashServer(l.other())}}
	s.Search = []string{"corp.example."}
	n := l.nodes[1]
	n.handle(Configure{s})
	l.settle()
	l.nodes[0].lookup("www.example.")
	l.nodes[0].lookup("www.corp.example.")
	l.run(time.Second)
	if r, _ := n.lookup("www.example."); r.Source != FromServer {
		t.Errorf("up: got %+v; want an answer of its own server", r)
	}
	n.drops(question("www.example."))
	l.nodes[0].drops(question("www.example."))
	l.nodes[0].lookup("www.example.") // told again
	l.run(time.Second)
	l.sick = l.other()
	for i := range 3 {
		n.lookup(fmt.Sprintf("x%d.example.", i))
	}
	l.run(time.Second)
	if r, _ := n.lookup("www.example."); r.Answer == nil || r.Source != FromPeer {
		t.Errorf("down: got %+v; want the other server's answer", r)
	}
	if r, _ := n.lookup("www.corp.example."); r.Answer != nil {
		t.Errorf("down: got %+v for a name under the search domain; want none", r)
	}
}
