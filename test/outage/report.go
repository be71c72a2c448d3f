package main

import (
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"mcdns/daemon/control"
	"mcdns/test/checks"
	"mcdns/test/lab"
	"mcdns/test/story"
)

// result is what became of one case with one loss.
type result struct {
	Case     string        `json:"case"`
	Loss     float64       `json:"loss"` // share of frames, to peers and to the server alike
	Hosts    int           `json:"hosts"`
	Names    int           `json:"names"`
	Overruns int64         `json:"overruns"` // frames lost because the lab was too slow
	Parts    []*part       `json:"parts"`
	Rivals   []*rivalsPart `json:"rivals,omitempty"`
	// AtFirst is what made the case run once more.
	AtFirst []string `json:"not_kept_at_first,omitempty"`

	checks     checks.List
	recoveries int
}

// part is one kind of lookup in one chapter.
type part struct {
	Part          string   `json:"part"`
	Lookups       int      `json:"lookups"`
	Right         int      `json:"right"`
	Program       spread   `json:"program_ms"`          // inside the C library
	Daemon        *spread  `json:"daemon_ms,omitempty"` // inside mcdnsd
	DaemonLookups int      `json:"daemon_lookups,omitempty"`
	KnownS        float64  `json:"known_s,omitempty"`
	FreshS        float64  `json:"fresh_s,omitempty"`
	StormQPS      float64  `json:"questions_per_s_and_host,omitempty"`
	Void          int      `json:"void,omitempty"`       // lookups not counted: the machine stalled
	Complaints    []string `json:"complaints,omitempty"` // the first few

	mu              sync.Mutex
	program, daemon story.Times
	failed          int // without any answer
}

// spread is how long lookups took, in milliseconds.
type spread struct {
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	Worst float64 `json:"worst"`
}

func spreadOf(t story.Times) spread { return spread{t.Quantile(0.5), t.Quantile(0.99), t.Quantile(1)} }

const complaints = 10

// part begins a part.
func (r *result) part(title string) *part {
	p := &part{Part: title}
	r.Parts = append(r.Parts, p)
	return p
}

// add counts a lookup by a program, and says whether it was right.
func (p *part) add(names *story.Names, h *lab.Host, l lab.Lookup) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.program = append(p.program, l.Took)
	p.Lookups++
	if names.Right(l) {
		p.Right++
		return true
	}
	if l.Result == "AGAIN" || l.Result == "FAIL" || l.Result == "SYSTEM" {
		p.failed++
	}
	p.complain(names.Complaint(h, l))
	return false
}

// addVain counts a lookup of a name that nobody knows.
func (p *part) addVain(h *lab.Host, l lab.Lookup) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.program = append(p.program, l.Took)
	p.Lookups++
	if l.Result == "AGAIN" {
		p.Right++
		return
	}
	p.complain(fmt.Sprintf("%s: %s: got %s %v after %v; want AGAIN", h.Name, l.Name, l.Result, l.Addrs, l.Took))
}

// addDaemon counts a lookup as the daemon saw it.
func (p *part) addDaemon(h *lab.Host, a control.Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	took := time.Duration(a.DurationMS * float64(time.Millisecond))
	p.daemon = append(p.daemon, took)
	p.DaemonLookups++
	if a.Status == "no answer" {
		p.failed++
		p.complain(fmt.Sprintf("%s: %s: the daemon has no answer, after %v", h.Name, a.Name, took))
	}
}

func (p *part) complain(text string) {
	if len(p.Complaints) < complaints {
		p.Complaints = append(p.Complaints, text)
	}
}

func (p *part) String() string {
	p.sum()
	text := fmt.Sprintf("%s: %d of %d right, p50 %s, p99 %s, worst %s", p.Part, p.Right, p.Lookups,
		story.Span(p.Program.P50), story.Span(p.Program.P99), story.Span(p.Program.Worst))
	if p.Daemon != nil {
		text += fmt.Sprintf("; in the daemon p50 %s, p99 %s, worst %s",
			story.Span(p.Daemon.P50), story.Span(p.Daemon.P99), story.Span(p.Daemon.Worst))
	}
	return text
}

// sum works the figures out.
func (p *part) sum() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Program = spreadOf(p.program)
	if len(p.daemon) > 0 {
		s := spreadOf(p.daemon)
		p.Daemon = &s
	}
}

// want adds a promise, and what became of it.
func (r *result) want(name string, want, got any, ok bool) {
	r.checks.Want(r.Case+": "+name, want, got, ok)
}

// wantAll wants every lookup of a part to have been right.
func (r *result) wantAll(p *part) {
	p.sum()
	all := p.Lookups + p.DaemonLookups
	right := p.Right + p.DaemonLookups
	if p.DaemonLookups > 0 {
		right = min(right, all-p.failed)
	}
	share := "100 %"
	switch {
	case all == 0:
		share = "no lookup"
	case right != all:
		share = fmt.Sprintf("%.2f %% (%d of %d)", 100*float64(right)/float64(all), right, all)
	}
	r.want(p.Part+": lookups answered", "100 %", share, all > 0 && right == all)
}

// report writes build/outage.json.
func (e *evening) report() error {
	r := checks.New("outage")
	r.Set("hosts", e.hosts)
	r.Set("ttl_s", ttl.Seconds())
	r.Set("loss_is", "of every frame to each host, the path to the DNS server included")
	r.Set("seconds", time.Since(e.show.Begin).Seconds())
	r.Set("cases", e.results)
	for _, result := range e.results {
		for _, p := range result.Parts {
			p.sum()
		}
		r.List = append(r.List, result.checks...)
	}
	return r.End(filepath.Join(lab.Top(), "build"), ", "+e.logs+" what the daemons said")
}
