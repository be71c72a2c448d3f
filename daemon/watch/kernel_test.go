package watch

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sys/unix"
	"mcdns/test/need"
)

// TestMain: what the tests mount, and the name they give the host, is theirs.
func TestMain(m *testing.M) { need.Inside(m, syscall.CLONE_NEWNS|syscall.CLONE_NEWUTS) }

func needNamespace(t *testing.T) {
	t.Helper()
	need.Namespaces(t)
	// Else what is mounted here is mounted outside too.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		need.Missing(t, err.Error())
	}
}

func mount(t *testing.T, source, at, kind string, flags uintptr) {
	t.Helper()
	if err := unix.Mount(source, at, kind, flags, ""); err != nil {
		t.Fatalf("mount %s at %s: %v", source, at, err)
	}
	t.Cleanup(func() { unix.Unmount(at, unix.MNT_DETACH) })
}

// TestFileMountedOverAnotherIsFollowed: the bind mount of a container, and what is
// written to the file in its other place.
func TestFileMountedOverAnotherIsFollowed(t *testing.T) {
	needNamespace(t)
	dir := t.TempDir()
	path, source := filepath.Join(dir, "etc", "resolv.conf"), filepath.Join(dir, "elsewhere", "file")
	write(t, path, "below")
	write(t, source, "mounted")
	wait := follow(t, path)
	mount(t, source, path, "", unix.MS_BIND)
	wait("mounted")
	write(t, source, "written elsewhere")
	wait("written elsewhere")
	if err := unix.Unmount(path, 0); err != nil {
		t.Fatal(err)
	}
	wait("below")
	write(t, path, "written after it")
	wait("written after it")
}

func TestDirectoryMountedOverALinksTargetIsFollowed(t *testing.T) {
	needNamespace(t)
	dir := t.TempDir()
	path, target := filepath.Join(dir, "etc", "resolv.conf"), filepath.Join(dir, "run", "stub", "resolv.conf")
	write(t, target, "below")
	write(t, filepath.Join(dir, "etc", "other"), "")
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	wait := follow(t, path)
	mount(t, "tmpfs", filepath.Dir(target), "tmpfs", 0)
	wait("") // it is not there any more
	write(t, target, "on the tmpfs")
	wait("on the tmpfs")
	if err := unix.Unmount(filepath.Dir(target), unix.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
	wait("below")
}

func TestNewNameOfTheHostIsToldOf(t *testing.T) {
	needNamespace(t)
	path := filepath.Join(t.TempDir(), "resolv.conf")
	told := make(chan bool, 1)
	w, err := Files(func() { told <- true }, func() []string { return []string{path} })
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := unix.Sethostname([]byte("new.name.example")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-told:
	case <-time.After(10 * time.Second):
		t.Error("nobody was told")
	}
}

// TestMountsElsewhereAreNoChange: containers that start and stop.
func TestMountsElsewhereAreNoChange(t *testing.T) {
	needNamespace(t)
	dir := t.TempDir()
	path, other := filepath.Join(dir, "etc", "resolv.conf"), filepath.Join(dir, "other")
	write(t, path, "x")
	write(t, other, "y")
	n := 0
	w := &Watcher{paths: func() []string { return []string{path} }, changed: func() { n++ }}
	var err error
	if w.notify, err = fsnotify.NewWatcher(); err != nil {
		t.Fatal(err)
	}
	defer w.notify.Close()
	w.look(true, true)
	n = 0
	mount(t, "tmpfs", t.TempDir(), "tmpfs", 0)
	if w.look(false, true); n != 0 {
		t.Error("changed was called for a mount elsewhere")
	}
	mount(t, other, path, "", unix.MS_BIND)
	if w.look(false, true); n != 1 {
		t.Errorf("changed was called %d times for a mount at the path", n)
	}
}
