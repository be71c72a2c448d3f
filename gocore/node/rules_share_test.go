package node

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// positive makes an answer as a peer would tell it.
func (l *lan) positive(name, addr string, birth dns.Birth) *dns.Answer {
	l.t.Helper()
	q, typ := question(name), "A"
	if strings.Contains(addr, ":") {
		q.Type, typ = dns.TypeAAAA, "AAAA"
	}
	a, err := dns.ParseAnswer(q, 0, []string{name + " 3600 IN " + typ + " " + addr})
	if err != nil {
		l.t.Fatal(err)
	}
	a.Birth, a.Server = birth, dns.HashServer(l.server)
	return a
}

// says hands a host a datagram of somebody who is no part of the LAN.
func (n *testNode) says(from wire.Peer, seq uint64, sent time.Duration, group bool, body wire.Body) {
	n.handle(Received{
		Message: &wire.Message{From: from, Seq: seq, Sent: sent, Body: body},
		From:    elsewhere, Link: 1, Group: group,
	})
}

var elsewhere = netip.MustParseAddrPort("10.0.9.9:7353")

// take lists bodies of one type that were sent since the last call.
func take[B wire.Body](l *lan, from *testNode) (bodies []B) {
	for i, m := range l.sent {
		again := i > 0 && l.sent[i-1] == m // a copy for a peer that is deaf to multicast
		if b, ok := m.Body.(B); ok && !again && (from == nil || m.From == from.self()) {
			bodies = append(bodies, b)
		}
	}
	l.sent = nil
	return bodies
}

func TestReplayNeverUnprovesAndNeverCounts(t *testing.T) {
	l := newLAN(t, 2)
	l.answers["www.example."] = "203.0.113.7"
	var held []Received // datagrams that an attacker kept from host 1
	keep := false
	l.mangle = func(from, to *testNode, in Received) []time.Duration {
		if keep && to.i == 1 {
			held = append(held, in)
			return nil
		}
		return []time.Duration{passage}
	}
	l.settle()
	keep = true
	l.nodes[0].lookup("www.example.")
	l.run(5 * time.Second)
	keep = false
	n := l.nodes[1]
	for _, in := range held {
		n.handle(in)
	}
	l.run(3 * time.Second)
	if m := n.member(l.nodes[0].self()); m == nil {
		t.Error("datagrams held back unproved a living peer")
	}
	if len(held) == 0 || n.holdsInAll() != 0 {
		t.Errorf("%d datagrams were held back for over 2s; %d answers taken from them, want 0", len(held), n.holdsInAll())
	}
	l.nodes[0].saysHello(l.now)
	for range 3 { // the same datagram again and again
		before := n.noted(n.member(l.nodes[0].self())).Told
		n.handle(held[0])
		if n.noted(n.member(l.nodes[0].self())).Told != before {
			t.Error("a replayed datagram was told twice")
		}
	}
}

func TestHeldBackProofMakesNoAgeYounger(t *testing.T) {
	l := newLAN(t, 2)
	l.answers["www.example."] = "203.0.113.7"
	l.opens = func(n *testNode, _ Pull) bool { return n.i == 1 } // no stream, which would not be held back
	late := 400 * time.Millisecond                               // everything towards host 1, from the first datagram on
	l.mangle = func(from, to *testNode, in Received) []time.Duration {
		if to.i == 1 {
			return []time.Duration{late}
		}
		return []time.Duration{passage}
	}
	l.settle()
	l.nodes[0].lookup("www.example.")
	l.run(time.Second)
	if r, _ := l.nodes[1].lookup("www.example."); r.Source != FromPeer || r.Age < 998*time.Millisecond {
		t.Errorf("got %+v; want a peer's answer at least 1s old", r) // checkAge holds the exact age
	}
}

