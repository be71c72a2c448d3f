package node

import (
	"fmt"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// outage makes a LAN whose DNS server is dead, and whose hosts know it.
func outage(t tb, hosts int) *lan {
	l := newLAN(t, hosts)
	l.settle()
	l.dead = true
	for i := range 3 {
		l.nodes[0].query(fmt.Sprintf("down%d.example.", i))
	}
	l.run(5 * time.Second)
	for _, n := range l.nodes {
		if !n.allDown() {
			t.Fatalf("host %d: not down", n.i)
		}
	}
	l.sent = nil
	return l
}

func TestGroupIsAskedOnlyWhenNothingIsHeld(t *testing.T) {
	l := newLAN(t, 3)
	l.known(1)
	l.settle()
	l.nodes[0].lookup("n0.example.")
	l.run(time.Second)
	l.nodes[1].lookup("n0.example.")
	if got := take[*wire.Query](l, nil); len(got) != 0 {
		t.Errorf("%d QUERYs while the server answers and the name is held", len(got))
	}
}

func TestQueryOfAPeerReplacesMine(t *testing.T) {
	l := outage(t, 20)
	for _, n := range l.nodes {
		n.query("same.example.")
		l.run(time.Millisecond)
	}
	l.run(200 * time.Millisecond)
	if got := len(take[*wire.Query](l, nil)); got < queryTimes || got > 4*queryTimes {
		t.Errorf("%d QUERYs for a name that 20 hosts want at once; want little more than one host's %d", got, queryTimes)
	}
}

func TestUnansweredQueryOfAPeerIsMyFailureToo(t *testing.T) {
	l := outage(t, 4)
	l.nodes[0].lookup("nowhere.example.")
	l.run(10 * time.Millisecond)
	l.sent = nil
	if r, took := l.nodes[3].lookup("nowhere.example."); r.Answer != nil || took > 2*time.Millisecond {
		t.Errorf("got %+v after %v; want a failure at once", r, took)
	}
	if got := take[*wire.Query](l, l.nodes[3]); len(got) != 0 {
		t.Error("the group was asked the same again")
	}
	l.run(2 * time.Second)
	l.nodes[3].lookup("nowhere.example.")
	if got := take[*wire.Query](l, l.nodes[3]); len(got) == 0 {
		t.Error("a peer's failure lasts longer than a second")
	}
}

func TestOneHostAnswersAQuery(t *testing.T) {
	l := outage(t, 30)
	a := l.positive("www.example.", "203.0.113.7", dns.Birth{Peer: wire.Peer{ID: 500, Epoch: 1}})
	for _, n := range l.nodes[1:] {
		n.handle(Restore{[]Entry{{Answer: a, Age: 2 * time.Hour, Place: 7}}})
	}
	r, took := l.nodes[0].lookup("www.example.")
	if !r.Stale || r.Source != FromPeer || took > 20*time.Millisecond {
		t.Errorf("got %+v after %v; want a peer's stale answer", r, took)
	}
	l.run(200 * time.Millisecond)
	if got := len(take[*wire.Answer](l, nil)); got != 1 {
		t.Errorf("%d of 29 holders answered; want 1", got)
	}
}

// A holder ranked far back waits up to 50 ms: repeats must not move its turn on.
func TestHolderRankedLastStillAnswersInTime(t *testing.T) {
	l := outage(t, 2)
	asker, holder := l.nodes[0], l.nodes[1]
	for i := range 999 {
		m := holder.joins(l.now, wire.Peer{ID: 1 << 62 >> (i % 60) * uint64(i+3), Epoch: 1})
		m.Came(l.now, elsewhere, 0, false)
	}
	name := ""
	for i := range 10000 {
		if name = fmt.Sprintf("x%d.example.", i); holder.rank(question(name)) > 500 {
			break
		}
	}
	a := l.positive(name, "203.0.113.7", dns.Birth{Peer: wire.Peer{ID: 500, Epoch: 1}})
	holder.handle(Restore{[]Entry{{Answer: a, Age: 2 * time.Hour, Place: 7}}})
	if r, _ := asker.lookup(name); r.Answer == nil {
		t.Errorf("%s: no answer from the holder of rank %d", name, holder.rank(question(name)))
	}
}

func TestUnprovenAskersGetFiveRepliesASecondAndSilenceNobody(t *testing.T) {
	l := outage(t, 2)
	a := l.positive("www.example.", "203.0.113.7", dns.Birth{Peer: wire.Peer{ID: 500, Epoch: 1}})
	n := l.nodes[1]
	n.handle(Restore{[]Entry{{Answer: a, Age: 2 * time.Hour, Place: 7}}})
	for i := range 200 { // recordings of runs that are gone
		n.says(wire.Peer{ID: 9000 + uint64(i), Epoch: 1}, 1, l.now, true,
			&wire.Query{Nonce: 1, Asked: []wire.Asked{{Question: question("www.example.")}}})
	}
	if r, _ := l.nodes[0].lookup("www.example."); r.Answer == nil {
		t.Error("replayed QUERYs took the turn of a genuine one")
	}
	l.run(time.Second)
	if got := len(take[*wire.Answer](l, n)); got > 12 {
		t.Errorf("%d replies; want 5 a second for the unproven, and one", got)
	}
	if n.keepsOfPeers().Queries.Answers != 0 {
		t.Errorf("%d turns are left over", n.keepsOfPeers().Queries.Answers)
	}
}

func TestStaleAnswerIsQueriedOnceAnOutageAndOnlyYoungerOnesCome(t *testing.T) {
	l := newLAN(t, 3)
	l.settle()
	older := l.positive("www.example.", "203.0.113.7", dns.Birth{Peer: l.nodes[2].self(), Clock: l.now - 10*time.Hour})
	younger := l.positive("www.example.", "203.0.113.8", dns.Birth{Peer: l.nodes[2].self(), Clock: l.now - 5*time.Hour})
	l.nodes[0].handle(Restore{[]Entry{{Answer: older, Age: 10 * time.Hour, Place: 7}}})
	l.nodes[1].handle(Restore{[]Entry{{Answer: younger, Age: 5 * time.Hour, Place: 7}}})
	l.nodes[2].handle(Restore{[]Entry{{Answer: older, Age: 10 * time.Hour, Place: 7}}})
	l.dead = true
	for i := range 3 {
		l.nodes[2].query(fmt.Sprintf("down%d.example.", i))
	}
	l.run(5 * time.Second)
	l.sent = nil
	for range 5 {
		l.nodes[0].lookup("www.example.")
		l.run(time.Second)
	}
	var replies int
	for _, m := range l.sent {
		if r, ok := m.Body.(*wire.Answer); ok {
			if replies++; r.Answers[0].Birth != younger.Birth {
				t.Error("a holder of nothing younger answered")
			}
		}
	}
	queries := take[*wire.Query](l, l.nodes[0])
	same := l.positive("same.example.", "203.0.113.7", older.Birth)
	for _, n := range l.nodes {
		n.handle(Restore{[]Entry{{Answer: same, Age: l.now - older.Birth.Clock, Place: 7}}})
	}
	l.nodes[0].lookup("same.example.")
	l.run(time.Second)
	if got := take[*wire.Answer](l, nil); len(got) != 0 {
		t.Errorf("%d holders of the same birth answered", len(got))
	}
	if len(queries) != 1 || replies != 1 {
		t.Errorf("%d QUERYs and %d replies for a stale answer used five times; want one each", len(queries), replies)
	}
	if e := l.nodes[0].holds(l.now, question("www.example.")); e.Answer.Birth != younger.Birth {
		t.Error("the younger answer was not taken")
	}
}

// One QUERY is enough for all who hold the same: its answer goes to the group. A
// host that holds another birth asks for itself.
func TestPeersQueryForTheSameBirthIsMine(t *testing.T) {
	l := outage(t, 8)
	same := l.positive("www.example.", "203.0.113.7", dns.Birth{Peer: wire.Peer{ID: 500, Epoch: 1}})
	other := l.positive("www.example.", "203.0.113.8", dns.Birth{Peer: wire.Peer{ID: 500, Epoch: 2}})
	for i, n := range l.nodes {
		held := same
		if i == 5 {
			held = other
		}
		n.handle(Restore{[]Entry{{Answer: held, Age: 2 * time.Hour, Place: 7}}})
	}
	l.sent = nil
	var own, others int
	for _, n := range l.nodes {
		n.lookup("www.example.")
		l.run(time.Second)
		if sent := len(take[*wire.Query](l, nil)); n == l.nodes[5] {
			own += sent
		} else {
			others += sent
		}
	}
	if own != 1 || others != 1 {
		t.Errorf("the host with a birth of its own sent %d QUERYs, the 7 others %d; want 1 and 1", own, others)
	}
}

func TestUnprovenAskersAreAnsweredByTheThreeRankedFirst(t *testing.T) {
	l := outage(t, 20)
	a := l.positive("www.example.", "203.0.113.7", dns.Birth{Peer: wire.Peer{ID: 500, Epoch: 1}})
	for _, n := range l.nodes {
		n.handle(Restore{[]Entry{{Answer: a, Age: 2 * time.Hour, Place: 7}}})
	}
	l.sent = nil
	for _, n := range l.nodes {
		n.says(wire.Peer{ID: 9000, Epoch: 1}, 1, l.now, true,
			&wire.Query{Nonce: 1, Asked: []wire.Asked{{Question: question("www.example.")}}})
	}
	l.run(time.Second)
	if got := len(take[*wire.Answer](l, nil)); got < 2 || got > 4 { // the asker counts in the rank
		t.Errorf("%d of 20 holders answered an asker that is not proven; want 3", got)
	}
}

// A busy host uses hundreds of stale names a second in an outage. What a program
// waits for must not wait behind what is asked in the background.
func TestStaleNamesStarveNoNewOnes(t *testing.T) {
	for _, gap := range []time.Duration{3, 5, 10} { // ms
		l := outage(t, 3)
		n := l.nodes[0]
		hold := func(name string, hosts ...*testNode) {
			a := l.positive(name, "203.0.113.7", dns.Birth{Peer: wire.Peer{ID: 500, Epoch: 1}})
			for _, n := range hosts {
				n.handle(Restore{[]Entry{{Answer: a, Age: 2 * time.Hour, Place: 7}}})
			}
		}
		const names, each = 50, 40
		for i := range names * each {
			hold(fmt.Sprintf("s%d.example.", i), n, l.nodes[1])
		}
		l.sent = nil
		failed, began := 0, l.now
		for i := range names {
			name := fmt.Sprintf("only%d.example.", i)
			hold(name, l.nodes[1])
			r := n.query(name)
			for j := range each {
				n.query(fmt.Sprintf("s%d.example.", i*each+j))
				l.run(gap * time.Millisecond)
			}
			if r() == nil || r().Answer == nil {
				failed++
			}
		}
		got := 0
		for _, body := range take[*wire.Query](l, n) {
			if body.Asked[0].Held != (dns.Birth{}) {
				got++
			}
		}
		if failed > 0 {
			t.Errorf("a stale name every %d ms: %d of %d names that a peer holds failed without any loss", gap, failed, names)
		}
		if most := backgroundRate * (1 + (l.now - began).Seconds()); float64(got) > most {
			t.Errorf("a stale name every %d ms: %d QUERYs that nobody waits for; want %.0f at most", gap, got, most)
		}
	}
}

// The stale names of a page are all asked for: they leave together.
func TestStaleNamesOfAPageAreAllAskedFor(t *testing.T) {
	l := outage(t, 2)
	n := l.nodes[0]
	const names = 5 * backgroundRate
	for i := range names {
		a := l.positive(fmt.Sprintf("s%d.example.", i), "203.0.113.7", dns.Birth{Peer: wire.Peer{ID: 500, Epoch: 1}})
		n.handle(Restore{[]Entry{{Answer: a, Age: 2 * time.Hour, Place: 7}}})
	}
	for i := range names {
		n.query(fmt.Sprintf("s%d.example.", i))
	}
	l.run(time.Second)
	asked := 0
	for _, body := range take[*wire.Query](l, n) {
		asked += len(body.Asked)
	}
	if asked != names {
		t.Errorf("%d of %d stale names were asked for", asked, names)
	}
}

// What nobody knows is asked for by so many in a big group that it is most of what
// each hears in an outage.
func TestManyHostsAreAskedLessOften(t *testing.T) {
	for hosts, want := range map[int]int{group.Many: queryTimes, group.Many + 1: queryFewer} {
		l := outage(t, hosts)
		l.nodes[0].lookup("nowhere.example.")
		if got := len(take[*wire.Query](l, l.nodes[0])); got != want {
			t.Errorf("%d hosts: %d QUERYs; want %d", hosts, got, want)
		}
	}
}
