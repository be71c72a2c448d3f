package upstream

import (
	"testing"
	"time"
)

func TestP99IsTheSecondLongestOfAHundred(t *testing.T) {
	var r ring
	for i := range 1000 {
		r.add(time.Duration(i%100+1) * time.Millisecond)
	}
	if got := r.p99(); got != 99*time.Millisecond {
		t.Errorf("got %v; want 99ms", got)
	}
}

// A kernel that looks for a server's address again makes one reply a second late.
// Taken for the server's speed, the next outage was known after 3.1 s on the lab.
func TestOneLateReplyIsNoSlowServer(t *testing.T) {
	s := &server{life: up}
	for range 20 {
		s.rtt.add(5 * time.Millisecond)
	}
	s.rtt.add(time.Second)
	if got := s.timeout(1); got > 300*time.Millisecond {
		t.Errorf("after one late reply a question waits %v; want 300ms at most", got)
	}
	for range 4 {
		s.rtt.add(time.Second)
	}
	if got := s.timeout(1); got < time.Second {
		t.Errorf("after five late replies a question waits %v; want more than they took", got)
	}
}
