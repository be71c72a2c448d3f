package figures

import "testing"

// TestCommonCases runs the table that the lab runs too.
func TestCommonCases(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		for _, c := range RunCommon(seed) {
			if !c.OK() {
				t.Errorf("seed %d: %s: got %s; want %s", seed, c.Name, c.Got, c.Want)
			}
		}
	}
}