func TestProveByMulticastIsIgnoredAndProofIsNoLonger(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	l.sent = nil
	n.says(wire.Peer{ID: 77, Epoch: 1}, 1, l.now, true, &wire.Prove{Nonce: 5})
	if got := take[*wire.Proof](l, n); len(got) != 0 {
		t.Error("a PROVE sent to the group was answered: every host would, at once")
	}
	prove := &wire.Message{From: wire.Peer{ID: 77, Epoch: 1}, Seq: 2, Sent: l.now, Body: &wire.Prove{Nonce: 6}}
	n.handle(Received{Message: prove, From: elsewhere, Link: 1})
	for _, m := range l.sent {
		if _, ok := m.Body.(*wire.Proof); ok && wire.Size(m) > wire.Size(prove) {
			t.Errorf("PROOF of %d bytes for a PROVE of %d", wire.Size(m), wire.Size(prove))
		}
	}
	if got := take[*wire.Proof](l, n); len(got) != 1 || got[0].Nonce != 6 {
		t.Errorf("got %v; want one PROOF with the nonce", got)
	}
}

func TestChallengesAreAtMostTwentyASecond(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	for i := range 2000 { // recordings of two thousand runs
		n.says(wire.Peer{ID: 1000 + uint64(i), Epoch: 1}, 1, l.now, true, &wire.Hello{})
	}
	l.sent = nil
	l.run(10 * time.Second)
	if got := len(take[*wire.Prove](l, n)); got > 210 || got < 150 {
		t.Errorf("%d challenges in 10s; want about 200", got)
	}
	if n.keepsOfPeers().Strangers > group.MaxStrangers {
		t.Errorf("%d are to be challenged; want %d at most", n.keepsOfPeers().Strangers, group.MaxStrangers)
	}
}

// A host that starts among a thousand has their challenges within a second, and not
// all within a tenth of it.
func TestNewcomerIsChallengedByAFewAtATime(t *testing.T) {
	const hosts = 40 // of the thousand
	l := newLAN(t, hosts)
	l.settle()
	newcomer := wire.Peer{ID: 77, Epoch: 1}
	for _, n := range l.nodes {
		for i := range uint64(1000) {
			n.joins(l.now, wire.Peer{ID: 1000 + i, Epoch: 1})
		}
		n.says(newcomer, 1, l.now, true, &wire.Hello{})
	}
	l.sent = nil
	most, all := 0, 0
	for range 12 {
		l.run(100 * time.Millisecond)
		now := 0
		for _, m := range l.sent {
			if _, ok := m.Body.(*wire.Prove); ok {
				now++
			}
		}
		l.sent, most, all = nil, max(most, now), all+now
	}
	if all < hosts || most > hosts/2 {
		t.Errorf("%d challenges by %d hosts in 1.2 s, at most %d within 0.1 s; want one of each and some again, 4 on average", all, hosts, most)
	}
}

func TestCloneTakesANewEpochOnceAMinute(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	was := n.self()
	n.says(was, n.said, l.now, true, &wire.Hello{}) // this host's own, looped
	if n.self() != was {
		t.Fatal("its own datagram, looped, made the host take a new epoch")
	}
	for range 50 { // a hostile member goes on claiming the newest epoch
		n.says(n.self(), n.said+100, l.now, true, &wire.Hello{})
	}
	if n.self().Epoch == was.Epoch || n.self().ID != was.ID {
		t.Error("a clone did not make the host take a new epoch")
	}
	if got := slices.IndexFunc(n.logs, func(s string) bool { return strings.Contains(s, "this host's id") }); got < 0 {
		t.Error("the clone was not logged")
	}
	if len(n.logs) > 2 {
		t.Errorf("%d lines logged; want one for the clone", len(n.logs))
	}
}

func TestTwoEpochsOfOneIDAreTwoPeers(t *testing.T) {
	l := newLAN(t, 2)
	l.nodes[1].off = true
	clone := l.addNode(1, 0)
	clone.isBorn(wire.Peer{ID: l.nodes[0].self().ID, Epoch: 4711}) // an image copied with its id
	clone.handle(Configure{l.settings()})
	l.answers["www.example."] = "203.0.113.7"
	l.settle()
	l.nodes[0].lookup("www.example.")
	l.run(time.Second)
	if clone.holdsInAll() != 1 {
		t.Error("two hosts with one id do not share")
	}
}

