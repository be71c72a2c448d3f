package node

import (
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// tells hands a host answers that a proven peer of the LAN tells it.
func (n *testNode) tells(peer *testNode, age time.Duration, answers ...*dns.Answer) {
	body := &wire.Announce{}
	for _, a := range answers {
		body.Answers = append(body.Answers, wire.Aged{Answer: a, Age: age})
	}
	peer.seq++
	n.handle(Received{From: peer.addr, Link: 1, Group: true, Message: &wire.Message{
		From: peer.self(), Seq: peer.seq, Sent: peer.clock(), Body: body,
	}})
}

// denial makes a peer's word that there is none: rcode 0 is no data, 3 no such name.
func (l *lan) denial(name string, rcode int, birth dns.Birth) *dns.Answer {
	l.t.Helper()
	a, err := dns.ParseAnswer(question(name), rcode, []string{"example. 900 IN SOA ns.example. root.example. 1 2 3 4 900"})
	if err != nil {
		l.t.Fatal(err)
	}
	a.Birth, a.Server = birth, dns.HashServer(l.server)
	return a
}

// TestPublicNameNeverTurnsPrivateInTwoSteps: a peer first says that there is none, so
// that the address lies behind that, and then that it is this host's own. The first
// word may come when the address is stale, and for either family.
func TestPublicNameNeverTurnsPrivateInTwoSteps(t *testing.T) {
	for _, step := range []struct {
		name  string
		rcode int
		turn  string
	}{{"no data", 0, "127.0.0.1"}, {"no such name", 3, "127.0.0.1"}, {"the other family", 0, "::1"}} {
		t.Run(step.name, func(t *testing.T) {
			l := newLAN(t, 2)
			l.answers["www.example."] = "203.0.113.7"
			l.settle()
			n, liar := l.nodes[0], l.nodes[1]
			n.lookup("www.example.")
			l.run(2 * l.ttl)
			birth := func() dns.Birth { return dns.Birth{Peer: liar.self(), Clock: liar.clock().Truncate(time.Millisecond)} }
			n.tells(liar, 0, l.denial("www.example.", step.rcode, birth()))
			if e := n.holds(l.now, question("www.example.")); e.Answer.Kind == dns.Positive {
				t.Fatal("the denial was not taken: the test shows nothing")
			}
			l.run(time.Minute)
			turn := l.positive("www.example.", step.turn, birth())
			n.tells(liar, 0, turn)
			if e := n.holds(l.now, turn.Question); e.Held() && e.Answer.Private {
				t.Errorf("a peer turned a public name into %s", step.turn)
			}
		})
	}
}

// The same in an outage and over a restart: what was hidden is saved and comes back.
func TestPublicNameStaysPublicOverARestart(t *testing.T) {
	l := newLAN(t, 2)
	l.answers["www.example."] = "203.0.113.7"
	l.settle()
	n, liar := l.nodes[0], l.nodes[1]
	n.lookup("www.example.")
	l.run(2 * l.ttl)
	birth := func() dns.Birth { return dns.Birth{Peer: liar.self(), Clock: liar.clock().Truncate(time.Millisecond)} }
	n.tells(liar, 0, l.denial("www.example.", 0, birth()))
	saved, _ := n.Changes(l.now, 0)
	l.dead, n.off = true, true
	again := l.addNode(0, 1)
	again.handle(Configure{l.settings()})
	again.handle(Restore{saved})
	l.run(20 * time.Second)
	again.tells(liar, 0, l.positive("www.example.", "10.1.1.1", birth()))
	if r, _ := again.lookup("www.example."); r.Answer == nil || r.Answer.Private {
		t.Errorf("got %+v; want no private address", r)
	}
}
