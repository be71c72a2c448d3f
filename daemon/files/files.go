// Package files reads files that somebody else writes: whatever stands at their
// path, reading ends, and with a bounded result.
package files

import (
	"errors"
	"io"
	"os"
	"syscall"
)

var (
	// ErrNotRegular: a directory, a fifo or a device stands there.
	ErrNotRegular = errors.New("not a file")
	// ErrTooLarge: there is more than may be read.
	ErrTooLarge = errors.New("too large")
)

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
