package catchup

import (
	"math/rand/v2"
	"slices"
	"testing"

	"mcdns/gocore/group"
)

// serving is a host that serves streams and does nothing else.
type serving struct {
	Host
	busy []bool
}

func (s *serving) Shares() bool { return true }
func (s *serving) Page(p Page)  { s.busy = append(s.busy, p.Busy) }

// Each stream holds a list of the whole cache (PROTOCOL 3.16).
func TestTwoStreamsAreServedAndAThirdWhenOneHasEnded(t *testing.T) {
	h := &serving{}
	c := New(h, empty{}, group.New(1, [2]uint64{}), rand.New(rand.NewPCG(1, 1)))
	for stream := range uint64(3) {
		c.PageWanted(0, stream, Want{})
	}
	c.StreamClosed(0)
	c.PageWanted(0, 3, Want{})
	if want := []bool{false, false, true, false}; !slices.Equal(h.busy, want) {
		t.Errorf("told to come later: %v; want %v", h.busy, want)
	}
}
