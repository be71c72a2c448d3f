package host

import (
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"mcdns/daemon/clock"
	"mcdns/daemon/loop"
	"mcdns/daemon/store"
	"mcdns/gocore/node"
)

// saver saves what changed since its mark.
type saver struct {
	busy   atomic.Bool // saveBeside is at work
	mu     sync.Mutex
	mark   uint64
	failed bool
}

// changes are the entries that are new since a mark, and the next mark.
type changes struct {
	now     store.Stamp
	entries []node.Entry
	mark    uint64
}

// stamp is a moment on both clocks.
func stamp(now time.Duration) store.Stamp {
	s := store.Stamp{Boot: now, Wall: time.Now()}
	if id, err := hex.DecodeString(strings.ReplaceAll(clock.BootID(), "-", "")); err == nil && len(id) == 16 {
		s.BootID = [16]byte(id)
	}
	return s
}

// save writes what changed to disk. The loop only lists it; encoding and
// waiting for the disk happen here. A disk that fails is logged when it begins
// to fail and when it works again.
func (h *Host) save() {
	h.saver.mu.Lock()
	defer h.saver.mu.Unlock()
	mark, write := h.saver.mark, h.store.Append
	if h.store.Due() {
		mark, write = 0, h.store.Rewrite
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	seen, err := loop.See(ctx, h.loop, func(v loop.View) changes {
		entries, next := v.Node.Changes(v.Now, mark)
		return changes{stamp(v.Now), entries, next}
	})
	if err != nil {
		return
	}
	err = write(seen.now, seen.entries)
	switch {
	case err != nil && !h.saver.failed:
		h.log.Warn("answers cannot be saved; tried again every minute", whyUnsaved(err)...)
	case err == nil && h.saver.failed:
		h.log.Info("answers are saved again")
	}
	if h.saver.failed = err != nil; err == nil {
		h.saver.mark = seen.mark
	}
}

// whyUnsaved is what the log says of a directory that cannot be written.
func whyUnsaved(err error) []any {
	why := []any{"error", err}
	if errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission) {
		why = append(why, "hint", "the directory must belong to mcdns, and be in ReadWritePaths= of the service (systemctl edit mcdnsd): see cache.save in mcdnsd.conf(5)")
	}
	return why
}

// saveBeside saves on a goroutine of its own: a disk that hangs must stop neither
// lookups nor the watchdog's food. While one save waits there is no second.
func (h *Host) saveBeside() {
	if !h.saver.busy.CompareAndSwap(false, true) {
		return
	}
	go func() {
		defer h.saver.busy.Store(false)
		h.save()
	}()
}

// saveLast saves and closes the store, and leaves both behind if the disk does
// not answer: it must not keep a machine from shutting down.
func (h *Host) saveLast(limit time.Duration) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.save()
		h.store.Close()
	}()
	select {
	case <-done:
	case <-time.After(limit):
		h.log.Warn("the disk does not answer; what was not saved is lost", "waited", limit)
	}
}
