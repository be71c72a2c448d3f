package store

import (
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"mcdns/daemon/clock"
	"mcdns/gocore/node"
)

// Changes are the entries that are new since a mark, and the next mark.
type Changes struct {
	Now     Stamp // when they were
	Entries []node.Entry
	Mark    uint64
}

// Saver saves what changed since its mark, and restores what was saved. A disk
// that does not answer holds up nobody but itself. It must be begun.
type Saver struct {
	// Disk is held while the disk is at work.
	Disk    sync.Mutex
	store   *Store
	changes func(ctx context.Context, mark uint64) (Changes, error)
	log     *slog.Logger
	busy    atomic.Int64 // since when Beside is at work, 0 if it is not
	mark    uint64       // guarded by Disk
	// trouble is why the last save failed, nil if it did not.
	trouble atomic.Pointer[string]
}

// stuckAfter is far longer than a slow disk takes for a save.
const stuckAfter = 2 * time.Minute

// Off reports whether nothing is to be saved.
func (s *Saver) Off() bool { return s.store.dir == "" && s.store.shut == nil }

// Trouble says why nothing is saved although it should be, "" if all is.
func (s *Saver) Trouble() string {
	if s.store.shut != nil {
		return s.store.shut.Error()
	}
	if since := s.busy.Load(); since != 0 && clock.Boot()-time.Duration(since) > stuckAfter {
		return "the disk does not answer"
	}
	if why := s.trouble.Load(); why != nil {
		return *why
	}
	return ""
}

// fail notes why nothing is saved, nil if something is, and reports what was before.
func (s *Saver) fail(err error) (before bool) {
	var why *string
	if err != nil {
		text := err.Error()
		why = &text
	}
	return s.trouble.Swap(why) != nil
}

// Begin gives it a store, which is the saver's from then on. changes lists what is
// new.
func (s *Saver) Begin(in *Store, changes func(ctx context.Context, mark uint64) (Changes, error), log *slog.Logger) {
	s.store, s.changes, s.log = in, changes, log
}

// StampAt is a moment on both clocks.
func StampAt(now time.Duration) Stamp {
	s := Stamp{Boot: now, Wall: time.Now()}
	if id, err := hex.DecodeString(strings.ReplaceAll(clock.BootID(), "-", "")); err == nil && len(id) == 16 {
		s.BootID = [16]byte(id)
	}
	return s
}

// Restore hands on what an earlier run saved, so that the first lookup finds it. A
// disk that does not answer within limit must not hold lookups up: what is on it
// then comes late, and until it has come nothing is saved, for a file written anew
// would be without it.
func (s *Saver) Restore(limit time.Duration, put func([]node.Entry)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Disk.Lock()
		defer s.Disk.Unlock()
		s.load(put)
	}()
	select {
	case <-done:
	case <-time.After(limit):
		s.log.Warn("the disk does not answer; going on without saved answers until it does", "waited", limit)
	}
}

func (s *Saver) load(put func([]node.Entry)) {
	begun := clock.Boot()
	entries, err := s.store.Load(StampAt(begun))
	if err != nil {
		s.log.Warn("not all saved answers are usable", "usable", len(entries), "error", err)
	}
	took := clock.Boot() - begun
	for i := range entries {
		entries[i].Age, entries[i].Saved = entries[i].Age+took, true
	}
	put(entries)
	s.mark = node.SavedMark // where the file does not have all of them, a whole save is due
	if len(entries) > 0 {
		s.log.Info("saved answers restored", "answers", len(entries))
	}
}

// save writes what changed to disk. Changes only lists it; encoding and waiting for
// the disk happen here. A disk that fails is logged when it begins to fail and when
// it works again.
func (s *Saver) save() {
	s.Disk.Lock()
	defer s.Disk.Unlock()
	mark, write := s.mark, s.store.Append
	if s.store.Due() {
		mark, write = 0, s.store.Rewrite
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	seen, err := s.changes(ctx, mark)
	if err != nil {
		return
	}
	err = write(seen.Now, seen.Entries)
	switch failed := s.fail(err); {
	case err != nil && !failed:
		s.log.Warn("answers cannot be saved; tried again every minute", Why(err)...)
	case err == nil && failed:
		s.log.Info("answers are saved again")
	}
	if err == nil {
		s.mark = seen.Mark
	}
}

// Why is what the log says of a directory that cannot be written.
func Why(err error) []any {
	why := []any{"error", err}
	if errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission) {
		why = append(why, "hint", "the directory must belong to mcdns, and be in ReadWritePaths= of the service (systemctl edit mcdnsd): see cache.save in mcdnsd.conf(5)")
	}
	return why
}

// Beside saves on a goroutine of its own: a disk that hangs must stop neither
// lookups nor the watchdog's food. While one save waits there is no second.
func (s *Saver) Beside() {
	if !s.busy.CompareAndSwap(0, int64(clock.Boot())) {
		return
	}
	go func() {
		defer s.busy.Store(0)
		s.save()
	}()
}

// Last saves and closes the store, and leaves both behind if the disk does not
// answer within limit: it must not keep a machine from shutting down.
func (s *Saver) Last(limit time.Duration) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.save()
		s.store.Close()
	}()
	select {
	case <-done:
	case <-time.After(limit):
		s.log.Warn("the disk does not answer; what was not saved is lost", "waited", limit)
	}
}
