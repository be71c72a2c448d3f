package beside

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestWhatHangsHoldsNobodyUp: whoever asks waits for so long at most, gets what was known
// before with its age, and however many ask, one goroutine hangs.
func TestWhatHangsHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var k Kept[int]
		var looks atomic.Int32
		hang := make(chan struct{})
		look := func() int {
			if n := looks.Add(1); n == 2 {
				<-hang
			}
			return int(looks.Load())
		}
		if v, age, known := k.Get(time.Second, look); v != 1 || age != 0 || !known {
			t.Errorf("got %d, %v, %v", v, age, known)
		}
		begin := time.Now()
		for i := range 30 {
			v, age, known := k.Get(time.Second, look)
			if want := time.Duration(i+1) * time.Second; v != 1 || age != want || !known || time.Since(begin) != want {
				t.Fatalf("while the disk hangs: got %d, %v old after %v; want 1, %v old", v, age, time.Since(begin), want)
			}
		}
		if looks.Load() != 2 {
			t.Errorf("it was looked %d times beside each other", looks.Load()-1)
		}
		close(hang)
		synctest.Wait()
		if v, _, known := k.Get(time.Second, look); v != 3 || !known {
			t.Errorf("when the disk is back: got %d, %v; want 3", v, known)
		}
	})
}

func TestWhatWasNeverFoundIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var k Kept[string]
		hang := make(chan struct{})
		if v, _, known := k.Get(time.Millisecond, func() string { <-hang; return "x" }); v != "" || known {
			t.Errorf("got %q, %v", v, known)
		}
		close(hang)
	})
}

// TestOneThingIsDoneAtATimeAndNoneIsLost: who came while another look was under way gets a
// look of its own, for what it came for may have changed since.
func TestOneThingIsDoneAtATimeAndNoneIsLost(t *testing.T) {
	var o One
	running, done := int32(0), 0
	ends := make(chan bool)
	for range 50 {
		go func() {
			ends <- o.Do(time.Minute, func() {
				if atomic.AddInt32(&running, 1) != 1 {
					t.Error("two at a time")
				}
				done++
				atomic.AddInt32(&running, -1)
			})
		}()
	}
	for range 50 {
		if !<-ends {
			t.Error("one did not end")
		}
	}
	if done != 50 {
		t.Errorf("done %d times; want 50", done)
	}
}

func TestPanicBesideEndsNothing(t *testing.T) {
	var o One
	if !o.Do(time.Minute, func() { panic("a test") }) || !o.Do(time.Minute, func() {}) {
		t.Error("it hangs after a panic")
	}
}