func TestNothingIsAnnouncedBeforeAPeerIsProven(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	l.answers["www.example."], l.answers["later.example."] = "203.0.113.7", "203.0.113.8"
	n.says(wire.Peer{ID: 77, Epoch: 1}, 1, l.now, true, &wire.Hello{}) // a recording
	l.sent = nil
	n.lookup("www.example.")
	l.run(time.Second)
	if got := take[*wire.Announce](l, n); len(got) != 0 {
		t.Error("announced to a group of which nobody is proven")
	}
}

func TestAnswersLearntElsewhereAreNotShared(t *testing.T) {
	l := newLAN(t, 2)
	l.answers["home.example."] = "203.0.113.7"
	n := l.nodes[0]
	n.lookup("home.example.")
	s := l.settings()
	s.Place = 8
	n.handle(Configure{s})
	l.settle()
	l.run(30 * time.Second)
	if got := l.nodes[1].holdsInAll(); got != 0 {
		t.Errorf("%d answers learnt in another place reached a peer", got)
	}
}

func TestListsOfTheAdministratorAreObeyed(t *testing.T) {
	l := newLAN(t, 2)
	for _, name := range []string{"a.secret.example.", "b.local.example.", "c.example."} {
		l.answers[name] = "203.0.113.7"
	}
	s := l.settings()
	s.NoShare, s.LocalOnly = []string{"secret.example."}, []string{"local.example."}
	for _, n := range l.nodes {
		n.handle(Configure{s})
	}
	l.settle()
	for name := range map[string]int{"a.secret.example.": 0, "b.local.example.": 0, "c.example.": 1} {
		l.nodes[0].lookup(name)
	}
	l.run(time.Second)
	if l.nodes[1].holdsInAll() != 1 || !l.nodes[1].holds(l.now, question("c.example.")).Held() {
		t.Errorf("the peer holds %d answers; want the one that may be told and believed", l.nodes[1].holdsInAll())
	}
	l.dead = true
	l.run(5 * time.Minute)
	l.sent = nil
	l.nodes[1].lookup("a.secret.example.")
	for _, q := range take[*wire.Query](l, l.nodes[1]) {
		for _, a := range q.Asked {
			if strings.Contains(a.Question.Name, "secret") {
				t.Error("a no-share name was asked of the group")
			}
		}
	}
}

func TestHostsWithoutTheKeyForgetTheGroup(t *testing.T) {
	l := newLAN(t, 3)
	l.answers["www.example."] = "203.0.113.7"
	l.settle()
	n := l.nodes[0]
	n.handle(PageWanted{Stream: 1}) // a peer's stream is under way
	solo := l.settings()
	solo.Shares = false
	n.handle(Configure{solo})
	l.sent = nil
	n.lookup("www.example.")
	l.run(2 * time.Minute)
	for _, m := range l.sent {
		if m.From == n.self() {
			t.Fatalf("without a key the host sent a %T", m.Body)
		}
	}
	if n.hostsKnown() != 1 || n.Status(l.now).Group != Solo || n.Status(l.now).Peers != 0 {
		t.Errorf("group %v, %d peers; want solo", n.Status(l.now).Group, n.Status(l.now).Peers)
	}
	for _, e := range n.Handle(l.now, PageWanted{Stream: 1}) {
		if p, ok := e.(Page); ok && !p.Busy {
			t.Error("a stream goes on without the key")
		}
	}
	n.handle(Configure{l.settings()})
	l.run(20 * time.Second)
	if got := n.Status(l.now).Proven; got != 2 {
		t.Errorf("the key is back: %d proven peers; want 2", got)
	}
}

