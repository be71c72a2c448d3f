package limit

import (
	"testing"
	"time"
)

func TestBucketHoldsToItsRateAfterABurst(t *testing.T) {
	var b Bucket
	taken := 0
	for now := time.Hour; now < time.Hour+10*time.Second; now += time.Millisecond {
		if b.Take(now, 5, 20) == 0 {
			taken++
		}
	}
	if taken < 68 || taken > 70 {
		t.Errorf("took %d in 10 s; want a burst of 20 and 5 a second", taken)
	}
}

func TestBucketSaysWhenThereIsOne(t *testing.T) {
	var b Bucket
	now := time.Hour
	if b.Spend(now, 4, 10, 10) != 0 {
		t.Fatal("a new bucket is not full")
	}
	wait := b.Take(now, 4, 10)
	if wait < 250*time.Millisecond || wait > 252*time.Millisecond {
		t.Errorf("wait %v at 4 a second; want a quarter of a second", wait)
	}
	if b.Take(now+wait, 4, 10) != 0 {
		t.Error("there was none when it said")
	}
	if b.Spend(now+time.Hour, 4, 10, 11) == 0 {
		t.Error("more than a burst at once")
	}
}
