package sim

import "testing"

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
