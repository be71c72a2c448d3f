package clock

import (
	"encoding/binary"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A Timer fires at a time of Boot's clock. A runtime timer would not do: it
// stands still while the machine sleeps, and what was due at night would come
// hours late in the morning.
type Timer struct {
	// C gets a value after the time set has come; at most one waits there.
	C    <-chan struct{}
	file *os.File
}

// NewTimer makes a timer that is not set. It needs one descriptor.
func NewTimer() (*Timer, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_BOOTTIME, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("clock: timer: %w", err)
	}
	fired := make(chan struct{}, 1)
	t := &Timer{C: fired, file: os.NewFile(uintptr(fd), "timerfd")}
	go t.read(fired)
	return t, nil
}

// Set makes the timer fire at a time of Boot's clock, at once if it has passed;
// an earlier setting is forgotten.
func (t *Timer) Set(at time.Duration) { t.set(max(at, 1)) }

// Clear makes the timer not fire.
func (t *Timer) Clear() { t.set(0) }

func (t *Timer) set(at time.Duration) {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(at))}
	raw, err := t.file.SyscallConn()
	if err != nil {
		return // closed
	}
	raw.Control(func(fd uintptr) {
		unix.TimerfdSettime(int(fd), unix.TFD_TIMER_ABSTIME, &spec, nil)
	})
}

// Close frees the descriptor. C is not closed.
func (t *Timer) Close() error { return t.file.Close() }

func (t *Timer) read(fired chan<- struct{}) {
	var count [8]byte
	for {
		n, err := t.file.Read(count[:])
		if err != nil {
			return
		}
		if n == len(count) && binary.NativeEndian.Uint64(count[:]) > 0 {
			select {
			case fired <- struct{}{}:
			default:
			}
		}
	}
}
