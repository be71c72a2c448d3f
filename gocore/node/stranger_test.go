package node

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// tells makes an ANNOUNCE of a name.
func (l *lan) tells(from wire.Peer, name, addr string) *wire.Announce {
	birth := dns.Birth{Peer: from, Clock: l.now}
	return &wire.Announce{New: 1, Answers: []wire.Aged{{Answer: l.positive(name, addr, birth)}}}
}

// A speaker proves itself when it is challenged, unless it is mute; what else it
// says the test makes.
type speaker struct {
	lan  *lan
	self wire.Peer
	addr netip.AddrPort
	seq  uint64
	skew time.Duration // its clock - the LAN's
	mute bool
}

// speaker joins the LAN by taking over onEffect.
func (l *lan) speaker(id uint64) *speaker {
	s := &speaker{lan: l, self: wire.Peer{ID: id, Epoch: 1}, addr: netip.MustParseAddrPort("10.0.9.9:7353"), skew: 17 * time.Minute}
	l.onEffect = func(n *testNode, e Effect) {
		send, ok := e.(Send)
		if !ok || send.To != s.addr {
			return
		}
		if p, ok := send.Message.Body.(*wire.Prove); ok && !s.mute {
			l.at(l.now+2*passage, func(time.Duration) { s.say(n, false, &wire.Proof{Nonce: p.Nonce}) })
		}
	}
	return s
}

func (s *speaker) say(to *testNode, group bool, body wire.Body) {
	s.seq++
	to.handle(Received{From: s.addr, Link: 1, Group: group, Message: &wire.Message{
		From: s.self, Seq: s.seq, Sent: s.lan.now + s.skew, Body: body,
	}})
}

// TestWhatAnUnprovenPeerSaysWaitsForItsProof, with the time that it waited, and is
// forgotten after three seconds.
func TestWhatAnUnprovenPeerSaysWaitsForItsProof(t *testing.T) {
	for _, c := range []struct {
		name  string
		proof time.Duration // from when on it answers challenges
		taken bool
	}{{"alive", 0, true}, {"slow to answer", 1200 * time.Millisecond, true}, {"after the time", 3100 * time.Millisecond, false}} {
		t.Run(c.name, func(t *testing.T) {
			l := newLAN(t, 1)
			l.settle() // the server is known
			n, s := l.nodes[0], l.speaker(77)
			s.mute = true
			l.at(l.now+c.proof, func(time.Duration) { s.mute = false })
			born := l.now
			s.say(n, true, l.tells(s.self, "gap.example.", "203.0.113.7"))
			if n.holdsInAll() != 0 {
				t.Fatal("an unproven peer's answer was taken")
			}
			l.run(c.proof)
			s.say(n, true, &wire.Hello{})
			l.run(12 * time.Second) // it is looked at once more after ten seconds
			s.say(n, true, &wire.Hello{})
			l.run(2 * time.Second)
			e := n.holds(l.now, question("gap.example."))
			if n.hostsKnown() != 2 || e.Held() != c.taken {
				t.Fatalf("N is %d, the answer is held: %v; want 2, %v", n.hostsKnown(), e.Held(), c.taken)
			}
			if truth := l.now - born; c.taken && (e.Age(l.now) < truth-time.Millisecond || e.Age(l.now) > truth+time.Second) {
				t.Errorf("the answer is %v old; its age is said to be %v", truth, e.Age(l.now))
			}
		})
	}
}

