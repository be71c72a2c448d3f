package files

import (
	"errors"
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
