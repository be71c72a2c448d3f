package main

import (
	"sync"

	"mcdns/test/lab"
	"mcdns/test/story"
)

// phase is what one side did in one phase.
type phase struct {
	Phase    string  `json:"phase"`
	Side     string  `json:"side"`
	Hosts    int     `json:"hosts"`
	Lookups  int     `json:"lookups"` // by the C program
	Names    int     `json:"names"`
	Answered int     `json:"names_answered"` // right, in every lookup of the phase and by every program
	Percent  float64 `json:"answered_percent"`
	MedianMs float64 `json:"median_ms"`
	WorstMs  float64 `json:"worst_ms"`
	Programs int     `json:"programs"`       // lookups by getent, curl, python3
	Right    int     `json:"programs_right"` // of them
}

// tally sums a phase up while it runs.
type tally struct {
	names *story.Names

	mu         sync.Mutex
	took       story.Times     // by the C program
	right      int             // errands
	seen       map[string]bool // names
	wrong      map[string]bool // those with one wrong answer or more
	complaints []string
}

func (t *tally) add(host *lab.Host, l lab.Lookup) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.took = append(t.took, l.Took)
	t.seen[l.Name] = true
	if t.names.Right(l) {
		return
	}
	t.complain(l.Name, t.names.Complaint(host, l))
}

func (t *tally) complain(name, text string) {
	t.wrong[name] = true
	t.complaints = append(t.complaints, text)
}

// runErrands sends all programs at once.
func (t *tally) runErrands(errands []errand) {
	var all sync.WaitGroup
	for _, e := range errands {
		all.Go(func() {
			complaint := e.run(t.names)
			t.mu.Lock()
			defer t.mu.Unlock()
			t.seen[e.name] = true
			if complaint == "" {
				t.right++
			} else {
				t.complain(e.name, complaint)
			}
		})
	}
	all.Wait()
}

func (t *tally) phase(p plan, side string) phase {
	answered := len(t.seen) - len(t.wrong)
	return phase{
		Phase: p.title, Side: side, Hosts: len(p.jobs),
		Lookups: len(t.took), Names: len(t.seen), Answered: answered,
		Percent:  100 * float64(answered) / float64(max(1, len(t.seen))),
		MedianMs: t.took.Quantile(0.5), WorstMs: t.took.Quantile(1),
		Programs: len(p.errands), Right: t.right,
	}
}
