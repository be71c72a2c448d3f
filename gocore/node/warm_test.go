package node

import (
	"reflect"
	"slices"
	"testing"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// A simulator that warms its nodes must see what one that does not would.
func TestWarmChangesNothing(t *testing.T) {
	l := newLAN(t, WarmMost+4)
	names := l.known(8)
	l.settle()
	var nodes []*Node
	for _, n := range l.nodes {
		nodes = append(nodes, n.Node)
	}
	bodies := []wire.Body{
		&wire.Query{Nonce: 1, Asked: []wire.Asked{{Question: question(names[0])}, {Question: question("nowhere.example.")}}},
		&wire.Announce{Answers: []wire.Aged{{Answer: l.positive(names[1], "203.0.113.9", dns.Birth{Peer: nodes[0].self()})}}},
		&wire.Hello{},
	}
	for _, n := range l.nodes {
		before := n.sizes()
		status := n.Status(l.now)
		for _, from := range []wire.Peer{nodes[0].self(), {ID: 4711, Epoch: 1}, {}} {
			for _, body := range append(bodies, nil) {
				Warm(nodes, slices.Repeat([]wire.Peer{from}, len(nodes)), body)
				Warm([]*Node{New(Config{Rand: n.rand})}, []wire.Peer{from}, body)
			}
		}
		if after := n.sizes(); !reflect.DeepEqual(before, after) || !reflect.DeepEqual(status, n.Status(l.now)) {
			t.Fatalf("host %d: %v before, %v after", n.i, before, after)
		}
	}
}
