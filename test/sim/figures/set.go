package figures

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
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
	Huge        *Huge        `json:"huge,omitempty"`
	Common      []CommonCase `json:"common"`
	TookS       float64      `json:"took_s"`
}

// dead are the shares of hosts that die with the server.
var dead = []float64{.9, .5, 0}

// Full is the whole set. The two cases of a thousand hosts are first and last:
// both at once would not fit into 16 GB.
func Full() []Case {
	day := 24 * time.Hour
	thousand := Case{Hosts: 1000, Measure: 2 * time.Hour, Out: day, Dead: dead, Single: true}
	out := []Case{thousand, {Hosts: 300, Warm: 2 * time.Hour, Measure: 2 * time.Hour, Out: 2 * time.Hour, Dead: dead}}
	for _, n := range []int{100, 20, 5} {
		for _, loss := range []float64{0, .05} {
			out = append(out, Case{Hosts: n, Loss: loss, Warm: day, Measure: 2 * time.Hour, Out: day, Dead: dead})
		}
	}
	thousand.Loss = .05
	return append(out, thousand)
}

// Quick is what `make test` has time for.
func Quick() []Case {
	var out []Case
	for _, n := range []int{100, 20, 8} {
		for _, loss := range []float64{0, .05} {
			out = append(out, Case{Hosts: n, Loss: loss, Measure: 20 * time.Minute, Out: 20 * time.Minute, Dead: dead})
		}
	}
	return out
}

// Run works the set off, two cases at a time, and writes everything to dir.
func Run(quick bool, seed uint64, dir string, w io.Writer, live bool) (All, error) {
	start := time.Now()
	out := &shared{w: w}
	show := func(name string) *progress { return &progress{out: out, name: name, live: live} }
	all := All{Quick: quick, Common: RunCommon(seed)}
	cases := Full()
	if quick {
		cases = Quick()
	}
	var jobs []func()
	all.Results = make([]Result, len(cases))
	for i := range cases {
		cases[i].Seed = seed
		if i == 1 {
			jobs = append(jobs, all.special(quick, show)...)
		}
		jobs = append(jobs, func() { all.Results[i] = cases[i].run(show(cases[i].Name())) })
	}
	two(jobs)
	if !quick {
		n := tenThousand(12 << 30)
		h := huge(n, 300, show(fmt.Sprint(n, " hosts")))
		all.Huge = &h
	}
	all.TookS = time.Since(start).Seconds()
	if live {
		out.printf("\r\033[K")
	}
	return all, all.write(dir)
}

func (a *All) special(quick bool, show func(string) *progress) []func() {
	hosts, before, after, fetches := 100, 6*time.Hour, 6*time.Hour, uint64(100_000)
	big := 1000
	if quick {
		hosts, before, after, fetches, big = 20, time.Hour, time.Hour, 10_000, 50
	}
	return []func(){
		func() { a.Slashdot = slashdot(big, fetches, show("slashdot")) },
		func() { a.Flash = flash(hosts, before, after, show("flash crowd")) },
		func() { a.Propagation = propagation(hosts, show("propagation")) },
	}
}

// two works jobs off, two at a time, in their order.
func two(jobs []func()) {
	next := make(chan func())
	var done sync.WaitGroup
	for range 2 {
		done.Go(func() {
			for job := range next {
				job()
			}
		})
	}
	for _, job := range jobs {
		next <- job
	}
	close(next)
	done.Wait()
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
	return a.checks(filepath.Join(dir, "sim.json"))
}

// One runs the case of the given name.
func One(name string, seed uint64, w io.Writer, live bool) (Result, error) {
	for _, c := range append(Full(), Quick()...) {
		if c.Name() == name {
			c.Seed = seed
			return c.Run(w, live), nil
		}
	}
	return Result{}, fmt.Errorf("no case %q", name)
}

// Run runs one case, on all cores.
func (c Case) Run(w io.Writer, live bool) Result {
	c.Cores = sim.Cores()
	return c.run(&progress{out: &shared{w: w}, name: c.Name(), live: live})
}

// Dead are the shares of hosts that die with the server in the set.
func Dead() []float64 { return slices.Clone(dead) }
