package logs

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// Speaker writes lines on a goroutine of its own, for who must not wait: a journal
// that takes none holds up whoever writes.
type Speaker struct {
	log   *slog.Logger
	lines chan line
	lost  atomic.Uint64
	done  chan struct{}
}

type line struct {
	level slog.Level
	text  string
	args  []any
}

// speakerQueue is far more than what changes at one time.
const speakerQueue = 256

// NewSpeaker makes one, which must be closed.
func NewSpeaker(log *slog.Logger) *Speaker {
	s := &Speaker{log: log, lines: make(chan line, speakerQueue), done: make(chan struct{})}
	go s.run()
	return s
}

// Say queues a line, and drops it if too many wait.
func (s *Speaker) Say(level slog.Level, text string, args ...any) {
	select {
	case s.lines <- line{level, text, args}:
	default:
		s.lost.Add(1)
	}
}

func (s *Speaker) run() {
	defer close(s.done)
	for l := range s.lines {
		s.log.Log(context.Background(), l.level, l.text, l.args...)
		if n := s.lost.Swap(0); n > 0 {
			s.log.Warn("the log took no lines; some are missing", "lines", n)
		}
	}
}

// Close writes what waits, for as long as limit. Nothing may be said after it.
func (s *Speaker) Close(limit time.Duration) {
	close(s.lines)
	select {
	case <-s.done:
	case <-time.After(limit):
	}
}
