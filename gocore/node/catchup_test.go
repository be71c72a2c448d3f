package node

import (
	"testing"
	"time"
)

// TestCatchUpIsTriedUntilItGetsThrough, seldom in the end: a firewall that drops the
// streams may be opened in a week, and nothing else would find that out.
func TestCatchUpIsTriedUntilItGetsThrough(t *testing.T) {
	l := newLAN(t, 2)
	l.settle()
	l.stall = 1 // of streams that bring nothing, each for 2 s
	n := l.addNode(2, 0)
	n.handle(Configure{Settings: l.settings()})
	tries := func(d time.Duration) (times int) {
		was := n.keepsOfPeers().Pulls > 0
		for end := l.now + d; l.now < end; {
			l.run(time.Second)
			is := n.keepsOfPeers().Pulls > 0
			if is && !was {
				times++
			}
			was = is
		}
		return times
	}
	if got := tries(10 * time.Minute); got < 6 {
		t.Errorf("tried %d times in the first 10 minutes; want 6 or more", got)
	}
	if got := tries(time.Hour); got < 6 || got > 24 {
		t.Errorf("tried %d times in the next hour; want 12 or so", got)
	}
	if got := n.keepsOfPeers().CatchUps; got != 1 {
		t.Errorf("%d catch-ups are under way; want one", got)
	}
	l.stall = 0
	tries(8 * time.Minute) // one and a half of the longest wait
	if got := tries(time.Hour); got > 0 {
		t.Errorf("got through, and tried %d times more", got)
	}
}

// TestCatchUpsInVainDoNotPileUp: repair begins one with each HELLO.
func TestCatchUpsInVainDoNotPileUp(t *testing.T) {
	l := newLAN(t, 2)
	l.ttl = 24 * time.Hour
	l.learn(200)
	l.stall = 1
	n := l.addNode(2, 0)
	n.handle(Configure{Settings: l.settings()})
	l.run(2 * time.Hour)
	if got := n.keepsOfPeers().CatchUps; got > 8 {
		t.Errorf("%d are under way", got)
	}
}
