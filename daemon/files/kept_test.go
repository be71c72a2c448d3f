package files

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestFileIsReadAgainOnlyWhenItIsAnother(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	long := time.Now().Add(-time.Hour)
	write := func(name, text string, when time.Time) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, when, when); err != nil {
			t.Fatal(err)
		}
	}
	kept := Kept[string]{Now: func() time.Time { return time.Now().Add(time.Minute) }}
	load := func(path string) (string, error) { b, err := os.ReadFile(path); return string(b), err }
	get := func(step, want string, wantAnew bool) {
		t.Helper()
		if got, anew, err := kept.Get(path, load); got != want || anew != wantAnew || err != nil {
			t.Errorf("%s: got %q, read %v, %v; want %q, %v", step, got, anew, err, want, wantAnew)
		}
	}
	write(path, "one", long)
	get("first", "one", true)
	get("nothing happened", "one", false)
	write(filepath.Join(dir, "other"), "x", long)
	get("something else happened", "one", false)
	write(path, "two", long) // of one size, and its own time was put back: ctime tells
	get("written", "two", true)
	get("nothing happened", "two", false)
	write(path+".new", "new", long)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	get("renamed over", "new", true)
	kept.Forget()
	get("forgotten", "new", true)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, anew, err := kept.Get(path, load); !anew || !os.IsNotExist(err) {
			t.Errorf("removed: read %v, %v", anew, err)
		}
	}
}

// Two writes within one tick of the clock leave the times as they were.
func TestFileThatWasJustWrittenIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	var kept Kept[string]
	load := func(path string) (string, error) { b, err := os.ReadFile(path); return string(b), err }
	for i, text := range []string{"one", "two"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, _, err := kept.Get(path, load); got != text || err != nil {
			t.Errorf("write %d: got %q, %v", i, got, err)
		}
		if got, anew, _ := kept.Get(path, load); got != text || !anew {
			t.Errorf("write %d: got %q from before", i, got)
		}
	}
}
