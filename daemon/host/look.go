package host

import (
	"time"

	"mcdns/daemon/beside"
	"mcdns/daemon/clock"
	"mcdns/daemon/resolvconf"
)

// looks are those that programs cause.
type looks struct {
	one  beside.One
	vain time.Duration // clock.Boot of the last that could not read; one's
}

const (
	// lookEvery is how often a file that cannot be read is tried for programs.
	lookEvery = time.Second
	// lookWithin is how long a program, or a person, waits for a look: with a disk that
	// hangs, what is known from before stands. The module waits 1.5 s.
	lookWithin = time.Second
)

// sees reports whether the resolv.conf with this stamp, a program's, is the one
// that counts here. Before it says no it looks whether the file has changed: a script
// that writes it and looks a name up in its next line is faster than any watch.
func (h *Host) sees(s resolvconf.Stamp) bool {
	c := h.known.conf.Load()
	if s != c.Stamp || c.Young {
		h.lookAgain()
		c = h.known.conf.Load()
	}
	return s == c.Stamp || s == resolvconf.Unknown || c.Stamp == resolvconf.Unknown
}

// lookAgain reads all anew if resolv.conf has changed.
func (h *Host) lookAgain() { h.looks.one.Do(lookWithin, h.lookIfChanged) }

func (h *Host) lookIfChanged() {
	now := clock.Boot()
	if vain := h.looks.vain; vain != 0 && now < vain+lookEvery || !resolvconf.Real().Changed(*h.known.conf.Load()) {
		return
	}
	h.refresh()
	if h.known.shown.Load().unread != nil {
		h.looks.vain = now
	}
}
