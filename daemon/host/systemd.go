package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"

	"mcdns/daemon/loop"
)

// notify tells systemd, if it started us.
func notify(state string) {
	if state != "" {
		daemon.SdNotify(false, state)
	}
}

// status is the status line in systemd's form, "" if there is none now.
func (h *Host) status() string {
	line := h.report.Line()
	if line == "" {
		return ""
	}
	return "STATUS=" + line
}

// watchdog ticks as often as systemd wants to hear that the loop still moves.
func (h *Host) watchdog() (<-chan time.Time, func()) {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil || interval <= 0 {
		return nil, func() {}
	}
	t := time.NewTicker(interval / 3)
	return t.C, t.Stop
}

// alive feeds the watchdog once the loop has answered: a daemon whose loop
// hangs is to be killed.
func (h *Host) alive() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := loop.See(ctx, h.loop, func(loop.View) bool { return true }); err == nil {
		notify(daemon.SdNotifyWatchdog)
	}
}

// passed is the socket named "nss" that systemd holds for us, nil if there is
// none. Closing it leaves systemd's own descriptor, and the file, alone.
func passed() *net.UnixListener {
	named, _ := activation.ListenersWithNames()
	var nss *net.UnixListener
	for name, ls := range named {
		for _, l := range ls {
			u, ok := l.(*net.UnixListener)
			isNSS := ok && (name == "nss" || strings.HasSuffix(u.Addr().String(), "/nss.sock"))
			if isNSS && nss == nil {
				u.SetUnlinkOnClose(false)
				nss = u
			} else {
				l.Close()
			}
		}
	}
	return nss
}

// listenUnix makes a socket that every user may connect to. One that an mcdnsd
// left behind when it was killed is replaced, one that somebody listens on is
// not.
func listenUnix(dir, name string) (*net.UnixListener, error) {
	if err := makeDir(dir); err != nil {
		return nil, fmt.Errorf("make the directory of the sockets: %w", err)
	}
	path := filepath.Join(dir, name)
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return nil, fmt.Errorf("%s: %w; stop it, or take another directory (--run)", path, errRunning)
	} else if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o666); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// makeDir makes a directory that every user may enter, whatever the umask: a
// service often has 0077.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.Chmod(dir, 0o755)
}

func fileLimit() uint64 {
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r) != nil {
		return 1024
	}
	return r.Cur
}