// TestNothingAStrangerSaysChangesAnything, of all that it may say, but that it is
// challenged.
func TestNothingAStrangerSaysChangesAnything(t *testing.T) {
	l := newLAN(t, 2)
	l.settle()
	n := l.nodes[0]
	l.answers["held.example."] = "203.0.113.7"
	n.lookup("held.example.")
	before := n.Status(l.now)
	ghost := wire.Peer{ID: 77, Epoch: 1}
	evil := []wire.ServerState{{Server: dns.HashServer(l.server), Success: wire.Never, Failure: 0, Suspect: true}}
	for i, body := range []wire.Body{
		l.tells(ghost, "held.example.", "203.0.113.66"), l.tells(ghost, "gap.example.", "203.0.113.66"),
		&wire.Answer{Nonce: 5, Answers: l.tells(ghost, "gap.example.", "203.0.113.66").Answers},
		&wire.Hello{Version: "evil", Names: 1 << 30, Told: 1 << 30, Hears: []wire.Peer{n.self()}},
		&wire.Bye{}, &wire.Ask{Question: question("held.example.")}, &wire.Proof{Nonce: 5},
	} {
		n.handle(Received{From: elsewhere, Link: 1, Group: true, Message: &wire.Message{
			From: ghost, Seq: uint64(i + 1), Sent: l.now, Servers: evil, Body: body,
		}})
	}
	l.run(20 * time.Second)
	if e := n.holds(l.now, question("held.example.")); !e.Own() || n.holdsInAll() != 1 {
		t.Errorf("%d answers are held, one of them own: %v; want one, own", n.holdsInAll(), e.Own())
	}
	after := n.Status(l.now)
	if before.Group != after.Group || before.Peers != after.Peers || before.Proven != after.Proven || after.Upstream != Up || n.hostsKnown() != 2 {
		t.Errorf("before %+v, after %+v; want no change", before, after)
	}
}

// TestRecordingsChangeNoAnswerWhileTheServerWorks: hosts are started anew, the zone
// has been renumbered, the server takes 400 ms for each name, and somebody plays again
// what he recorded, once their first look at the server is over. Each looks one name up:
// the next would be waited for longer.
func TestRecordingsChangeNoAnswerWhileTheServerWorks(t *testing.T) {
	const hosts = 12
	l := newLAN(t, hosts)
	names := l.known(hosts)
	l.settle()
	l.sent = nil
	for _, name := range names {
		l.nodes[0].lookup(name)
	}
	l.run(time.Second)
	recorded := take[*wire.Announce](l, nil)
	dead := l.nodes[0].self()
	for i := range l.nodes {
		l.addNode(i, 99).handle(Configure{l.settings()})
	}
	l.slow = map[string]time.Duration{}
	for _, name := range names {
		l.answers[name] = "198.51.100.1"
		l.slow[name] = 400 * time.Millisecond
	}
	play := func(time.Duration) {
		for i, a := range recorded {
			for _, n := range l.nodes {
				n.says(dead, 100+uint64(i), lanStart+5*time.Second, true, a)
			}
		}
	}
	for _, after := range []time.Duration{100 * time.Millisecond, time.Second, 5 * time.Second} {
		l.at(l.now+after, play)
	}
	wrong := 0
	for i, name := range names {
		l.run(500 * time.Millisecond)
		if r, _ := l.nodes[i].lookup(name); r.Stale || r.Answer == nil || !r.Answer.SameData(l.positive(name, "198.51.100.1", dns.Birth{})) {
			wrong++
		}
	}
	if wrong != 0 || len(recorded) == 0 {
		t.Errorf("%d datagrams played again: %d of %d names came with the old address", len(recorded), wrong, len(names))
	}
}

// TestRecordedHellosCountForNothing: of five hundred runs, in N, ranks, silence and
// what is shown; and within a moment in how much this host says.
func TestRecordedHellosCountForNothing(t *testing.T) {
	l := newLAN(t, 3)
	l.settle()
	n := l.nodes[0]
	type view struct {
		n, proven, peers int
		ranks            []int
		silence          time.Duration
		group            GroupState
	}
	look := func() view {
		s := n.Status(l.now)
		v := view{n: n.hostsKnown(), proven: s.Proven, peers: s.Peers, silence: n.silence(), group: s.Group}
		for i := range 100 {
			v.ranks = append(v.ranks, n.rank(question(fmt.Sprintf("x%d.example.", i))))
		}
		return v
	}
	before := look()
	for i := range 512 {
		n.says(wire.Peer{ID: uint64(1000 + i), Epoch: 1}, 1, l.now, true, &wire.Hello{})
	}
	for range 200 {
		if after := look(); fmt.Sprint(before) != fmt.Sprint(after) {
			t.Fatalf("before %v, after %v", before, after)
		}
		if hosts := n.speaksAsOneOf(); hosts > 3+group.UnderWay || n.helloEvery() > 2*n.interval() {
			t.Fatalf("speaks as one of %d, every %v; want %d at most", hosts, n.helloEvery(), 3+group.UnderWay)
		}
		l.run(time.Second)
	}
	if n.speaksAsOneOf() != 3 {
		t.Errorf("after 200 s it speaks as one of %d; want 3", n.speaksAsOneOf())
	}
}

