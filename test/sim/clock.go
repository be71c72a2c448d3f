package sim

import "time"

// clock is a host's CLOCK_BOOTTIME: it starts at a boot and runs ppm parts in
// a million too fast.
type clock struct {
	boot time.Duration // the world's time at boot
	base time.Duration // what the clock showed then
	ppm  int64
}

// read gives what the clock shows at the world's time t.
func (c *clock) read(t time.Duration) time.Duration {
	since := t - c.boot
	return c.base + since + since/1_000_000*time.Duration(c.ppm)
}

// when gives the first time of the world at which the clock shows at least d.
func (c *clock) when(d time.Duration) time.Duration {
	since := d - c.base
	t := c.boot + since - since/1_000_000*time.Duration(c.ppm)
	for c.read(t) < d {
		t += 1 + (d-c.read(t))/2
	}
	return t
}
