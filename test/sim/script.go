package sim

import (
	"fmt"
	"strings"
	"time"

	"mcdns/test/world"
)

// A script is a transcript being played, see world.Play.
type script struct {
	w     *World
	zone  *Records
	trace *Trace
	out   []string // of the command at hand
	seed  uint64
	path  string
	// command is the word of the one at hand.
	command string
}

// Play plays a script and returns what it should read. seed, if not 0, takes the place of
// the script's own. The error is that of a command or of a check.
func Play(path, text string, seed uint64) (string, error) {
	s := &script{seed: seed, path: path}
	defer s.close()
	out, err := world.Play(text, s.do)
	if err != nil || s.w == nil {
		return out, err
	}
	s.w.Checks.Held(s.w)
	return out, s.w.Checks.Err()
}

// do does one command.
func (s *script) do(command string, input []string) ([]string, error) {
	s.out = nil
	if err := s.run(command, input); err != nil {
		return nil, err
	}
	return s.happened(), nil
}

func (s *script) close() {
	if s.w != nil {
		s.w.Close()
	}
}

// PlayFile plays the script of a file and says whether it reads as it should: with
// another seed whether its checks hold.
func PlayFile(path string, seed uint64, rewrite bool) error {
	return world.PlayFile(path, rewrite, func(text string) (string, error) {
		got, err := Play(path, text, seed)
		if seed != 0 && !rewrite {
			got = text
		}
		return got, err
	})
}

// most is how many lines of one command a reader bears.
const most = 90

// happened is what the command at hand led to.
func (s *script) happened() []string {
	lines := append(s.trace.take(), s.out...)
	if len(lines) > most {
		lines = append(lines[:most], fmt.Sprintf("... and %d lines more", len(lines)-most))
	}
	if len(lines) == 0 {
		lines = []string{"ok"}
	}
	return lines
}

func (s *script) say(format string, args ...any) {
	s.out = append(s.out, fmt.Sprintf(format, args...))
}

func (s *script) run(line string, input []string) error {
	f := strings.Fields(line)
	c, ok := commands[f[0]]
	if !ok {
		return fmt.Errorf("no such command")
	}
	if s.w == nil && f[0] != "hosts" {
		return fmt.Errorf("the first command is hosts")
	}
	if len(f)-1 < c.args {
		return fmt.Errorf("want: %s %s", f[0], c.usage)
	}
	s.command = f[0]
	return c.do(s, f[1:], input)
}

// hosts finds hosts by name: "a", "a,c", "a-d", "all" (that are up).
func (s *script) hosts(names string) ([]*Host, error) {
	var out []*Host
	if names == "all" {
		for _, h := range s.w.hosts {
			if h.runs(h.run) {
				out = append(out, h)
			}
		}
		return out, nil
	}
	for _, n := range strings.Split(names, ",") {
		first, last, isRange := strings.Cut(n, "-")
		if !isRange {
			last = first
		}
		from, to := s.find(first), s.find(last)
		if from == nil || to == nil {
			return nil, fmt.Errorf("no host %s", n)
		}
		out = append(out, s.w.hosts[from.Index:to.Index+1]...)
	}
	return out, nil
}

func (s *script) find(name string) *Host {
	for _, h := range s.w.hosts {
		if h.Name == name {
			return h
		}
	}
	return nil
}

// each does f to every host named.
func (s *script) each(names string, f func(h *Host)) error {
	hosts, err := s.hosts(names)
	for _, h := range hosts {
		f(h)
	}
	return err
}

// until lets time pass until every lookup of the hosts is answered, and what
// follows at once (an announcement waits 20 ms) has happened.
func (s *script) until(hosts []*Host) {
	s.w.RunUntil(func() bool {
		for _, h := range hosts {
			if len(h.seen) > 0 {
				return false
			}
		}
		return true
	}, s.w.now+20*time.Second)
	s.w.Run(60 * time.Millisecond)
}
