package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestReadingEndsWhateverStandsThere(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(path("text"), []byte("12345678"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		most int
		want string
		err  error
	}{
		{path("text"), 8, "12345678", nil},
		{path("text"), 7, "1234567", ErrTooLarge},
		{path("none"), 8, "", fs.ErrNotExist},
		{path("fifo"), 8, "", ErrNotRegular},
		{dir, 8, "", ErrNotRegular},
		{"/dev/zero", 8, "", ErrNotRegular},
	} {
		if got, err := Read(c.path, c.most); string(got) != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s, at most %d: got %q, %v; want %q, %v", c.path, c.most, got, err, c.want, c.err)
		}
	}
}

func TestFailureOfTheMachineSaysNothingAboutTheFile(t *testing.T) {
	for err, want := range map[error]bool{
		syscall.EMFILE: true, syscall.ENFILE: true, syscall.ENOMEM: true, syscall.EIO: true,
		syscall.ENOENT: false, syscall.EACCES: false, syscall.EPERM: false, syscall.EISDIR: false, syscall.ELOOP: false,
		syscall.ENOTDIR: false, ErrNotRegular: false, ErrTooLarge: false, errors.New("owned by a stranger"): false,
	} {
		if got := Passing(fmt.Errorf("a test: %w", &fs.PathError{Op: "open", Path: "x", Err: err})); got != want {
			t.Errorf("%v: got %v; want %v", err, got, want)
		}
	}
	if Passing(nil) {
		t.Error("success is a failure")
	}
}
