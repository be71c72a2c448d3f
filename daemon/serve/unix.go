package serve

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

var errRunning = errors.New("another mcdnsd is running")

// Unix makes a socket that every user may connect to. One that an mcdnsd
// left behind when it was killed is replaced, one that somebody listens on is
// not.
func Unix(dir, name string) (*net.UnixListener, error) {
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
