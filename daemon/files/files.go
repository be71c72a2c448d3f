// Package files reads files that somebody else writes: whatever stands at their
// path, reading ends, and with a bounded result.
package files

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"
)

var (
	// ErrNotRegular: a directory, a fifo or a device stands there.
	ErrNotRegular = errors.New("not a file")
	// ErrTooLarge: there is more than may be read.
	ErrTooLarge = errors.New("too large")
)

// Passing reports whether an error of the system says nothing about what stands at a
// path: the machine is out of descriptors or memory, or a disk fails. Next time it
// may be gone.
func Passing(err error) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) &&
		!slices.Contains([]syscall.Errno{
			syscall.EISDIR, syscall.ENOTDIR, syscall.ELOOP, syscall.ENXIO, syscall.ENODEV, syscall.ENAMETOOLONG,
		}, errno)
}

// Open opens a regular file for reading. O_NONBLOCK: opening a fifo that somebody
// put there must not hang the start.
func Open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		f.Close()
		return nil, ErrNotRegular
	}
	return f, nil
}

// Read reads the regular file at path, as ReadFrom reads it.
func Read(path string, most int) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadFrom(f, most)
}

// ReadFrom reads what is left in f. Of more than most bytes it returns the first
// most, with ErrTooLarge.
func ReadFrom(f *os.File, most int) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
	if err == nil && len(b) > most {
		return b[:most], ErrTooLarge
	}
	return b, err
}
