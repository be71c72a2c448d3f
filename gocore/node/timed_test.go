package node

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// A timer whose kind had no row would stop the node when it is due.
func TestEveryKindOfTimerHasARow(t *testing.T) {
	for k, row := range timed {
		if row.run == nil {
			t.Errorf("nothing is done when a timer of kind %d is due; give it a row in timed.go", k)
		}
	}
}

// TestCopyIsTheSameNode in the middle of everything: what is asked, streamed and proven.
// Copies go on alike, and none writes to the other.
func TestCopyIsTheSameNode(t *testing.T) {
	l := newLAN(t, 8)
	l.loss, l.askLoss = 0.2, 0.2
	l.settle()
	for i := range 300 {
		n := l.nodes[i%len(l.nodes)]
		n.query(fmt.Sprintf("n%d.example.", i%50))
		l.dead = i > 150
		l.run(20 * time.Millisecond)
		copied := func() *Node {
			source := *n.source
			return n.Copy(rand.New(&source))
		}
		a, b := copied(), copied()
		same(t, i, n.Node, a)
		at := n.clock()
		for range 20 {
			at, _ = a.NextWake(at)
			if one, other := a.Handle(at, Wake{}), b.Handle(at, Wake{}); !reflect.DeepEqual(one, other) {
				t.Fatalf("after %d questions two copies do at %v (seed %d):\n%+v\n%+v", i, at, seed, one, other)
			}
			same(t, i, a, b)
		}
		same(t, i, n.Node, copied())
	}
}

// same compares two nodes as the plain data that they are.
func same(t *testing.T, i int, a, b *Node) {
	t.Helper()
	if reflect.DeepEqual(a, b) {
		return
	}
	x, y := reflect.ValueOf(*a), reflect.ValueOf(*b)
	for f := range x.NumField() {
		if one, other := fmt.Sprintf("%+v", x.Field(f)), fmt.Sprintf("%+v", y.Field(f)); one != other {
			t.Logf("%s:\n%.2000s\n%.2000s", x.Type().Field(f).Name, one, other)
		}
	}
	t.Fatalf("after %d questions a copy is another node (seed %d)", i, seed)
}
