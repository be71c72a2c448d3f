package node

import (
	"testing"
	"time"

	"mcdns/gocore/wire"
)

// played is what a run of the speaker's host that is over said so long ago.
func (s *speaker) played(to *testNode, epoch uint64, ago time.Duration, body wire.Body) {
	to.handle(Received{From: s.addr, Link: 1, Group: true, Message: &wire.Message{
		From: wire.Peer{ID: s.self.ID, Epoch: epoch}, Seq: epoch, Sent: s.lan.now + s.skew - ago, Body: body,
	}})
}

// TestRunThatLivesAnswersForThoseThatAreOver: who has just started knows no clock that
// shows recordings for what they are, but the run that lives at their address answers.
func TestRunThatLivesAnswersForThoseThatAreOver(t *testing.T) {
	l := newLAN(t, 1)
	n, s := l.nodes[0], l.speaker(77)
	l.sent = nil
	for i := range uint64(35) {
		s.played(n, 1000+i, time.Duration(i+1)*10*time.Second, &wire.Hello{})
	}
	l.run(5 * time.Second)
	if got := len(take[*wire.Prove](l, n)); got > 1 {
		t.Errorf("%d challenges for the recordings of 35 runs of one living host; want 1", got)
	}
	if n.member(s.self) == nil || n.hostsKnown() != 2 {
		t.Errorf("the run that answered is not known, N is %d; want it proven, N of 2", n.hostsKnown())
	}
	if n.speaksAsOneOf() != 2 {
		t.Errorf("it speaks as one of %d; want 2", n.speaksAsOneOf())
	}
}

// TestRunAnswersForItsOwnHostAlone: where datagrams came from anybody can forge, so
// that a PROVE reaches another host than it is for.
func TestRunAnswersForItsOwnHostAlone(t *testing.T) {
	l := newLAN(t, 1)
	n, s := l.nodes[0], l.speaker(77)
	other := wire.Peer{ID: 78, Epoch: 1}
	n.handle(Received{From: s.addr, Link: 1, Group: true, Message: &wire.Message{From: other, Seq: 1, Sent: l.now, Body: &wire.Hello{}}})
	l.run(300 * time.Millisecond)
	if n.keepsOfPeers().Open != 1 || n.member(other) != nil {
		t.Error("another host's PROOF ended a challenge, or counted for it")
	}
}

// TestGoodbyeOfAStrangerIsNoReasonToAsk: where all hosts start anew, each hears every
// other's last run go; of 960 challenges of 16 hosts nobody had a use.
func TestGoodbyeOfAStrangerIsNoReasonToAsk(t *testing.T) {
	l := newLAN(t, 1)
	n, s := l.nodes[0], l.speaker(77)
	s.mute, l.sent = true, nil
	s.played(n, 1000, 0, &wire.Bye{})
	l.run(5 * time.Second)
	if got := len(take[*wire.Prove](l, n)); got > 0 || n.keepsOfPeers().Strangers > 0 {
		t.Errorf("%d challenges, %d strangers after a goodbye; want none", got, n.keepsOfPeers().Strangers)
	}
}
