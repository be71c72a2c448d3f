package figures

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"mcdns/test/sim"
)

// A Set is the quick one or the whole one, and how to run it.
type Set struct {
	Quick bool
	Seed  uint64
	// Self is the command line of a part without its name: a program that calls
	// One and writes the result to its standard output as JSON.
	Self []string
	// Stderr is where the parts show how far they are.
	Stderr io.Writer
	// Kept is where each part's result is kept; with Resume those that are there
	// already are not run again.
	Kept   string
	Resume bool
	// Beside is told of the lookups of the slashdot test.
	Beside NewBeside
}

// A piece of the set runs in a process of its own: what it takes in memory is then
// its own, and given back at its end.
type piece struct {
	name  string
	into  any
	alone bool // no other part beside it
}

// Took is what a part has taken.
type Took struct {
	Name       string  `json:"name"`
	Alone      bool    `json:"alone"`
	WallS      float64 `json:"wall_s"`
	ProcessorS float64 `json:"processor_s"`
	MiB        int64   `json:"most_mib"`
}

// The parts that are no cases.
const (
	slashdotName    = "slashdot"
	flashName       = "flash-crowd"
	propagationName = "propagation"
	dayName         = "come-and-go"
	hugeName        = "largest-group"
)

func (s Set) cases() []Case {
	cases := Full()
	if s.Quick {
		cases = Quick()
	}
	for i := range cases {
		cases[i].Seed = s.Seed
	}
	return cases
}

// One runs the part of the given name here.
func (s Set) One(name string, cores int, live bool) (any, error) {
	p := &progress{out: &shared{w: s.Stderr}, name: name, live: live}
	hosts, before, after, fetches, big, length := 100, 6*time.Hour, 6*time.Hour, uint64(100_000), 1000, 24*time.Hour
	if s.Quick {
		hosts, before, after, fetches, big, length = 20, time.Hour, time.Hour, 10_000, 50, 3*time.Hour
	}
	switch name {
	case slashdotName:
		return s.slashdot(big, fetches, p), nil
	case flashName:
		return s.flash(hosts, before, after, p), nil
	case propagationName:
		return s.propagation(hosts, p), nil
	case dayName:
		return s.day(12, length), nil
	case hugeName:
		return s.huge(10_000, 300, p), nil
	}
	cases := s.cases()
	i := slices.IndexFunc(cases, func(c Case) bool { return c.Name() == name })
	if i < 0 {
		return nil, fmt.Errorf("no case %q", name)
	}
	if cases[i].Cores = cores; cases[i].alone() {
		cases[i].Cores = sim.Cores()
	}
	return cases[i].run(p), nil
}

// parts works the set off in its order: first what needs all cores, then the rest
// two at a time.
func (s Set) parts(parts []piece, all *All) error {
	var alone, beside []piece
	for _, p := range parts {
		if p.alone {
			alone = append(alone, p)
		} else {
			beside = append(beside, p)
		}
	}
	return errors.Join(s.beside(1, alone, all), s.beside(2, beside, all))
}

// beside works parts off, so many at a time.
func (s Set) beside(many int, parts []piece, all *All) error {
	next := make(chan piece)
	var done sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for range min(many, sim.Cores()) {
		done.Go(func() {
			for p := range next {
				took, err := s.run(p)
				mu.Lock()
				all.Parts, errs = append(all.Parts, took), append(errs, err)
				mu.Unlock()
			}
		})
	}
	for _, p := range parts {
		next <- p
	}
	close(next)
	done.Wait()
	return errors.Join(errs...)
}

// A keptPart is a part's result as it is kept, and the program that it is of.
type keptPart struct {
	Program string          `json:"program"`
	Took    Took            `json:"took"`
	Found   json.RawMessage `json:"found"`
}

// program stands for the very program that runs: another one may find other things.
func program() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("sim: %w", err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(text)), nil
}

// run runs a part in another process and keeps what it says.
func (s Set) run(p piece) (Took, error) {
	path := filepath.Join(s.Kept, p.name+".json")
	self, err := program()
	if err != nil {
		return Took{}, err
	}
	kept, err := s.kept(path, self)
	if err != nil {
		if kept, err = s.process(p); err != nil {
			return Took{}, err
		}
		kept.Program = self
	}
	if err := json.Unmarshal(kept.Found, p.into); err != nil {
		return Took{}, fmt.Errorf("%s: what it says: %w", p.name, err)
	}
	raw, err := json.Marshal(kept)
	if err == nil {
		err = os.WriteFile(path, raw, 0o644)
	}
	return kept.Took, err
}

// kept is a part's result of an earlier run of this program, if it is to be used.
func (s Set) kept(path, self string) (k keptPart, err error) {
	if !s.Resume {
		return k, os.ErrNotExist
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return k, err
	}
	if err := json.Unmarshal(raw, &k); err != nil {
		return k, err
	}
	if k.Program != self {
		return k, os.ErrNotExist
	}
	return k, nil
}

// process runs a part in another process.
func (s Set) process(p piece) (keptPart, error) {
	args := append(slices.Clone(s.Self), p.name)
	cmd := exec.Command(args[0], args[1:]...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, s.Stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return keptPart{}, fmt.Errorf("%s: %w", p.name, err)
	}
	end := cmd.ProcessState
	took := Took{Name: p.name, Alone: p.alone, WallS: time.Since(began).Seconds(), ProcessorS: (end.UserTime() + end.SystemTime()).Seconds()}
	if usage, ok := end.SysUsage().(*syscall.Rusage); ok {
		took.MiB = usage.Maxrss / 1024
	}
	return keptPart{Took: took, Found: out.Bytes()}, nil
}
