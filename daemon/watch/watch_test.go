package watch

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// follow watches path and returns a function that waits until its content is
// want as seen from inside the callback.
func follow(t *testing.T, path string) func(want string) {
	t.Helper()
	seen := make(chan string, 1000)
	w, err := Files(func() {
		b, _ := os.ReadFile(path)
		seen <- string(b)
	}, func() []string { return []string{path} })
	if err != nil {
		t.Fatalf("every Linux has inotify: %v", err)
	}
	t.Cleanup(func() { w.Close() })
	return func(want string) {
		t.Helper()
		limit := time.After(10 * time.Second)
		for last := ""; ; {
			select {
			case last = <-seen:
				if last == want {
					return
				}
			case <-limit:
				t.Fatalf("last seen %q; want %q", last, want)
			}
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, path, text string) {
	t.Helper()
	write(t, path+".new", text)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func TestFileIsFollowedWhateverBecomesOfIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etc", "resolv.conf")
	wait := follow(t, path) // neither file nor directory are there
	write(t, path, "late")
	wait("late")
	write(t, path, "written")
	wait("written")
	rename(t, path, "renamed")
	wait("renamed")
	write(t, path, "written after rename")
	wait("written after rename")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	wait("")
	write(t, path, "back")
	wait("back")
}

func TestTargetOfALinkIsFollowed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "etc", "resolv.conf")
	target := filepath.Join(dir, "run", "stub", "resolv.conf")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	// Dangling and relative, as systemd's is before resolved has started.
	if err := os.Symlink("../run/stub/resolv.conf", path); err != nil {
		t.Fatal(err)
	}
	wait := follow(t, path)
	write(t, target, "late")
	wait("late")
	rename(t, target, "renamed")
	wait("renamed")
	if err := os.RemoveAll(filepath.Join(dir, "run")); err != nil {
		t.Fatal(err)
	}
	wait("")
	write(t, target, "again")
	wait("again")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, path, "no link any more")
	wait("no link any more")
	write(t, path, "still followed")
	wait("still followed")
}

func TestDirectoryMadeAnewIsFollowed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run", "resolv.conf")
	write(t, path, "first")
	wait := follow(t, path)
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	write(t, path, "second") // at once: nobody had time to see it gone
	wait("second")
	write(t, path, "third")
	wait("third")
}

func TestChurnBesideAFileHidesNoChange(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "resolv.conf")
	wait := follow(t, path)
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for { // events without a pause
			select {
			case <-stop:
				return
			default:
				os.WriteFile(filepath.Join(dir, "noise"), nil, 0o644)
			}
		}
	}()
	write(t, path, "new")
	wait("new")
	close(stop)
	<-done
}

func TestAnotherFileIsFollowedOnceItIsNamed(t *testing.T) {
	dir := t.TempDir()
	index, named := filepath.Join(dir, "a", "index"), atomic.Pointer[string]{}
	write(t, index, "")
	named.Store(&index)
	seen := make(chan string, 1000)
	w, err := Files(func() { // the index names the file to follow
		if b, _ := os.ReadFile(index); len(b) > 0 {
			name := string(b)
			named.Store(&name)
		}
		b, _ := os.ReadFile(*named.Load())
		seen <- string(b)
	}, func() []string { return []string{index, *named.Load()} })
	if err != nil {
		t.Fatalf("every Linux has inotify: %v", err)
	}
	defer w.Close()
	other := filepath.Join(dir, "b", "other")
	write(t, other, "old")
	write(t, index, other)
	limit := time.After(10 * time.Second)
	for want := "old"; want != ""; {
		select {
		case got := <-seen:
			if got != want {
				continue
			}
			if want == "new" {
				return
			}
			want = "new"
			write(t, other, want)
		case <-limit:
			t.Fatalf("%q was not seen", want)
		}
	}
}