func TestKeyThatComesAndGoesStartsOneHelloLoop(t *testing.T) {
	l := newLAN(t, 1)
	n, solo := l.nodes[0], l.settings()
	solo.Shares = false
	for range 20 {
		n.handle(Configure{solo})
		n.handle(Configure{l.settings()})
	}
	l.settle()
	l.sent = nil
	l.run(100 * time.Second)
	if got := len(take[*wire.Hello](l, n)); got > 20 {
		t.Errorf("%d HELLOs in 100s; want about 10", got)
	}
}

func TestKeyAddedCatchesUpWithEverything(t *testing.T) {
	l := newLAN(t, 3)
	n, solo := l.nodes[2], l.settings()
	solo.Shares = false
	n.handle(Configure{solo})
	for i := range 30 {
		l.answers[fmt.Sprintf("n%d.example.", i)] = "203.0.113.7"
	}
	l.settle()
	for i := range 29 {
		l.nodes[0].lookup(fmt.Sprintf("n%d.example.", i))
	}
	l.run(30 * time.Second)
	n.lookup("n29.example.") // own and young: it says nothing of what was missed
	n.handle(Configure{l.settings()})
	l.run(10 * time.Second)
	if got := n.holdsInAll(); got != 30 {
		t.Errorf("10s after the key came: %d answers; want 30", got)
	}
}

func TestLinkThatIsGoneTakesItsMembersAlong(t *testing.T) {
	l := newLAN(t, 3)
	l.settle()
	s := l.settings()
	s.Links = nil
	l.nodes[0].handle(Configure{s})
	if got := l.nodes[0].Status(l.now).Group; got != Isolated {
		t.Errorf("group is %v without a link; want isolated", got)
	}
	l.answers["www.example."] = "203.0.113.7"
	l.nodes[1].lookup("www.example.")
	l.run(3 * time.Second)
	l.nodes[0].handle(Configure{l.settings()})
	l.run(30 * time.Second)
	if got := l.nodes[0].Status(l.now).Proven; got != 2 || l.nodes[0].holdsInAll() != 1 {
		t.Errorf("the link is back: %d proven, %d answers; want 2 and what was missed", got, l.nodes[0].holdsInAll())
	}
}

func TestOlderAnswerOfAPeerDoesNotSilenceAYoungerOwn(t *testing.T) {
	l := newLAN(t, 2)
	l.answers["www.example."] = "203.0.113.7"
	l.settle()
	n, peer := l.nodes[0], l.nodes[1]
	l.run(time.Minute)
	n.query("www.example.")
	l.run(10 * time.Millisecond) // fetched, its announcement waits for its window
	old := l.positive("www.example.", "203.0.113.1", dns.Birth{Peer: peer.self(), Clock: l.now - 30*time.Second})
	n.handle(Received{From: peer.addr, Link: 1, Group: true, Message: &wire.Message{
		From: peer.self(), Seq: peer.seq + 1, Sent: l.now, Body: &wire.Announce{Answers: []wire.Aged{{Answer: old, Age: 30 * time.Second}}},
	}})
	l.sent = nil
	l.run(100 * time.Millisecond)
	if got := take[*wire.Announce](l, n); len(got) != 1 {
		t.Errorf("%d announcements; want the younger answer told in spite of the older one", len(got))
	}
}

func TestPeerTellsTwoHundredAnswersASecondAtMost(t *testing.T) {
	l := newLAN(t, 2)
	l.settle()
	n, peer := l.nodes[0], l.nodes[1]
	for i := range 1000 {
		a := l.positive(fmt.Sprintf("n%d.example.", i), "203.0.113.7", dns.Birth{Peer: peer.self(), Clock: l.now})
		n.handle(Received{From: peer.addr, Link: 1, Group: true, Message: &wire.Message{
			From: peer.self(), Seq: peer.seq + 1 + uint64(i), Sent: l.now, Body: &wire.Announce{Answers: []wire.Aged{{Answer: a}}},
		}})
	}
	if got := n.holdsInAll(); got > 200 {
		t.Errorf("%d answers of one peer were taken at once; want 200", got)
	}
}

