package story

import (
	"fmt"
	"slices"
	"time"
)

// Span writes milliseconds for people.
func Span(ms float64) string {
	switch {
	case ms < 10:
		return fmt.Sprintf("%.2f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f s", ms/1000)
}

// Times are how long lookups took.
type Times []time.Duration

// Quantile is the time in milliseconds that a share of the lookups, 0 to 1, did
// not exceed; 0 if there are none. 1 is the worst.
func (t Times) Quantile(share float64) float64 {
	if len(t) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t))
	i := min(int(share*float64(len(sorted))), len(sorted)-1)
	return Milliseconds(sorted[i])
}

// Over counts those that took longer.
func (t Times) Over(limit time.Duration) (n int) {
	for _, d := range t {
		if d > limit {
			n++
		}
	}
	return n
}

// Milliseconds is d with the resolution of a microsecond.
func Milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
