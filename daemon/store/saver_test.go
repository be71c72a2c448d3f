package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestDirectoryThatTheServiceMayNotWriteIsExplained(t *testing.T) {
	for _, cause := range []error{syscall.EROFS, syscall.EACCES} {
		err := fmt.Errorf("saved state: %w", &fs.PathError{Op: "mkdir", Path: "/srv/mcdns", Err: cause})
		if got := fmt.Sprint(Why(err)...); !strings.Contains(got, "ReadWritePaths=") || !strings.Contains(got, "/srv/mcdns") {
			t.Errorf("%v: got %q; want the directory and what to do", cause, got)
		}
	}
	if got := fmt.Sprint(Why(errors.Join(os.NewSyscallError("write", syscall.ENOSPC)))...); strings.Contains(got, "hint") {
		t.Errorf("a full disk: got %q; want no hint at rights", got)
	}
}

func TestDiskThatHangsHoldsNothingUp(t *testing.T) {
	var log strings.Builder
	var s Saver
	s.Begin(&Store{}, func(context.Context, uint64) (Changes, error) { return Changes{}, nil }, slog.New(slog.NewTextHandler(&log, nil)))
	s.Disk.Lock() // as a save that waits for the disk
	s.Beside()
	s.Beside()
	s.Last(time.Millisecond)
	if !strings.Contains(log.String(), "the disk does not answer") {
		t.Errorf("the log does not say so: %v", log.String())
	}
}
