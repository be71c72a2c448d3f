package clients

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestCrowdAtTheDoorLetsTheNextUserThrough(t *testing.T) {
	in, out := make(chan uint32), make(chan bool)
	door := NewDoor(2)
	enter := func(user uint32) {
		door.Enter(user, func(endTurn func()) {
			go func() {
				in <- user
				<-out
				endTurn()
				endTurn() // again does no harm
			}()
		})
	}
	for range 5 {
		enter(1)
	}
	enter(2)
	var got []string
	for i := range 6 {
		if i >= 2 {
			out <- true
		}
		got = append(got, fmt.Sprint(<-in))
	}
	out <- true
	out <- true
	if text := strings.Join(got, " "); text != "1 1 1 2 1 1" && text != "1 1 2 1 1 1" {
		t.Errorf("let in: %s", text)
	}
}

// TestCrowdRestsBesideOthers: what a turn begins takes the processors after it, so beside
// others a crowd has its turns while the process is not tired, and some even then; alone it
// has all of them at once.
func TestCrowdRestsBesideOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tired atomic.Bool
		var in [3]atomic.Int32 // by user
		door := NewDoor(2)
		door.rest = func() time.Duration {
			if tired.Load() {
				return time.Second
			}
			return 0
		}
		enter := func(user uint32, count int) {
			for range count {
				door.Enter(user, func(endTurn func()) {
					in[user].Add(1)
					go endTurn()
				})
			}
			synctest.Wait()
		}
		tired.Store(true)
		enter(1, 100)
		if in[1].Load() != 100 {
			t.Errorf("alone %d of 100 were let in", in[1].Load())
		}
		enter(2, 2)
		if in[2].Load() != 2 {
			t.Error("who has no crowd is held back")
		}
		enter(1, 100)
		if got := in[1].Load() - 100; got > 100-2 {
			t.Errorf("beside others %d of a crowd of 100 were let in at once", got)
		}
		before := in[1].Load()
		time.Sleep(10 * longestPause)
		if got := in[1].Load() - before; got < 5 || got > 15 {
			t.Errorf("%d had a turn in 10 pauses; want one in each", got)
		}
		tired.Store(false)
		time.Sleep(longestPause)
		synctest.Wait()
		if in[1].Load() != 200 {
			t.Errorf("%d of 200 were let in when there was time again", in[1].Load())
		}
	})
}
