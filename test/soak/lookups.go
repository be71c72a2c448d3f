package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"mcdns/test/lab"
)

// knownRate is how many lookups of known names there are a second on the whole LAN.
const knownRate = 4

// newRate is how many lookups a second there are of new names: in an hour, enough
// to fill a cache of 1 MiB in eleven minutes.
func (o options) newRate() int { return 3 * int(min(4, max(1, time.Hour/o.length))) }

// forget is after how many new names the DNS server knows nothing of the oldest:
// the lab must not grow either.
const forget = 600

// newNames is the domain of names that nobody looked up before.
const newNames = "once.example"

// tally counts what programs got.
type tally struct {
	mu                sync.Mutex
	known, right      int
	fresh, unanswered int
	complaints        []string
	worst             time.Duration
}

// lookupFigures are the tally in the report.
type lookupFigures struct {
	Known      int      `json:"known"`
	Right      int      `json:"right"`
	Share      float64  `json:"share"`
	New        int      `json:"new"`
	Unanswered int      `json:"new_unanswered"` // while the server was down, mostly
	WorstMS    float64  `json:"worst_ms"`
	Complaints []string `json:"complaints,omitempty"`
}

func (t *tally) figures() lookupFigures {
	t.mu.Lock()
	defer t.mu.Unlock()
	return lookupFigures{
		Known: t.known, Right: t.right, Share: float64(t.right) / float64(max(t.known, 1)), New: t.fresh,
		Unanswered: t.unanswered, WorstMS: float64(t.worst.Milliseconds()), Complaints: t.complaints,
	}
}

// lookups are the programs of the hosts that stay.
func (s *soak) lookups() (work []func(context.Context)) {
	for i, h := range s.stay {
		work = append(work, func(ctx context.Context) {
			if err := s.program(ctx, h, i); err != nil {
				s.happened("lookups", err)
			}
		})
	}
	return work
}

// program is a C program on a host that looks names up at a steady rate, one in a
// thread of its own so that a slow one holds up no other.
func (s *soak) program(ctx context.Context, h *lab.Host, index int) error {
	const threads = 16
	r, err := h.NewResolver(threads, lab.ByUnspec)
	if err != nil {
		return err
	}
	var over sync.WaitGroup
	over.Go(func() {
		for {
			l, err := r.Next()
			if err != nil {
				return
			}
			s.got(h, l)
		}
	})
	dice := rand.New(rand.NewPCG(s.seed, uint64(index)))
	n, all := 0, knownRate+s.newRate()
	every(ctx, time.Duration(len(s.stay))*time.Second/time.Duration(all), func() {
		name := s.names.Timed[dice.IntN(len(s.names.Timed))]
		if dice.IntN(all) >= knownRate {
			n++
			name = s.newName(index, n)
		}
		if err := r.Send(name); err != nil {
			s.happened("lookups", err)
		}
	})
	r.NoMore()
	over.Wait()
	return r.Close()
}

// newName makes a name; one in ten does not exist.
func (s *soak) newName(host, n int) string {
	name := func(n int) string { return fmt.Sprintf("n%d.h%d.%s", n, host, newNames) }
	if n%10 != 0 {
		s.names.Zone.Name(name(n), fmt.Sprintf("192.0.2.%d", n%250+1), fmt.Sprintf("2001:db8:%x::%x", host+1, n))
	}
	s.names.Zone.Remove(name(n - forget))
	return name(n)
}

// got judges a lookup.
func (s *soak) got(h *lab.Host, l lab.Lookup) {
	t := &s.tally
	t.mu.Lock()
	defer t.mu.Unlock()
	t.worst = max(t.worst, l.Took)
	if strings.HasSuffix(l.Name, newNames) {
		t.fresh++
		if l.Result != "OK" && l.Result != "NONAME" {
			t.unanswered++
		}
		return
	}
	t.known++
	if s.names.Right(l) {
		t.right++
	} else if len(t.complaints) < 20 {
		t.complaints = append(t.complaints, fmt.Sprintf("%.0f s: %s", time.Since(s.show.Begin).Seconds(), s.names.Complaint(h, l)))
	}
}