// TestEpochDeafToFourChallengesIsRememberedForAnHour. One whose clock goes on, as that
// of a host to which frames are lost does, is looked at now and then.
func TestEpochDeafToFourChallengesIsRememberedForAnHour(t *testing.T) {
	for _, c := range []struct {
		name        string
		lives       bool
		first, rest int // series in the first minute, and in the 58 after it
	}{{"played again", false, 1, 0}, {"its clock goes on", true, 3, 6}} {
		t.Run(c.name, func(t *testing.T) {
			l := newLAN(t, 1)
			n, ghost := l.nodes[0], wire.Peer{ID: 77, Epoch: 1}
			proves := func(d time.Duration) int {
				l.sent = nil
				for end := l.now + d; l.now < end; l.run(time.Second) {
					sent := lanStart - time.Minute
					if c.lives {
						sent = l.now
					}
					n.says(ghost, uint64(l.now), sent, true, &wire.Hello{})
				}
				return len(take[*wire.Prove](l, n))
			}
			if got, rest := proves(time.Minute), proves(58*time.Minute); got != c.first*group.ProveTries || rest > c.rest*group.ProveTries || rest < c.rest {
				t.Errorf("%d challenges in a minute, %d in the hour; want %d and %d", got, rest, c.first*group.ProveTries, c.rest*group.ProveTries)
			}
			if got := proves(5 * time.Minute); !c.lives && got != group.ProveTries {
				t.Errorf("%d challenges when the hour is over; want %d", got, group.ProveTries)
			}
		})
	}
}

// TestSleeperThatIsPlayedAgainIsKnownWhenItWakes: recordings of a host that sleeps
// must not have it taken for gone.
func TestSleeperThatIsPlayedAgainIsKnownWhenItWakes(t *testing.T) {
	l := newLAN(t, 1)
	n, s := l.nodes[0], l.speaker(77)
	s.say(n, true, &wire.Hello{})
	l.run(time.Second)
	s.mute = true
	fell := l.now
	for range 600 { // it sleeps
		n.says(s.self, uint64(l.now), fell+s.skew, true, &wire.Hello{})
		l.run(time.Second)
	}
	if n.hostsKnown() != 1 {
		t.Fatalf("N is %d while the only peer sleeps; want 1", n.hostsKnown())
	}
	s.mute = false
	s.say(n, true, &wire.Hello{})
	l.run(time.Second)
	if n.hostsKnown() != 2 {
		t.Errorf("N is %d a second after it woke; want 2", n.hostsKnown())
	}
}

// TestRecordingsOfALivingHostAreNotChallenged: its clock shows them for what they
// are. A run that goes on with the clock, or begins it anew, is another matter.
func TestRecordingsOfALivingHostAreNotChallenged(t *testing.T) {
	l := newLAN(t, 1)
	n, s := l.nodes[0], l.speaker(77)
	s.say(n, true, &wire.Hello{})
	l.run(time.Second)
	l.sent = nil
	for i := range uint64(500) {
		n.says(wire.Peer{ID: 77, Epoch: 1000 + i}, 1, l.now+s.skew-time.Duration(i+1)*5*time.Second, true, &wire.Hello{})
		n.says(wire.Peer{ID: n.self().ID, Epoch: 1000 + i}, 1, l.now-time.Duration(i+1)*5*time.Second, true, &wire.Hello{})
	}
	l.run(time.Minute)
	if got := len(take[*wire.Prove](l, n)); got > 2 {
		t.Errorf("%d challenges for 1000 recordings of two living hosts; want %d at most", got, 2)
	}
	challenged := func(what string, epoch uint64, sent time.Duration) {
		n.says(wire.Peer{ID: 77, Epoch: epoch}, 1, sent, true, &wire.Hello{})
		l.run(200 * time.Millisecond)
		if len(take[*wire.Prove](l, n)) == 0 {
			t.Errorf("a host that was %s was not challenged", what)
		}
	}
	challenged("restarted", 1, l.now+s.skew)
	l.run(20 * time.Second) // silent: it may have been rebooted since
	challenged("rebooted", 2, 15*time.Second)
}

