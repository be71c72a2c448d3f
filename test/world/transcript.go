// Package world is what the worlds have in common that tests let nodes live in: the one
// grammar of transcripts, the queue of what will happen, and the virtual LAN that drives nodes.
//
// Read transcript.go first, then queue.go and lan.go.
package world

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// divider stands between a command with its input and what happened.
const divider = "----"

// Do does a command of a transcript and says what happened. It may put its input into
// another form.
type Do func(command string, input []string) (happened []string, err error)

// Play plays a transcript and returns what it should read: the same commands, and what
// happens now. A transcript has comments, which begin with #, and commands:
//
//	command arguments
//	  what happened
//	command arguments
//
//	command arguments
//	more input, for commands that take some
//	----
//	what happened
//
// Each line that begins a column is a command, and the indented lines below it are what
// happened. Lines up to an empty one that have ---- among them are one command, its
// input and, below that line, what happened. The error is that of a command.
func Play(text string, do Do) (string, error) {
	var out strings.Builder
	at := 0
	for _, part := range strings.Split(strings.TrimRight(text, "\n"), "\n\n") {
		if at > 0 {
			out.WriteString("\n")
		}
		lines := strings.Split(part, "\n")
		play := lineByLine
		if dividerOf(lines) > 0 {
			play = asOne
		}
		n, err := play(&out, lines, do)
		if err != nil {
			return "", fmt.Errorf("line %d: %q: %w", at+n+1, lines[n], err)
		}
		at += len(lines) + 1
	}
	return out.String(), nil
}

// dividerOf is the place of the divider, -1 if there is none.
func dividerOf(lines []string) int {
	for i, l := range lines {
		if l == divider {
			return i
		}
	}
	return -1
}

// asOne plays lines that are one command. n is the line of the command.
func asOne(out *strings.Builder, lines []string, do Do) (n int, err error) {
	lines = lines[:dividerOf(lines)]
	for n < len(lines) && (lines[n] == "" || lines[n][0] == '#') {
		n++
	}
	if n == len(lines) {
		return 0, errors.New("no command above " + divider)
	}
	happened, err := do(lines[n], lines[n+1:])
	write(out, "", lines)
	write(out, "", append([]string{divider}, happened...))
	return n, err
}

func lineByLine(out *strings.Builder, lines []string, do Do) (n int, err error) {
	for n, l := range lines {
		if strings.HasPrefix(l, "  ") {
			continue
		}
		write(out, "", []string{l})
		if l == "" || l[0] == '#' {
			continue
		}
		happened, err := do(l, nil)
		if err != nil {
			return n, err
		}
		write(out, "  ", happened)
	}
	return 0, nil
}

func write(out *strings.Builder, before string, lines []string) {
	for _, l := range lines {
		out.WriteString(before + l + "\n")
	}
}

// PlayFile plays the transcript of a file, and says where what happens is not what it
// reads; rewrite makes it read what happens.
func PlayFile(path string, rewrite bool, play func(text string) (string, error)) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	got, err := play(string(text))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", path, err)
	case got == string(text):
		return nil
	case rewrite:
		return os.WriteFile(path, []byte(got), 0o644)
	}
	return fmt.Errorf("%s: what happens differs (-rewrite writes it down):\n%s", path, firstDifference(string(text), got))
}

// firstDifference shows some lines from where two texts part, and what is above there.
func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	i := 0
	for i < len(w) && i < len(g) && w[i] == g[i] {
		i++
	}
	above := w[max(0, i-4):i]
	return fmt.Sprintf("line %d, below\n  %s\nwritten\n  %s\nhappens\n  %s", i+1,
		strings.Join(above, "\n  "), strings.Join(some(w[i:]), "\n  "), strings.Join(some(g[i:]), "\n  "))
}

func some(lines []string) []string { return lines[:min(len(lines), 6)] }
