// Package clock reads the one clock that mcdns trusts, CLOCK_BOOTTIME: it goes
// on while the machine sleeps, so an answer ages through the night, and nobody
// can set it (PROTOCOL 1.1). Never use time.Now for an age: its monotonic reading
// stops in suspend.
//
// Read clock.go first, then timer.go (one that counts while the machine sleeps) and
// wall.go (what only the wall clock knows).
package clock

import (
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Boot returns the time since the machine booted, sleep included.
func Boot() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		// Linux has it since 2.6.39; without it no age would be true.
		panic("clock: no CLOCK_BOOTTIME: " + err.Error())
	}
	return time.Duration(ts.Nano())
}

// BootID names this boot of the machine, "" if the kernel does not say.
func BootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
