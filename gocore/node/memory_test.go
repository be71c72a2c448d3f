package node

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// logged counts the lines that begin so.
func (n *testNode) logged(what string) (times int) {
	for _, line := range n.logs {
		if strings.HasPrefix(line, what) {
			times++
		}
	}
	return times
}

// TestInsiderEmptiesNobodysMemory: twenty ids with the key, all at one address, tell what
// they made up as fast as each may. What a host used and what others told is left, and
// the log says so in one line.
func TestInsiderEmptiesNobodysMemory(t *testing.T) {
	const ids, seconds = 20, 20
	l := newLAN(t, 2)
	s := l.settings()
	s.CacheBytes = 1 << 20
	for _, n := range l.nodes {
		n.handle(Configure{s})
	}
	names := l.known(400)
	l.settle()
	for i, name := range names {
		l.nodes[i%2].query(name)
		l.run(20 * time.Millisecond)
	}
	l.run(20 * time.Second)
	n := l.nodes[0]
	for i := range ids {
		n.joins(l.now, wire.Peer{ID: 900 + uint64(i), Epoch: 1})
	}
	for i := range seconds * 10 {
		for id := range ids {
			from := wire.Peer{ID: 900 + uint64(id), Epoch: 1}
			body := &wire.Announce{}
			for k := range 20 {
				a := l.positive(fmt.Sprintf("made-up-%d-%d-%d.evil.example.", i, id, k), forged, dns.Birth{Peer: from, Clock: l.now.Truncate(time.Millisecond)})
				body.Answers = append(body.Answers, wire.Aged{Answer: a})
			}
			n.says(from, uint64(i+2), l.now, true, body)
		}
		l.run(100 * time.Millisecond)
	}
	left := 0
	for _, name := range names {
		if n.holds(l.now, question(name)).Held() {
			left++
		}
	}
	if left != len(names) {
		t.Errorf("%d of %d names of the LAN are left (seed %d)", left, len(names), seed)
	}
	if full, flooded := n.logged("memory full"), n.logged("a peer's answers take most"); full != 1 || flooded != 1 {
		t.Errorf("logged %d times that the memory is full, %d times that a peer fills it; want once each: %q", full, flooded, n.logs)
	}
	s.CacheBytes = 8 << 20
	n.handle(Configure{s})
	l.run(3 * time.Hour)
	if got := n.logged("memory no longer full"); got != 1 {
		t.Errorf("logged %d times that it is over; want once", got)
	}
}
