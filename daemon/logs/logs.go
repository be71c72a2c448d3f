// Package logs writes the daemon's log: one line for each change of state, to
// stderr, as "component: message key=value". There are no timestamps, the
// journal adds them; under systemd each line begins with "<N>", its syslog
// priority (sd-daemon(3)).
package logs

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
)

// LevelNotice is between info and warning: a change of state that is good to
// know and needs nobody.
const LevelNotice = slog.Level(2)

// New returns a logger that writes lines of at least level to stderr.
func New(level slog.Leveler) *slog.Logger {
	_, journal := os.LookupEnv("JOURNAL_STREAM")
	return slog.New(&handler{out: os.Stderr, mu: new(sync.Mutex), level: level, priority: journal})
}

// Component returns a logger whose lines begin with "name: ".
func Component(l *slog.Logger, name string) *slog.Logger { return l.WithGroup(name) }

// Discard returns a logger that says nothing.
func Discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

type handler struct {
	out       io.Writer
	mu        *sync.Mutex
	level     slog.Leveler
	priority  bool
	component string
	attrs     string
}

func (h *handler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level.Level() }

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	var b strings.Builder
	for _, a := range attrs {
		appendAttr(&b, a)
	}
	next.attrs += b.String()
	return &next
}

func (h *handler) WithGroup(name string) slog.Handler {
	next := *h
	next.component = name + ": "
	return &next
}

func (h *handler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	if h.priority {
		b.WriteString(priority(r.Level))
	}
	b.WriteString(h.component)
	b.WriteString(printable(r.Message))
	b.WriteString(h.attrs)
	r.Attrs(func(a slog.Attr) bool { appendAttr(&b, a); return true })
	b.WriteByte('\n')
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.out, b.String())
	return err
}

func appendAttr(b *strings.Builder, a slog.Attr) {
	v := a.Value.Resolve().String()
	if v == "" || strings.ContainsAny(v, " =\"") || printable(v) != v {
		v = strconv.Quote(v)
	}
	b.WriteString(" " + a.Key + "=" + v)
}

// printable keeps one record on one line: a message may quote bytes of a file
// or a peer, and a line break in it would forge a line of its own.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}

func priority(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "<3>"
	case l >= slog.LevelWarn:
		return "<4>"
	case l >= LevelNotice:
		return "<5>"
	case l >= slog.LevelInfo:
		return "<6>"
	}
	return "<7>"
}
