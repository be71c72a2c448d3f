package group

import (
	"time"

	"mcdns/gocore/wire"
)

// gone remembers the epochs that left all challenges unanswered, members that had
// said BYE among them: they are left alone, or a recording of hundreds would have
// each challenged again and again.
type gone struct {
	of    map[wire.Peer]departure
	order []wire.Peer
}

// A departure is when an epoch was taken for gone.
type departure struct {
	at time.Duration
	// lag is this host's clock less the time at which the youngest datagram of it
	// was sent: of what is recorded it grows, of what is alive it stays.
	lag   time.Duration
	looks int // it was challenged so often since
}

const (
	goneFor = time.Hour
	// goneAgain is how long after it an epoch that speaks on is challenged again, and
	// then twice as long, and so on: of two hosts that lose a fifth of all frames, one
	// pair in sixty leaves four challenges unanswered.
	goneAgain = 10 * time.Second
	maxGone   = 4096
)

func (g *gone) note(now time.Duration, p wire.Peer, lag time.Duration) {
	if g.of == nil {
		g.of = make(map[wire.Peer]departure)
	}
	was, known := g.of[p]
	g.of[p] = departure{at: now, lag: lag, looks: was.looks}
	if !known {
		g.order = append(g.order, p)
	}
	for len(g.order) > maxGone || len(g.order) > 0 && now-g.of[g.order[0]].at >= goneFor {
		delete(g.of, g.order[0])
		g.order = g.order[1:]
	}
}

// has reports whether an epoch that speaks with this lag is to be left alone. One
// younger than what was heard of it is no recording of that: whoever plays a host
// again while it sleeps must not keep it out when it wakes.
func (g *gone) has(now time.Duration, p wire.Peer, lag time.Duration) bool {
	d, known := g.of[p]
	switch {
	case !known:
		return false
	case now-d.at >= goneFor:
		return false
	case lag < d.lag-sameClock:
		d.looks = 0
	case lag > d.lag+sameClock:
		return true
	}
	if now-d.at < goneAgain<<d.looks {
		return true
	}
	d.looks++
	g.of[p] = d
	return false
}

// sameClock is how far two readings of one clock may lie apart: datagrams are late.
const sameClock = 2 * time.Second
