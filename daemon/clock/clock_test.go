package clock

import (
	"testing"
	"time"
)

func TestBootTimeNeverRunsBackwards(t *testing.T) {
	last := Boot()
	for range 1000 {
		now := Boot()
		if now < last {
			t.Fatalf("got %v after %v", now, last)
		}
		last = now
	}
}

func TestTimerFiresNotBeforeItsTime(t *testing.T) {
	timer, err := NewTimer()
	if err != nil {
		t.Fatal(err)
	}
	defer timer.Close()
	at := Boot() + 30*time.Millisecond
	timer.Set(at)
	<-timer.C
	if now := Boot(); now < at {
		t.Errorf("fired at %v; want not before %v", now, at)
	}
}

func TestTimerSetInThePastFiresAtOnce(t *testing.T) {
	timer, err := NewTimer()
	if err != nil {
		t.Fatal(err)
	}
	defer timer.Close()
	for _, at := range []time.Duration{-time.Hour, 0, 1, Boot() - time.Second} {
		timer.Set(at)
		select {
		case <-timer.C:
		case <-time.After(5 * time.Second):
			t.Fatalf("set to %v: did not fire", at)
		}
	}
}
