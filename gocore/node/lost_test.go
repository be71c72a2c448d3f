package node

import (
	"math/rand/v2"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// lossy makes a LAN that loses a fifth of all frames, both ways.
func lossy(t tb, hosts int, round uint64) *lan {
	l := newLAN(t, hosts)
	l.rand = rand.New(rand.NewPCG(round, 0))
	l.loss, l.askLoss, l.ttl = 0.2, 0.36, 5*time.Second
	return l
}

// learnSlowly looks names up, each on one host, ten a second.
func (l *lan) learnSlowly(names []string) {
	for i, name := range names {
		l.nodes[i%len(l.nodes)].query(name)
		l.run(100 * time.Millisecond)
	}
}

// missing is the share of names, over all hosts, that a host does not hold.
func (l *lan) missing(names []string) float64 {
	missing := 0
	for _, n := range l.nodes {
		for _, name := range names {
			if _, ok := n.Entry(l.now, question(name)); !ok {
				missing++
			}
		}
	}
	return float64(missing) / float64(len(names)*len(l.nodes))
}

// A fifth of all announcements is lost, with all hosts alike: each holds as many
// answers as the others, and lacks others. Within a minute, while nobody looks
// anything up, they know that and have what they lacked: 18 of 100 before.
func TestLostAnnouncementsAreRepairedWithinAMinute(t *testing.T) {
	const rounds, names = 10, 360
	sum, worst := 0.0, 0.0
	for round := range uint64(rounds) {
		l := lossy(t, 8, round)
		known := l.known(names)
		l.settle()
		l.learnSlowly(known)
		l.run(time.Minute)
		share := l.missing(known)
		sum, worst = sum+share, max(worst, share)
	}
	t.Logf("missing: %.2f %% on average, %.2f %% at worst", 100*sum/rounds, 100*worst)
	if worst > 0.01 {
		t.Errorf("%.2f %% of names are missing on a host; want less than 1 %%", 100*worst)
	}
}

// Among few hosts what one lacks may die with the few others: one in a hundred, which
// is little among a hundred hosts, is much among eight.
func TestAHostOfFewLacksNextToNothing(t *testing.T) {
	const rounds, names = 4, 3000
	sum := 0.0
	for round := range uint64(rounds) {
		l := lossy(t, 8, round)
		l.loss, l.askLoss, l.ttl = 0.05, 0, time.Hour
		known := l.known(names)
		l.settle()
		l.learnSlowly(known)
		l.run(time.Minute)
		sum += l.missing(known)
	}
	t.Logf("missing: %.3f %%", 100*sum/rounds)
	if sum/rounds > 0.001 {
		t.Errorf("%.3f %% of names are missing on a host of eight; want a tenth of a percent at most (seed %d)", 100*sum/rounds, seed)
	}
}

// Repairs must not become a storm of their own: in the whole group at most two
// streams a second, at any size, and none once all is well.
func TestRepairsAreTwoStreamsASecondAtMost(t *testing.T) {
	for _, hosts := range []int{8, 100} {
		l := lossy(t, hosts, 1)
		names := l.known(500)
		l.run(time.Minute)
		streams, bySecond := 0, map[time.Duration]int{}
		l.onEffect = func(_ *testNode, e Effect) {
			if _, ok := e.(Pull); ok {
				streams++
				bySecond[l.now/(10*time.Second)]++
			}
		}
		l.learnSlowly(names)
		l.run(5 * time.Minute)
		most := 0
		for _, n := range bySecond {
			most = max(most, n)
		}
		during, share := streams, l.missing(names)
		for range 600 { // refreshes of what all hold: lost as well, and no matter
			for _, name := range names[:5] {
				l.nodes[l.rand.IntN(hosts)].query(name)
			}
			l.run(time.Second)
		}
		t.Logf("%d hosts: %d streams, at most %d in 10 s, %.2f %% missing; %d later", hosts, during, most, 100*share, streams-during)
		if most > 2*10*3/2 {
			t.Errorf("%d hosts: %d repairs in 10 s; want 2 a second (seed %d)", hosts, most, seed)
		}
		if share > 0.01 || streams-during > hosts {
			t.Errorf("%d hosts: %.2f %% missing after five minutes, %d streams in the ten after; want less than 1 %% and no more than one each (seed %d)",
				hosts, 100*share, streams-during, seed)
		}
	}
}

// What the hosts of a big group told before they were proven is pulled once, when all
// of them have said how much it was: pulled before, it came once more.
func TestBigGroupPullsOnceForWhatWasToldBeforeProof(t *testing.T) {
	const hosts = 150
	l := newLAN(t, hosts)
	names := l.known(600)
	repairs := map[int]int{}
	l.onEffect = func(n *testNode, e Effect) {
		if p, ok := e.(Pull); ok && p.Want.Away != 0 { // for what was told since it caught up
			repairs[n.i]++
		}
	}
	for i, name := range names { // from the first second on
		l.nodes[i%hosts].query(name)
		l.run(100 * time.Millisecond)
	}
	l.run(20 * time.Minute)
	again := 0
	for _, n := range repairs {
		if n > 1 {
			again++
		}
	}
	t.Logf("%d hosts pulled, %d of them again", len(repairs), again)
	if again > hosts/20 {
		t.Errorf("%d of %d hosts pulled more than once where nothing was lost (seed %d)", again, hosts, seed)
	}
}

// Without loss nobody repairs anything.
func TestNothingIsRepairedWhereNothingIsLost(t *testing.T) {
	l := newLAN(t, 8)
	names := l.known(500)
	l.run(time.Minute)
	l.onEffect = func(n *testNode, e Effect) {
		if _, ok := e.(Pull); ok {
			t.Errorf("host %d opens a stream at %v (seed %d)", n.i, l.now, seed)
		}
	}
	for _, name := range names { // several hosts at once, too
		l.nodes[l.rand.IntN(8)].query(name)
		l.nodes[l.rand.IntN(8)].query(name)
		l.run(20 * time.Millisecond)
	}
	l.run(10 * time.Minute)
}

// Half of the hosts boot empty after a power cut, with those that hold all names.
// An empty host that first proves another empty one has caught up with nobody.
func TestEmptyHostsCatchUpFromThoseThatHoldNames(t *testing.T) {
	const rounds = 50
	late := 0
	for round := range uint64(rounds) {
		l := newLAN(t, 0)
		l.rand, l.loss = rand.New(rand.NewPCG(round, 0)), 0.2
		names := l.known(300)
		var saved []Entry
		for _, name := range names {
			a := l.positive(name, "203.0.113.7", dns.Birth{Peer: wire.Peer{ID: 99, Epoch: 9}, Clock: time.Minute})
			saved = append(saved, Entry{Answer: a, Age: time.Hour, Place: 7, From: wire.Peer{ID: 99, Epoch: 9}})
		}
		for i := range 8 {
			n := l.addNode(i, round*100)
			n.handle(Configure{l.settings()})
			if i%2 == 0 {
				n.handle(Restore{saved})
			}
		}
		l.run(5 * time.Second)
		if l.missing(names) > 0 {
			late++
		}
	}
	t.Logf("%d of %d LANs were late", late, rounds)
	if late > rounds/10 {
		t.Errorf("on %d of %d LANs some host does not know after 5 s what the LAN knows; want 1 in 10 at most", late, rounds)
	}
}

// A host that joins in mid-outage, where a fifth of all frames is lost: its first
// stream often does not open in time.
func TestJoinerKnowsWithinFiveSecondsThroughLoss(t *testing.T) {
	const rounds = 100
	late := 0
	for round := range uint64(rounds) {
		l := lossy(t, 8, round)
		l.stall = 0.3
		names := l.known(100)
		l.loss, l.askLoss = 0, 0
		l.settle()
		l.learnSlowly(names)
		l.loss, l.dead = 0.2, true
		l.run(time.Minute)
		n := l.addNode(7, round+5000)
		n.handle(Configure{l.settings()})
		l.run(5 * time.Second)
		for _, name := range names {
			if _, ok := n.Entry(l.now, question(name)); !ok {
				late++
				break
			}
		}
	}
	t.Logf("%d of %d were late", late, rounds)
	if late > rounds/50 {
		t.Errorf("%d of %d hosts did not know within 5 s what the LAN knows; want 1 in 50 at most", late, rounds)
	}
}

// A timer of the query did it before, and nothing was left to end the wait: 2.99 s, and
// the question of a program that had left stayed for ever.
func TestWhoWaitsForTheGroupIsToldWhenTheKeyGoes(t *testing.T) {
	l := outage(t, 4)
	l.run(5 * time.Second)
	n := l.nodes[0]
	answer := n.query("nobody.example.")
	n.query("left.example.")
	left := n.nextID
	l.run(10 * time.Millisecond)
	n.handle(Forget{left})
	s := l.settings()
	s.Shares = false
	n.handle(Configure{s})
	if l.run(10 * time.Millisecond); answer() == nil {
		t.Error("whoever waited for the group waits on without one")
	}
	if l.run(time.Minute); n.waits().Pending > 0 {
		t.Errorf("%d questions are pending a minute later", n.waits().Pending)
	}
}
