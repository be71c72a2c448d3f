package held

import "log/slog"

// A memory is what was logged of the room for answers: a line for each change.
type memory struct {
	full    bool
	flooded bool // one peer's answers take most of it
	dropped bool // since it was last looked at
}

// noteFull follows an answer that was dropped for room.
func (h *Held) noteFull() {
	m := &h.memory
	m.dropped = true
	if !m.full {
		m.full = true
		h.host.Log(slog.LevelInfo, "memory full: dropping what peers told and no program here asked for, first of who told most",
			"bytes", h.set.Bytes)
	}
	if who, so := h.cache.Fills(); so && !m.flooded {
		m.flooded = true
		h.host.Log(slog.LevelWarn, "a peer's answers take most of the memory: its own are dropped for them; see mcdns peers",
			"peer", who.String())
	}
}

// noteRoom comes now and then: the room is enough again if nothing was dropped since.
func (h *Held) noteRoom() {
	m := &h.memory
	if m.full && !m.dropped {
		h.host.Log(slog.LevelInfo, "memory no longer full", "bytes", h.Bytes())
		*m = memory{}
	}
	m.dropped = false
}
