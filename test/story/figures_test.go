package story

import (
	"testing"
	"time"
)

func TestQuantileIsATimeThatWasTaken(t *testing.T) {
	var times Times
	for i := range 200 {
		times = append(times, time.Duration(200-i)*time.Millisecond)
	}
	for share, want := range map[float64]float64{0: 1, 0.5: 101, 0.99: 199, 1: 200} {
		if got := times.Quantile(share); got != want {
			t.Errorf("Quantile(%v) = %v ms; want %v", share, got, want)
		}
	}
	if got := (Times{}).Quantile(0.5); got != 0 {
		t.Errorf("Quantile of nothing = %v; want 0", got)
	}
	if got := times.Over(190 * time.Millisecond); got != 10 {
		t.Errorf("got %d over 190 ms; want 10", got)
	}
}
