package figures

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"mcdns/test/sim"
)

// All is everything a run of the set found.
type All struct {
	Quick       bool         `json:"quick"`
	Results     []Result     `json:"results"`
	Flash       Flash        `json:"flash_crowd"`
	Slashdot    Slashdot     `json:"slashdot"`
	Propagation Propagation  `json:"propagation"`
	Day         Day          `json:"day"`
	Huge        *Huge        `json:"huge,omitempty"`
	Common      []CommonCase `json:"common"`
	Parts       []Took       `json:"parts"`
	TookS       float64      `json:"took_s"`
}

// dead are the shares of hosts that die with the server.
var dead = []float64{.9, .5, 0}

// Full is the whole set, what takes longest first.
func Full() []Case {
	day := 24 * time.Hour
	var out []Case
	for _, loss := range []float64{0, .05} {
		out = append(out, Case{Hosts: 1000, Loss: loss, Warm: 30 * time.Minute, Measure: 90 * time.Minute, Out: day, Dead: dead, Single: true})
	}
	out = append(out, Case{Hosts: 1000, Warm: 30 * time.Minute, Measure: 30 * time.Minute, Single: true, Families: true},
		Case{Hosts: 100, Warm: 6 * time.Hour, Measure: 2 * time.Hour, Families: true})
	out = append(out, Case{Hosts: 300, Warm: 30 * time.Minute, Measure: 90 * time.Minute, Out: 2 * time.Hour, Dead: dead, Single: true})
	for _, n := range []int{100, 20, 8, 5} {
		for _, loss := range []float64{0, .05} {
			out = append(out, Case{Hosts: n, Loss: loss, Warm: day, Measure: 2 * time.Hour, Out: day, Dead: dead})
		}
	}
	return out
}

// Quick is what `make test` has time for.
func Quick() []Case {
	out := []Case{{Hosts: 100, Measure: 20 * time.Minute, Families: true}}
	for _, n := range []int{100, 20, 8} {
		for _, loss := range []float64{0, .05} {
			out = append(out, Case{Hosts: n, Loss: loss, Measure: 20 * time.Minute, Out: 20 * time.Minute, Dead: dead})
		}
	}
	return out
}

// Run works the set off, each part in a process of its own, and writes everything to
// dir.
func Run(s Set, dir string) (All, error) {
	start := time.Now()
	all := All{Quick: s.Quick, Common: RunCommon(s.Seed)}
	s.Kept = filepath.Join(dir, "sim", fmt.Sprintf("parts-quick=%v-seed=%d", s.Quick, s.Seed))
	if err := os.MkdirAll(s.Kept, 0o755); err != nil {
		return all, fmt.Errorf("sim: %w", err)
	}
	if err := os.Remove(filepath.Join(dir, "sim.json")); err != nil && !os.IsNotExist(err) {
		return all, fmt.Errorf("sim: %w", err) // an older run's must not pass for this one's
	}
	cases := s.cases()
	all.Results = make([]Result, len(cases))
	var parts []piece
	if !s.Quick {
		parts = append(parts, piece{hugeName, &all.Huge, false})
	}
	for i, c := range cases {
		parts = append(parts, piece{c.Name(), &all.Results[i], c.alone()})
	}
	parts = append(parts, piece{slashdotName, &all.Slashdot, false}, piece{flashName, &all.Flash, false},
		piece{propagationName, &all.Propagation, false}, piece{dayName, &all.Day, false})
	err := s.parts(parts, &all)
	if slices.ContainsFunc(all.Results, func(r Result) bool { return r.Name == "" }) {
		return all, err
	}
	all.TookS = s.took(all.Parts, start)
	return all, errors.Join(err, all.write(dir)) // the largest group is not to cost the rest its report
}

// took is how long the set ran, or would have run had it not been resumed.
func (s Set) took(parts []Took, start time.Time) float64 {
	if !s.Resume {
		return time.Since(start).Seconds()
	}
	var alone, beside, longest float64
	for _, p := range parts {
		if p.Alone {
			alone += p.WallS
			continue
		}
		beside, longest = beside+p.WallS, max(longest, p.WallS)
	}
	return alone + max(beside/2, longest)
}

// write writes the figures, the checks, the tables and the report.
func (a *All) write(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "sim"), 0o755); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	files := map[string]string{"figures.json": string(raw), "report.html": a.report()}
	for name, text := range a.tables() {
		files[name] = text
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, "sim", name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("sim: %w", err)
		}
	}
	return a.checks(dir)
}

// Run runs one case, on all cores.
func (c Case) Run(w io.Writer, live bool) Result {
	c.Cores = sim.Cores()
	return c.run(&progress{out: &shared{w: w}, name: c.Name(), live: live})
}

// Dead are the shares of hosts that die with the server in the set.
func Dead() []float64 { return slices.Clone(dead) }
