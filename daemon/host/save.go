package host

import (
	"context"
	"encoding/hex"
	"strings"
	"sync"
	"time"

	"mcdns/daemon/clock"
	"mcdns/daemon/owner"
	"mcdns/daemon/store"
	"mcdns/gocore/node"
)

// saver saves what changed since its mark.
type saver struct {
	mu     sync.Mutex
	mark   uint64
	failed bool
}

// stamp is a moment on both clocks.
func stamp(now time.Duration) store.Stamp {
	s := store.Stamp{Boot: now, Wall: time.Now()}
	if id, err := hex.DecodeString(strings.ReplaceAll(clock.BootID(), "-", "")); err == nil && len(id) == 16 {
		s.BootID = [16]byte(id)
	}
	return s
}

// save writes what changed to disk. The owner only lists it; encoding and
// waiting for the disk happen here. A disk that fails is logged when it begins
// to fail and when it works again.
func (h *Host) save() {
	h.saver.mu.Lock()
	defer h.saver.mu.Unlock()
	mark, write := h.saver.mark, h.store.Append
	if h.store.Due() {
		mark, write = 0, h.store.Rewrite
	}
	var now store.Stamp
	var entries []node.Entry
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if h.owner.Look(ctx, func(v owner.View) {
		now = stamp(v.Now)
		entries, mark = v.Node.Changes(v.Now, mark)
	}) != nil {
		return
	}
	err := write(now, entries)
	switch {
	case err != nil && !h.saver.failed:
		h.log.Warn("answers cannot be saved; tried again every minute", "error", err)
	case err == nil && h.saver.failed:
		h.log.Info("answers are saved again")
	}
	if h.saver.failed = err != nil; err == nil {
		h.saver.mark = mark
	}
}
