package clock

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// leapAtLeast is what the wall clock must gain at once to count: less is the
	// work of NTP, and a second more or less makes no answer wrong.
	leapAtLeast = 2 * time.Second
	// MostAway bounds what a wall clock may add to an age: it may have been wrong by
	// decades before it was set, or after a flat battery (PROTOCOL 1.3).
	MostAway = 30 * 24 * time.Hour
)

// Wall watches the wall clock for leaps ahead of Boot's clock: a virtual machine
// that was paused finds its own clocks where they stood, and only the wall clock,
// once it is set, tells what it missed.
type Wall struct{ lead time.Duration }

// NewWall begins with the two clocks as they are.
func NewWall(boot time.Duration, wall time.Time) *Wall {
	return &Wall{lead: time.Duration(wall.UnixNano()) - boot}
}

// Leap is by how much the wall clock leapt ahead since the last call, 0 if it
// did not, or went back.
func (w *Wall) Leap(boot time.Duration, wall time.Time) time.Duration {
	lead := time.Duration(wall.UnixNano()) - boot
	leap := lead - w.lead
	w.lead = lead
	if leap < leapAtLeast {
		return 0
	}
	return min(leap, MostAway)
}

// WallSet gets a value after somebody set the wall clock (timerfd_create(2),
// TFD_TIMER_CANCEL_ON_SET), until stop is called. It is nil where the kernel
// cannot say.
func WallSet() (set <-chan struct{}, stop func()) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return nil, func() {}
	}
	file := os.NewFile(uintptr(fd), "wall clock")
	never := unix.ItimerSpec{Value: unix.Timespec{Sec: 1 << 40}}
	if err := unix.TimerfdSettime(fd, unix.TFD_TIMER_ABSTIME|unix.TFD_TIMER_CANCEL_ON_SET, &never, nil); err != nil {
		file.Close()
		return nil, func() {}
	}
	was := make(chan struct{}, 1)
	go func() {
		var b [8]byte
		for {
			if _, err := file.Read(b[:]); !errors.Is(err, unix.ECANCELED) {
				return // closed
			}
			select {
			case was <- struct{}{}:
			default:
			}
		}
	}()
	return was, func() { file.Close() }
}
