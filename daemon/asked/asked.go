// Package asked remembers what programs asked for in a day, for a drill: which of it
// would be answered if the DNS servers died now. It is in memory alone.
package asked

import (
	"sync"
	"time"

	"mcdns/gocore/dns"
)

const (
	// Most bounds what is remembered: some 2 MB. A host that asks for more has a cache
	// that is measured by what is asked for again.
	Most = 16384
	day  = 24 * time.Hour
	// sweepEvery bounds the work of a host that always asks for something new.
	sweepEvery = 10 * time.Minute
)

// Asked is safe for concurrent use.
type Asked struct {
	now func() time.Duration

	mu     sync.Mutex
	last   map[dns.Question]time.Duration // when each was last asked
	began  time.Duration
	swept  time.Duration
	beyond uint64
}

// New makes one that remembers nothing. now is a clock that goes on while the machine sleeps.
func New(now func() time.Duration) *Asked {
	t := now()
	return &Asked{now: now, last: map[dns.Question]time.Duration{}, began: t, swept: t}
}

// Note says that a question was asked.
func (a *Asked) Note(q dns.Question) {
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.last[q]; !known && len(a.last) >= Most {
		if now-a.swept < sweepEvery {
			a.beyond++
			return
		}
		if a.sweep(now); len(a.last) >= Most {
			a.beyond++
			return
		}
	}
	a.last[q] = now
}

// sweep forgets what was last asked more than a day ago.
func (a *Asked) sweep(now time.Duration) {
	for q, at := range a.last {
		if now-at > day {
			delete(a.last, q)
		}
	}
	a.swept = now
}

// Day is what was asked in one.
type Day struct {
	All []dns.Question
	// Over is how long it is that questions have been noted, a day at most.
	Over time.Duration
	// Beyond counts questions that there was no room for.
	Beyond uint64
}

// Questions are those of the last day.
func (a *Asked) Questions() Day {
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sweep(now)
	d := Day{Over: min(now-a.began, day), Beyond: a.beyond}
	for q := range a.last {
		d.All = append(d.All, q)
	}
	return d
}
