package node

import (
	"fmt"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

func TestBrokenStreamLosesNoAnswer(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	const names = 3000
	for i := range names {
		name := fmt.Sprintf("n%d.example.", i)
		a := l.positive(name, "203.0.113.7", dns.Birth{Peer: n.self(), Clock: l.now})
		n.handle(Restore{[]Entry{{Answer: a, Place: 7, Asked: uint32(i % 5)}}})
	}
	got, want := map[string]bool{}, Want{}
	for stream := uint64(1); stream < 10000; stream++ { // broken after each page
		page := n.page(stream, want)
		n.handle(StreamClosed{Stream: stream})
		for _, a := range page.Answers {
			got[a.Question.Name] = true
		}
		if page.Next != 0 {
			want.After = page.Next
		}
		if page.End {
			break
		}
		if want.After == 0 { // still among the most asked: read on, then break
			for page.Next == 0 && !page.End {
				page = n.page(stream, want)
				for _, a := range page.Answers {
					got[a.Question.Name] = true
				}
			}
			want.After = page.Next
			n.handle(StreamClosed{Stream: stream})
		}
	}
	if len(got) != names {
		t.Errorf("a stream that broke after every page brought %d answers; want %d", len(got), names)
	}
}

func (n *testNode) page(stream uint64, w Want) (page Page) {
	for _, e := range n.Handle(n.clock(), PageWanted{Stream: stream, Want: w}) {
		if p, ok := e.(Page); ok {
			page = p
		}
	}
	return page
}

func TestMostAskedAnswersComeFirstAndTwoStreamsAtMost(t *testing.T) {
	l := newLAN(t, 1)
	n := l.nodes[0]
	for i := range 400 {
		a := l.positive(fmt.Sprintf("n%d.example.", i), "203.0.113.7", dns.Birth{Peer: n.self(), Clock: l.now})
		n.handle(Restore{[]Entry{{Answer: a, Place: 7, Asked: uint32(i)}}})
	}
	page := n.page(1, Want{})
	if page.Answers[0].Question.Name != "n399.example." || page.Next != 0 {
		t.Errorf("first is %s, resume at %d; want the most asked one, and nowhere to resume yet", page.Answers[0].Question.Name, page.Next)
	}
	n.page(2, Want{})
	if p := n.page(3, Want{}); !p.Busy {
		t.Error("a third stream was served; want busy")
	}
}

func TestLongAnswersArePulledFourAtATimeAndOnce(t *testing.T) {
	l := newLAN(t, 2)
	l.settle()
	n, peer := l.nodes[0], l.nodes[1]
	var pulls []Pull
	for i := range 200 {
		long := wire.Long{Question: question(fmt.Sprintf("n%d.example.", i/2)), Length: 5000, TTL: time.Hour,
			Birth: dns.Birth{Peer: peer.self(), Clock: l.now}}
		for _, e := range n.Handle(l.now, Received{From: peer.addr, Link: 1, Group: true, Message: &wire.Message{
			From: peer.self(), Seq: peer.seq + 1 + uint64(i), Sent: l.now, Body: &wire.Announce{Long: []wire.Long{long}},
		}}) {
			if p, ok := e.(Pull); ok {
				pulls = append(pulls, p)
			}
		}
	}
	if len(pulls) != maxPulls || n.keepsOfPeers().Pulls != maxPulls {
		t.Errorf("%d streams opened, %d kept; want %d", len(pulls), n.keepsOfPeers().Pulls, maxPulls)
	}
}

func TestLongAnswersAreFetchedByThreeAndThoseWhoUseThem(t *testing.T) {
	l := newLAN(t, 20)
	l.settle()
	user := l.nodes[3]
	old := l.positive("long.example.", "203.0.113.7", dns.Birth{Peer: wire.Peer{ID: 500, Epoch: 1}})
	user.handle(Restore{[]Entry{{Answer: old, Age: 2 * time.Hour, Place: 7, Asked: 1}}})
	teller, pulled := l.nodes[0], map[int]bool{}
	l.onEffect = func(n *testNode, e Effect) {
		if _, ok := e.(Pull); ok {
			pulled[n.i] = true
		}
	}
	long := wire.Long{Question: question("long.example."), Length: 5000, TTL: time.Hour, Birth: dns.Birth{Peer: teller.self(), Clock: l.now}}
	for _, n := range l.nodes[1:] {
		n.handle(Received{From: teller.addr, Link: 1, Group: true, Message: &wire.Message{
			From: teller.self(), Seq: teller.seq + 1, Sent: l.now, Body: &wire.Announce{Long: []wire.Long{long}},
		}})
	}
	if !pulled[3] || len(pulled) < 3 || len(pulled) > 4 {
		t.Errorf("hosts %v pulled; want host 3, which is asked for it, and the three ranked first", pulled)
	}
}
