package report

import (
	"slices"
	"time"

	"mcdns/daemon/control"
	"mcdns/daemon/loop"
	"mcdns/gocore/node"
)

// known is when a member was last heard, and by what it is shown. It is the loop's alone.
type known struct {
	node.PeerStatus
	addr string
	last time.Duration // a time, not an age
}

const (
	// mostGone peers are remembered, for a day.
	mostGone = 64
	lostFor  = 24 * time.Hour
)

// losses are the peers that are members no more, the latest first, and the members of the
// last look. They are the loop's alone.
type losses struct {
	members map[uint64]known // by id
	lost    []known
}

// look compares the members with those of the look before.
func (l *losses) look(now time.Duration, members []node.PeerStatus, addr func(id uint64) string) {
	next := make(map[uint64]known, len(members))
	for _, p := range members {
		next[p.Peer.ID] = known{p, addr(p.Peer.ID), now - p.Last}
	}
	var gone []known
	for id, was := range l.members {
		if _, is := next[id]; !is {
			gone = append(gone, was)
		}
	}
	slices.SortFunc(gone, func(a, b known) int { return int(b.last - a.last) })
	l.members = next
	l.lost = slices.DeleteFunc(append(gone, l.lost...), func(k known) bool {
		_, back := next[k.Peer.ID]
		return back || now-k.last >= lostFor
	})
	l.lost = l.lost[:min(len(l.lost), mostGone)]
}

// follow looks at the members, so that those who leave are known. mcdnsd does so every
// few seconds, and for each report.
func (r *Reporter) follow(v loop.View) []node.PeerStatus {
	all := hosts(v.Node.Peers(v.Now))
	addr := func(id uint64) string { return r.met[id].String() }
	r.met.meet(all)
	if v.Node.Group() == node.Solo {
		r.losses = losses{} // it is this host that left
	}
	r.losses.look(v.Now, all, addr)
	return all
}

// lost are the peers that are gone, and why, as far as they said.
func (r *Reporter) lost(now time.Duration) []control.Lost {
	out := []control.Lost{}
	for _, k := range r.losses.lost {
		why := control.Silent
		if r.config.Trips.SaidBye(k.Peer) {
			why = control.Left
		}
		out = append(out, control.Lost{ID: idString(k.Peer.ID), Addr: k.addr, Version: k.Version, LastS: (now - k.last).Seconds(), Why: why})
	}
	return out
}
