package cli

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// colours reports whether to colour: --color, or on a terminal that has colours whose user
// does not refuse them (no-color.org). A word always stands beside a colour.
func (e *env) colours() bool {
	switch e.color {
	case "always":
		return true
	case "never":
		return false
	}
	f, file := e.out.to.(*os.File)
	return file && terminal(f) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && os.Getenv("TERM") != ""
}

func terminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

func (e *env) red(s string) string    { return e.paint(31, s) }
func (e *env) green(s string) string  { return e.paint(32, s) }
func (e *env) yellow(s string) string { return e.paint(33, s) }

func (e *env) paint(colour int, s string) string {
	if !e.colours() {
		return s
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", colour, s)
}
