package clients

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Door lets work in, in turn by user and few at one time: a thousand that came at once
// must not all stand before the next one of somebody else.
//
// Beside others a crowd, a user with more work than is let in at one time, is let in only
// while this process takes no more than half a processor: what a turn begins goes on after
// it, and whoever is woken up behind that work waits for the processor. Who is alone is
// never held back, nor who has no crowd.
type Door struct {
	most  int
	turns Turns[func(endTurn func())]
	mu    sync.Mutex
	busy  int                  // those whose turn it is
	came  map[uint32]time.Time // when each user last came
	pause bool                 // somebody is held back, until the timer
	// rest is how long this process has to rest because of what it took of late.
	rest func() time.Duration
}

const (
	// company is how long after others came a crowd is one beside others.
	company = time.Second
	// longestPause is how long a crowd waits at most for its next turn, whatever else
	// this process is busy with.
	longestPause = 5 * time.Millisecond
	// users is how many are remembered before those who left are forgotten.
	users = 64
)

// NewDoor makes one that lets so many in at one time.
func NewDoor(most int) *Door {
	return &Door{most: most, came: map[uint32]time.Time{}, rest: new(spending).rest}
}

// Enter calls begin when the user's turn comes; it must not wait for anything. endTurn
// is to be called when the work ends or waits for something, and again does no harm.
func (d *Door) Enter(user uint32, begin func(endTurn func())) {
	d.turns.Put(user, begin)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.note(user, time.Now())
	d.next(false)
}

// Wait waits for the user's turn.
func (d *Door) Wait(user uint32) (endTurn func()) {
	in := make(chan func(), 1)
	d.Enter(user, func(end func()) { in <- end })
	return <-in
}

func (d *Door) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy--
	d.next(false)
}

// next gives turns. waited: a pause is over, and whoever was held back has one.
func (d *Door) next(waited bool) {
	for d.busy < d.most {
		held := false
		_, begin, some := d.turns.TakeOf(func(user uint32, waits int) bool {
			may := waited || waits <= d.most || !d.beside(user) || d.rest() <= 0
			held = held || !may
			return may
		})
		if !some {
			if held && !d.pause {
				d.pause = true
				time.AfterFunc(min(longestPause, d.rest()), d.resume)
			}
			return
		}
		waited = false
		d.busy++
		begin(sync.OnceFunc(d.end))
	}
}

func (d *Door) resume() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pause = false
	d.next(true)
}

// note remembers who came.
func (d *Door) note(user uint32, now time.Time) {
	if d.came[user] = now; len(d.came) > users {
		for u, at := range d.came {
			if now.Sub(at) > company {
				delete(d.came, u)
			}
		}
	}
}

// beside reports whether others than this user have come of late.
func (d *Door) beside(user uint32) bool {
	now := time.Now()
	for u, at := range d.came {
		if u != user && now.Sub(at) <= company {
			return true
		}
	}
	return false
}

// spending is what this process has taken of a processor, beyond half of the time.
type spending struct {
	looked time.Time
	used   time.Duration
	debt   time.Duration // of time to rest
}

// rest is how long it has to rest, reckoned anew once a millisecond.
func (s *spending) rest() time.Duration {
	now := time.Now()
	if passed := now.Sub(s.looked); passed >= time.Millisecond {
		used := processorTime()
		s.debt = min(max(s.debt+2*(used-s.used)-passed, -longestPause), 2*longestPause)
		s.looked, s.used = now, used
	}
	return s.debt
}

// processorTime is what this process has taken of all processors.
func processorTime() time.Duration {
	var r unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
