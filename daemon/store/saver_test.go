package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mcdns/daemon/logs"
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

// TestWhyNothingIsSavedIsKnown while it lasts, and no longer.
func TestWhyNothingIsSavedIsKnown(t *testing.T) {
	begin := func(in *Store) *Saver {
		s := new(Saver)
		s.Begin(in, func(context.Context, uint64) (Changes, error) { return Changes{Now: StampAt(0)}, nil }, slog.New(slog.DiscardHandler))
		return s
	}
	if s := begin(Shut(errors.New("mkdir: read-only"))); s.Off() || s.Trouble() != "mkdir: read-only" {
		t.Errorf("not opened: off %v, trouble %q", s.Off(), s.Trouble())
	}
	if s := begin(&Store{}); !s.Off() || s.Trouble() != "" {
		t.Errorf("cache.save = no: off %v, trouble %q", s.Off(), s.Trouble())
	}
	dir := t.TempDir()
	in, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := begin(in)
	blocked := filepath.Join(dir, "answers.new") // a directory in the file's place
	if err := os.Mkdir(blocked, 0o700); err != nil {
		t.Fatal(err)
	}
	if s.save(); s.Off() || !strings.Contains(s.Trouble(), "is a directory") {
		t.Errorf("off %v, trouble %q", s.Off(), s.Trouble())
	}
	os.Remove(blocked)
	if s.save(); s.Trouble() != "" {
		t.Errorf("saved again, and trouble %q", s.Trouble())
	}
	if s.busy.Store(1); !strings.Contains(s.Trouble(), "the disk does not answer") {
		t.Errorf("a save since the machine booted: trouble %q", s.Trouble())
	}
}

func TestDirectoryThatCannotBeUsedIsNeverFatal(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", filepath.Join(file, "state")} {
		s := At(dir, logs.Discard())
		if is, err := s.Identity(""); is.ID == 0 || err != nil {
			t.Errorf("%q: got id %d, %v", dir, is.ID, err)
		}
		if entries, err := s.Load(StampAt(0)); len(entries) > 0 || err != nil {
			t.Errorf("%q: got %v, %v", dir, entries, err)
		}
	}
}
