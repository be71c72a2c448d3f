package sim

import (
	"testing"
	"time"
)

// TestPromisesHoldInTrouble breaks everything at random, from several seeds.
func TestPromisesHoldInTrouble(t *testing.T) {
	seeds := uint64(20)
	if testing.Short() {
		seeds = 5
	}
	for seed := uint64(1); seed <= seeds; seed++ {
		w := Soak(seed, 3+int(seed%10))
		if err := w.Checks.Err(); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

// TestReplyThatASleeperMissesIsNoEarlyStaleAnswer: a host that is suspended for a few
// seconds while its question is under way wakes past its patience.
func TestReplyThatASleeperMissesIsNoEarlyStaleAnswer(t *testing.T) {
	zone := NewMix(Mix{Count: 1, FixedTTL: 30 * time.Second})
	w := New(Options{Seed: 1, Hosts: 3, Zone: zone})
	defer w.Close()
	h := w.Hosts()[0]
	w.Run(20 * time.Second)
	w.Lookup(h, zone.Question(0), 0)
	w.Run(2 * time.Minute)
	w.Lookup(h, zone.Question(0), 0)
	w.Run(5 * time.Millisecond)
	w.Sleep(h)
	w.Run(3 * time.Second)
	w.Awake(h)
	w.Run(time.Minute)
	if w.Tally.Stale() == 0 {
		t.Error("the lookup was not served stale; want what the check is about")
	}
	if err := w.Checks.Err(); err != nil {
		t.Error(err)
	}
}
