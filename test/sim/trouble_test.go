package sim

import "testing"

// TestPromisesHoldInTrouble runs the troubled half hour from several seeds.
func TestPromisesHoldInTrouble(t *testing.T) {
	for seed := uint64(1); seed <= 5; seed++ {
		w := troubled(seed, 8, 1)
		w.Checks.Held(w)
		if err := w.Checks.Err(); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		t.Logf("%+v", w.Tally.By)
	}
}
