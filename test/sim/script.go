package sim

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// A script is a transcript being played: commands, each with what happened
// after it. The file reads
//
//	command arguments
//	more input, for commands that take some
//	----
//	what happened
//
// with an empty line between blocks and # before comments.
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

// a block is one command of a script.
type block struct {
	before []string // comments and empty lines above it
	input  []string
	output []string
}

// parseScript cuts a script into blocks; what follows the last is after.
func parseScript(text string) (blocks []block, after []string) {
	var b block
	part := &b.before
	done := func() {
		if len(b.input) > 0 {
			blocks = append(blocks, b)
			b = block{}
		}
		part = &b.before
	}
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		switch {
		case line == "":
			done()
			b.before = append(b.before, line)
		case strings.HasPrefix(line, "#") && part == &b.before:
			b.before = append(b.before, line)
		case line == "----" && part == &b.input:
			part = &b.output
		default:
			if part == &b.before {
				part = &b.input
			}
			*part = append(*part, line)
		}
	}
	done()
	return blocks, b.before
}

// Play plays a script and returns what it should read: the same commands, and
// what happened now. seed, if not 0, takes the place of the script's own. The
// error is that of a command or of a check.
func Play(path, text string, seed uint64) (string, error) {
	s := &script{seed: seed, path: path}
	defer s.close()
	blocks, after := parseScript(text)
	var out strings.Builder
	for _, b := range blocks {
		s.out = nil
		if err := s.run(b.input); err != nil {
			return "", fmt.Errorf("%s: %q: %w", path, b.input[0], err)
		}
		for _, l := range append(append(append(b.before, b.input...), "----"), s.happened()...) {
			out.WriteString(l + "\n")
		}
	}
	for _, l := range after {
		out.WriteString(l + "\n")
	}
	if s.w == nil {
		return out.String(), nil
	}
	s.w.Checks.Held(s.w)
	return out.String(), s.w.Checks.Err()
}

func (s *script) close() {
	if s.w != nil {
		s.w.Close()
	}
}

// PlayFile plays the script of a file and says whether it reads as it should.
func PlayFile(path string, seed uint64, rewrite bool) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	got, err := Play(path, string(text), seed)
	if err != nil {
		return err
	}
	if rewrite {
		return os.WriteFile(path, []byte(got), 0o644)
	}
	if got != string(text) && seed == 0 {
		return fmt.Errorf("%s: %s", path, firstDifference(string(text), got))
	}
	return nil
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d: got %q; want %q (if it should be so: -rewrite)", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("got %d lines; want %d (if it should be so: -rewrite)", len(g), len(w))
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

// run does one command.
func (s *script) run(input []string) error {
	f := strings.Fields(input[0])
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
	return c.do(s, f[1:], input[1:])
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
