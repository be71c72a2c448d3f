package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mcdns/test/lab"
	"mcdns/test/story"
)

// pairs is how often lookups are timed beside a dummy and beside the real thing. A
// shared machine changes by more within minutes than the bound allows: single pairs of
// one binary came to 1.3 and 2.6. So each has its ratio, and their median is judged.
const pairs = 3

// burden is what weighs on a host while lookups are timed. It begins at the real thing
// or at a dummy, and what it returns ends it and says at what rate it went ("" if
// nobody counts).
type burden func(real bool) (stop func() string, err error)

// timing is lookups of held names on a host that bears a burden.
type timing struct {
	host   *lab.Host
	names  []string
	enough func(rounds int, since time.Duration) bool
	dummy  string // what the burden falls on else
	lost   int
}

// paired is the median of the ratios of p99, and all that led to it.
func (t *timing) paired(b burden) (outcome, error) {
	var ratios []float64
	var figures []string
	for range pairs {
		beside, rate, err := t.p99(b, false)
		if err != nil {
			return outcome{}, err
		}
		now, rateNow, err := t.p99(b, true)
		if err != nil {
			return outcome{}, err
		}
		ratios = append(ratios, now/beside)
		figures = append(figures, fmt.Sprintf("%s%s, %s%s", story.Span(now), rateNow, story.Span(beside), rate))
	}
	slices.Sort(ratios)
	return outcome{ratios[pairs/2], fmt.Sprintf("p99 of held names x%.2f (x%.2f to x%.2f): now, %s: %s; %d lost",
		ratios[pairs/2], ratios[0], ratios[pairs-1], t.dummy, strings.Join(figures, "; "), t.lost)}, nil
}

func (t *timing) p99(b burden, real bool) (p99 float64, rate string, err error) {
	stop, err := b(real)
	if err != nil {
		return 0, "", err
	}
	var times story.Times
	for round, begin := 0, time.Now(); err == nil && !t.enough(round, time.Since(begin)); round++ {
		var all []lab.Lookup
		all, err = look(t.host, t.names, 1)
		t.lost += count(all, failed)
		for _, l := range all {
			times = append(times, l.Took)
		}
	}
	return times.Quantile(0.99), stop(), err
}