// TestNobodyIsSilencedByWhoSpeaksInItsName: by numbers far ahead, taken already, or
// a BYE.
func TestNobodyIsSilencedByWhoSpeaksInItsName(t *testing.T) {
	for _, c := range []struct {
		name string
		seq  func(uint64) uint64
		body wire.Body
	}{
		{"a number far ahead", func(uint64) uint64 { return 1 << 60 }, &wire.Ask{Question: question("x.example.")}},
		{"a HELLO far ahead", func(seq uint64) uint64 { return seq + 5000 }, &wire.Hello{}},
		{"a BYE", func(seq uint64) uint64 { return seq + 50 }, &wire.Bye{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLAN(t, 3)
			l.settle()
			n, victim := l.nodes[0], l.nodes[1]
			l.answers["www.example."] = "203.0.113.7"
			for range 3 {
				n.handle(Received{From: victim.addr, Link: 1, Message: &wire.Message{
					From: victim.self(), Seq: c.seq(victim.said), Sent: l.now, Body: c.body,
				}})
				l.run(3 * time.Second)
			}
			if n.hostsKnown() != 3 {
				t.Fatalf("N is %d; want 3", n.hostsKnown())
			}
			victim.lookup("www.example.")
			l.run(100 * time.Millisecond)
			if !n.holds(l.now, question("www.example.")).Held() {
				t.Error("the victim's answer was not heard")
			}
		})
	}
}

// TestByeCountsOnceProveGoesUnanswered: a real goodbye is silent.
func TestByeCountsOnceProveGoesUnanswered(t *testing.T) {
	l := newLAN(t, 3)
	l.settle()
	l.nodes[1].handle(Stop{})
	l.nodes[1].off = true
	l.run(2 * time.Second)
	if got := l.nodes[0].hostsKnown(); got != 2 {
		t.Errorf("N is %d two seconds after a BYE; want 2", got)
	}
}

// TestGoodbyeLeavesNoPhantom: it comes by both address families, in any order with
// what else was under way, and is heard once; what is played again later is not.
func TestGoodbyeLeavesNoPhantom(t *testing.T) {
	l := newLAN(t, 3)
	var copies []Received
	l.mangle = func(from, to *testNode, in Received) []time.Duration {
		if to.i == 0 && from.i == 1 && in.Group {
			copies = append(copies, in)
		}
		if in.Group {
			return []time.Duration{passage, passage + 300*time.Microsecond, passage + 2*time.Millisecond}
		}
		return []time.Duration{passage}
	}
	l.settle()
	n, leaver := l.nodes[0], l.nodes[1].self()
	l.nodes[1].saysHello(l.now)
	l.nodes[1].handle(Stop{})
	l.nodes[1].off = true
	listed := func() bool {
		return slices.ContainsFunc(n.Peers(l.now), func(p PeerStatus) bool { return p.Peer == leaver })
	}
	l.run(3 * time.Second)
	for range 60 {
		if listed() || n.Status(l.now).Peers != 1 {
			t.Fatalf("%v after its BYE a peer is listed, of %d", l.now, n.Status(l.now).Peers)
		}
		for _, in := range copies {
			n.handle(in)
		}
		l.run(time.Second)
	}
}

// TestHostsThatLostSightOfEachOtherMeetAgain: all that two hosts said to each other
// alone was lost, so that each takes the other for gone.
func TestHostsThatLostSightOfEachOtherMeetAgain(t *testing.T) {
	l := newLAN(t, 2)
	l.unheard = true
	l.run(time.Minute)
	if l.nodes[0].hostsKnown() != 1 || l.nodes[1].hostsKnown() != 1 || l.nodes[0].keepsOfPeers().Gone != 1 {
		t.Fatal("two hosts that hear nothing alone are proven")
	}
	l.unheard = false
	l.run(3 * time.Minute)
	for _, n := range l.nodes {
		if n.hostsKnown() != 2 {
			t.Errorf("host %d: N is %d three minutes after; want 2", n.i, n.hostsKnown())
		}
	}
}
