package node

import "log/slog"

// A memory is what was logged of the room for answers: a line for each change.
type memory struct {
	full    bool
	flooded bool // one peer's answers take most of it
	dropped bool // since it was last looked at
}

// noteFull follows an answer that was dropped for room.
func (n *Node) noteFull() {
	m := &n.memory
	m.dropped = true
	if !m.full {
		m.full = true
		n.log(slog.LevelInfo, "memory full: dropping what peers told and no program here asked for, first of who told most",
			"bytes", n.set.CacheBytes)
	}
	if who, so := n.cache.Fills(); so && !m.flooded {
		m.flooded = true
		n.log(slog.LevelWarn, "a peer's answers take most of the memory: its own are dropped for them; see mcdns peers",
			"peer", who.String())
	}
}

// noteRoom comes now and then: the room is enough again if nothing was dropped since.
func (n *Node) noteRoom() {
	m := &n.memory
	if m.full && !m.dropped {
		n.log(slog.LevelInfo, "memory no longer full", "bytes", n.cache.Bytes())
		*m = memory{}
	}
	m.dropped = false
}
