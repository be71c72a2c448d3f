package serve

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestEveryUserGetsToASocketWhateverTheUmask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	dir := filepath.Join(t.TempDir(), "run")
	l, err := Unix(dir, "s")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for path, want := range map[string]os.FileMode{dir: 0o755, filepath.Join(dir, "s"): 0o666} {
		if st, err := os.Stat(path); err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: got %v, %v; want %v", path, st.Mode().Perm(), err, want)
		}
	}
}

// TestSocketIsTakenFromTheDeadOnly: a daemon that was killed leaves its file behind.
func TestSocketIsTakenFromTheDeadOnly(t *testing.T) {
	dir := t.TempDir()
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "s"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Unix(dir, "s"); !errors.Is(err, errRunning) {
		t.Errorf("while it lives: got %v", err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	l, err := Unix(dir, "s")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}
