// For tests of gocore/node alone: nine of them begin with what lost datagrams make a host
// believe of a server, which comes about once in some thousand lookups. Nothing else may use
// it (TestNothingButTestsForcesWhatAHostBelieves).

package upstream

import "time"

// Forced makes a host believe something of its first servers.
type Forced struct{ *Upstream }

// Doubt has the nth server doubted now, by this host's own looks.
func (f Forced) Doubt(now time.Duration, nth int) {
	s := f.servers[nth]
	s.happens(now, failed)
	s.judge, s.failure, s.looked, s.claims = now, now, now, claims{}
}

// Judge judges it.
func (f Forced) Judge(now time.Duration, nth int) { f.servers[nth].judgeServer(now) }

// Down has it down, by others' word alone unless this host has seen so.
func (f Forced) Down(now time.Duration, nth int, seen bool) {
	s := f.servers[nth]
	switch {
	case seen && s.life == hearsay:
		s.happens(now, confirmed)
	case seen:
		s.happens(now, failed)
		s.setDown(now, nobody)
	default:
		s.happens(now, failed)
		s.setDown(now, unsure)
	}
}

// Since has the outage be so much older.
func (f Forced) Since(d time.Duration) { f.since -= d }
