package node

import (
	"fmt"
	"testing"
	"time"
)

func TestBurstOfNamesOutlivesTheHostThatAskedForThem(t *testing.T) {
	l := newLAN(t, 4)
	names := l.known(1000)
	l.settle()
	for _, name := range names {
		l.nodes[0].query(name)
	}
	l.run(30 * time.Second)
	l.nodes[0].off, l.dead = true, true
	lost := 0
	for _, name := range names {
		if e, ok := l.nodes[1].Entry(l.now, question(name)); !ok || e.Answer == nil {
			lost++
		}
	}
	if lost != 0 {
		t.Errorf("%d of 1000 names died with the host that looked them up", lost)
	}
}

func TestWhatAPartitionKeptApartIsRepaired(t *testing.T) {
	l := newLAN(t, 4)
	l.ttl = time.Hour
	l.settle()
	l.silent = map[int]bool{0: true, 1: true, 2: true, 3: true}
	l.unheard = true // unicast is lost too
	for i := range 100 {
		name := fmt.Sprintf("apart%d.example.", i)
		l.answers[name] = "203.0.113.7"
		l.nodes[0].lookup(name)
	}
	l.run(5 * time.Minute)
	l.silent, l.unheard = nil, false
	l.run(3 * time.Minute)
	for _, n := range l.nodes {
		if got := n.cache.Len(); got < 100 {
			t.Errorf("host %d: %d answers 3 minutes after the partition; want 100", n.i, got)
		}
	}
}