func TestFirstLookupCountsAsUse(t *testing.T) {
	l := newLAN(t, 1)
	l.known(1)
	l.nodes[0].lookup("n0.example.")
	if e := l.nodes[0].holds(l.now, question("n0.example.")); e.Asked != 1 || e.Used == 0 {
		t.Errorf("asked %d times, used at %v after one lookup", e.Asked, e.Used)
	}
}

func TestPageLoadGoesOutInOneDatagram(t *testing.T) {
	l := newLAN(t, 2)
	l.settle()
	l.sent = nil
	for i := range 8 {
		name := fmt.Sprintf("n%d.example.", i)
		l.answers[name] = "203.0.113.7"
		l.nodes[0].query(name)
	}
	l.run(time.Second)
	if got := take[*wire.Announce](l, l.nodes[0]); len(got) != 1 || len(got[0].Answers) != 8 {
		t.Errorf("%d datagrams; want one with 8 answers", len(got))
	}
}

func TestAnnouncementsKeepToTheGroupsRateAndQueue(t *testing.T) {
	l := newLAN(t, 2)
	l.settle()
	n := l.nodes[0]
	for i := range 1000 { // 998 silent peers more: this host's share is 0.05 a second
		m := n.joins(l.now, wire.Peer{ID: 5000 + uint64(i), Epoch: 1})
		m.Came(l.now, elsewhere, 0, false)
	}
	l.sent = nil
	for i := range 2000 {
		name := fmt.Sprintf("n%d.example.", i)
		l.answers[name] = "203.0.113.7"
		n.query(name)
		if n.keepsOfPeers().Announcements > announceQueue {
			t.Fatalf("%d answers wait; want %d at most", n.keepsOfPeers().Announcements, announceQueue)
		}
		if i%20 == 0 {
			l.run(50 * time.Millisecond)
		}
	}
	l.run(95 * time.Second)
	if got := len(take[*wire.Announce](l, n)); got > 12 {
		t.Errorf("%d datagrams in 100s among 1000 hosts; want a burst of 5 and 0.05 a second", got)
	}
}

func TestContradictionIsATurnAndNotRotation(t *testing.T) {
	no, private, public := "no", "10.1.1.1", "203.0.113.7"
	for _, c := range []struct {
		name, told, got string
		want            uint64
	}{
		{"rotation", public, "203.0.113.8", 0},
		{"told private, is public", private, public, 1},
		{"told an address, does not exist", public, no, 1},
		{"told not to exist, does", no, public, 1},
		{"told no data, has a private address", "", private, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLAN(t, 2)
			l.settle()
			n, peer := l.nodes[0], l.nodes[1]
			counted := uint64(0)
			l.onEffect = func(_ *testNode, e Effect) {
				if e == Effect(Count{AnswersContradicted}) {
					counted++
				}
			}
			set := func(v string) {
				if delete(l.answers, "x.example."); v != no {
					l.answers["x.example."] = v
				}
			}
			set(c.told)
			peer.lookup("x.example.")
			l.run(2 * time.Minute)
			set(c.got)
			n.lookup("x.example.")
			if m := n.noted(n.member(peer.self())); m.Contradicted != c.want || counted != c.want {
				t.Errorf("counted %d contradictions, %d of them of the peer; want %d", counted, m.Contradicted, c.want)
			}
		})
	}
}

// TestNameThatIsMadeSecretIsNotPutToTheGroupMeanwhile: settings come as a whole. With the
// servers set first, sharing went by the lists of before while what was under way was put
// anew, and told the group a name that had just been named in no_share.
func TestNameThatIsMadeSecretIsNotPutToTheGroupMeanwhile(t *testing.T) {
	l := newLAN(t, 3)
	l.settle()
	n := l.nodes[0]
	l.dead = true
	n.query("secret.corp.")
	l.run(100 * time.Millisecond) // its server is asked
	l.sent = nil
	s := l.settings()
	s.Servers, s.NoShare = nil, []string{"corp."}
	n.handle(Configure{s})
	l.run(time.Second)
	for _, q := range take[*wire.Query](l, n) {
		t.Errorf("the group is asked: %+v", q)
	}
}
