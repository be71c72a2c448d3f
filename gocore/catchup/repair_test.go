package catchup

import (
	"math/rand/v2"
	"testing"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// empty holds nothing.
type empty struct{}

func (empty) Get(time.Duration, dns.Question) cache.Entry { return cache.Entry{} }
func (empty) All(func(cache.Entry) bool)                  {}
func (empty) Len() int                                    { return 0 }
func (empty) Full() bool                                  { return false }
func (empty) Here(cache.Entry) bool                       { return true }
func (empty) Shareable(cache.Entry) bool                  { return true }

// Two streams a second of a thousand hosts would carry what all of them tell to each
// of them once more.
func TestRepairsOfABigGroupPause(t *testing.T) {
	for _, c := range []struct {
		hosts int
		pause time.Duration
	}{{8, 0}, {100, 0}, {200, 200 * time.Second}, {1000, 5000 * time.Second}} {
		now, g := time.Hour, group.New(1, [2]uint64{})
		for id := range uint64(c.hosts - 1) {
			g.Join(wire.Peer{ID: id + 1000, Epoch: 1}, now, now, now)
		}
		k := New(nil, empty{}, g, rand.New(rand.NewPCG(1, 0)))
		p := &pull{began: now, whole: true, gained: 1000}
		k.repair.pull = p
		k.caughtUp(now, p)
		if got := k.repair.next - now; got != c.pause && (c.pause != 0 || got > 0) {
			t.Errorf("%d hosts: %v until the next repair; want %v", g.N(), got, c.pause)
		}
	}
}
