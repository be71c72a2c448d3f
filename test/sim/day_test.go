package sim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mcdns/gocore/node"
)

// TestNothingGrowsWhileHostsComeAndGo is three hours of what `make sim` does for 24.
func TestNothingGrowsWhileHostsComeAndGo(t *testing.T) {
	d := NewDay(1, 12, 3*time.Hour)
	t.Logf("\n%s", d)
	if err := d.Err(); err != nil {
		t.Error(err)
	}
}

// leaky is a node that never forgets whom it heard.
type leaky struct {
	*node.Node
	heard map[string]bool
}

func (l leaky) Handle(now time.Duration, in node.Input) []node.Effect {
	if r, ok := in.(node.Received); ok {
		l.heard[fmt.Sprint(r.Message.From)] = true
	}
	return l.Node.Handle(now, in)
}

func TestALeakIsFound(t *testing.T) {
	make := func(c node.Config) Node { return leaky{node.New(c), map[string]bool{}} }
	d := newDay(1, 12, time.Hour, make)
	if err := d.Err(); err == nil || !strings.Contains(err.Error(), "sim.leaky.heard grew") {
		t.Errorf("a node that forgets nobody: got %v", err)
	}
}
