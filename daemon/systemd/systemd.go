// Package systemd is what mcdnsd and systemd say to each other: the socket that is
// passed on, the states that are told, and the watchdog. Without systemd nothing is
// passed and nobody is told.
package systemd

import (
	"net"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"

	"mcdns/daemon/beside"
)

// States for Notify, see sd_notify(3).
const (
	Ready    = daemon.SdNotifyReady
	Stopping = daemon.SdNotifyStopping
	Alive    = daemon.SdNotifyWatchdog
)

// notifyWithin is how long Notify waits while systemd does not read.
const notifyWithin = 100 * time.Millisecond

var telling beside.One

// Notify tells what is so now, a line each. What a systemd that does not read (it freezes
// where it crashed) has no room for comes late, or never: nothing here waits for it.
func Notify(states ...string) {
	telling.Do(notifyWithin, func() { daemon.SdNotify(false, strings.Join(states, "\n")) })
}

// Watchdog ticks as often as systemd wants to hear Alive; never if it does not. stop
// ends that.
func Watchdog() (ticks <-chan time.Time, stop func()) {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil || interval <= 0 {
		return nil, func() {}
	}
	t := time.NewTicker(interval / 3)
	return t.C, t.Stop
}

// Socket is the one with this name, or else with name.sock for a file, that systemd
// holds for us, nil if there is none; others are closed. Closing it leaves systemd's own
// descriptor, and the file, alone.
func Socket(name string) (own *net.UnixListener) {
	named, _ := activation.ListenersWithNames()
	for is, ls := range named {
		for _, l := range ls {
			u, ok := l.(*net.UnixListener)
			if ok && own == nil && (is == name || strings.HasSuffix(u.Addr().String(), "/"+name+".sock")) {
				u.SetUnlinkOnClose(false)
				own = u
			} else {
				l.Close()
			}
		}
	}
	return own
}
