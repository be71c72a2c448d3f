package upstream

import (
	"log/slog"
	"slices"
	"time"

	"mcdns/gocore/dns"
)

// updateDown follows the servers' states: down means all of them.
func (u *Upstream) updateDown(now time.Duration) {
	down := len(u.servers) > 0
	for _, s := range u.servers {
		down = down && s.state() == Down
	}
	if down == u.down {
		return
	}
	u.down, u.since = down, now
	if down {
		u.outage++
		u.host.Happened(now, AllDown)
		return
	}
	switch {
	case u.All().Best() == Up:
		u.host.Log(slog.LevelInfo, "upstream up")
	case !u.All().CutOff(now): // which has said so itself
		u.host.Log(slog.LevelInfo, "upstream suspect: its servers changed")
	}
	u.host.Happened(now, Over)
}

// confirmations is how many own time-outs make hearsay this host's own view.
const confirmations = 2

// confirmDown: this host has now seen for itself what it knew by others' word.
func (s *server) confirmDown(now time.Duration) {
	s.denied++
	if s.denied < confirmations {
		return
	}
	s.happens(now, confirmed)
	if s.u.down && !s.u.All().Hearsay() {
		s.u.host.Happened(now, SeenDown)
	}
}

// Hearsay reports whether some server may be up after all: a lost datagram
// can make a whole group's judgement wrong for one host.
func (l List) Hearsay() bool {
	return slices.ContainsFunc(l.servers, func(s *server) bool { return s.life == hearsay })
}

// DoubtEarlier looks, beside the first lookup that a later server gets, at a server that
// is down by hearsay: it may be down for others alone.
func (l List) DoubtEarlier(now time.Duration) {
	for _, s := range l.servers {
		if s.state() != Down {
			return
		}
		if s.life == hearsay && !s.doubted {
			s.doubted = true
			s.probe(now, dns.Question{})
		}
	}
}

// DoubtsDown reports whether this host's own question should go beside its
// first lookup in an outage that it knows by hearsay (PROTOCOL 5.8).
func (l List) DoubtsDown() bool {
	for _, s := range l.servers {
		if s.life == hearsay && !s.doubted {
			s.doubted = true
			return true
		}
	}
	return false
}
