package node

import (
	"fmt"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// renumbered is what the server says after a change.
const renumbered = "203.0.113.99"

// agree fails the test if a host serves anything but data for a name.
func (l *lan) agree(name, data string) {
	l.t.Helper()
	want := l.positive(name, data, l.nodes[0].holds(l.now, question(name)).Answer.Birth)
	for _, n := range l.nodes {
		born := dns.Birth{}
		e := n.holds(n.clock(), question(name))
		if e.Held() {
			born = e.Answer.Birth
		}
		if !e.Held() || !e.Answer.SameData(want) {
			l.t.Errorf("host %d holds the answer of %v for %s; want %s (seed %d)", n.i, born, name, data, seed)
		}
	}
}

// TestWhatWasLookedUpBeforeAProofIsToldAfterIt: peers that hold an older answer take
// over what a host looked up in the first moments of its life.
func TestWhatWasLookedUpBeforeAProofIsToldAfterIt(t *testing.T) {
	for _, hosts := range []int{2, 3, 20} {
		l := newLAN(t, hosts)
		l.ttl = time.Hour
		l.answers["www.example."] = "203.0.113.7"
		l.settle()
		l.nodes[0].lookup("www.example.") // what a host fetched itself would stand
		l.run(time.Minute)
		l.answers["www.example."] = renumbered
		l.nodes[0].off = true
		l.addNode(0, 1).handle(Configure{l.settings()})
		l.nodes[0].lookup("www.example.")
		l.run(6 * time.Second)
		l.agree("www.example.", renumbered)
	}
}

// A host that had lost the group, or had no key, is in the same place when it comes back.
func TestWhatWasLookedUpAloneIsToldToTheGroup(t *testing.T) {
	for _, how := range []string{"link", "key"} {
		l := newLAN(t, 3)
		l.ttl = time.Hour
		l.answers["www.example."] = "203.0.113.7"
		l.settle()
		l.nodes[0].lookup("www.example.") // what a host fetched itself would stand
		l.run(time.Minute)
		l.answers["www.example."] = renumbered
		n, alone := l.nodes[0], l.settings()
		if how == "link" {
			alone.Links = nil
			l.mangle = func(from, to *testNode, in Received) []time.Duration {
				if from == n || to == n {
					return nil
				}
				return []time.Duration{passage}
			}
		} else {
			alone.Shares = false
		}
		n.handle(Configure{alone})
		n.drops(question("www.example."))
		n.lookup("www.example.")
		l.run(10 * time.Second)
		l.mangle = nil
		n.handle(Configure{l.settings()})
		l.run(30 * time.Second)
		l.agree("www.example.", renumbered)
	}
}

// TestWhatWasLookedUpAloneIsToldWithinTheGroupsRate: after a cold boot everybody has
// something to tell, and all are proven in the same second.
func TestWhatWasLookedUpAloneIsToldWithinTheGroupsRate(t *testing.T) {
	const hosts = 40
	l := newLAN(t, hosts)
	for i := range hosts {
		name := fmt.Sprintf("n%d.example.", i)
		l.answers[name] = "203.0.113.7"
		l.nodes[i].query(name)
		l.nodes[i].query("n0.example.")
	}
	told, most := 0, 0
	for range 80 {
		l.sent = nil
		l.run(100 * time.Millisecond)
		got := len(take[*wire.Announce](l, nil))
		told, most = told+got, max(most, got)
	}
	if told > hosts+5 || most > 20 {
		t.Errorf("%d datagrams, %d within 0.1 s at most; want one of each host, spread (seed %d)", told, most, seed)
	}
	l.run(10 * time.Second)
	for _, n := range l.nodes {
		if got := n.holdsInAll(); got < hosts {
			t.Errorf("host %d holds %d of %d names (seed %d)", n.i, got, hosts, seed)
		}
	}
}
