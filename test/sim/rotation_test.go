package sim

import (
	"testing"
	"time"
)

// TestHonestGroupBehindACDNAccusesNobody: other addresses are no lie. make attack lets a
// day pass, and counts what is asked beside the version before.
func TestHonestGroupBehindACDNAccusesNobody(t *testing.T) {
	r := Rotation{Seed: 1, Hosts: 20, Length: 2 * time.Hour}.Run()
	if r.Accused > 0 || r.Asked < 1000 || r.Asked >= r.Lookups {
		t.Errorf("seed 1: %d answers of honest peers taken for wrong, %d questions for %d lookups; want none, and fewer questions than lookups",
			r.Accused, r.Asked, r.Lookups)
	}
}
