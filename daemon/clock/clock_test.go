package clock

import (
	"fmt"
	"os"
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

func TestOnlyALeapAheadOfTheWallClockCounts(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	w := NewWall(time.Hour, noon)
	for _, c := range []struct {
		name string
		boot time.Duration // since the start
		wall time.Duration // since noon
		want time.Duration
	}{
		{"an hour passes", time.Hour, time.Hour, 0},
		{"NTP slews", 2 * time.Hour, 2*time.Hour + time.Second, 0},
		{"paused for a night", 2 * time.Hour, 12*time.Hour + time.Second, 10 * time.Hour},
		{"said once", 3 * time.Hour, 13*time.Hour + time.Second, 0},
		{"set back", 3 * time.Hour, time.Hour, 0},
		{"set right again", 3 * time.Hour, 2 * time.Hour, time.Hour},
		{"a flat battery", 3 * time.Hour, 90000 * time.Hour, MostAway},
		{"and back", 3 * time.Hour, 3 * time.Hour, 0},
	} {
		if got := w.Leap(time.Hour+c.boot, noon.Add(c.wall)); got != c.want {
			t.Errorf("%s: got %v; want %v", c.name, got, c.want)
		}
	}
}

func TestKernelSaysWhenTheWallClockIsSet(t *testing.T) {
	set, stop := WallSet()
	defer stop()
	if set == nil {
		t.Fatal("no timerfd that is cancelled when the clock is set")
	}
	select {
	case <-set:
		t.Error("said without need")
	default:
	}
}

// TestBootTimeIsTheKernelsUptime, which nobody can set and which goes on in suspend.
func TestBootTimeIsTheKernelsUptime(t *testing.T) {
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		t.Skip(err)
	}
	var up float64
	if _, err := fmt.Sscan(string(text), &up); err != nil {
		t.Fatal(err)
	}
	if boot := Boot().Seconds(); boot < up-1 || boot > up+60 {
		t.Errorf("got %.1f s; the kernel is up for %.1f s", boot, up)
	}
}
