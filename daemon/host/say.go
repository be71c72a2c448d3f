package host

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"mcdns/gocore/node"
)

// speaker writes the node's log lines on a goroutine of its own: a journal that
// takes none holds up whoever writes, and that must not be the loop.
type speaker struct {
	log   *slog.Logger
	lines chan node.Log
	lost  atomic.Uint64
	done  chan struct{}
}

// speakerQueue is far more than what changes at one time.
const speakerQueue = 256

func newSpeaker(log *slog.Logger) *speaker {
	s := &speaker{log: log, lines: make(chan node.Log, speakerQueue), done: make(chan struct{})}
	go s.run()
	return s
}

// say queues a line, and drops it if too many wait.
func (s *speaker) say(l node.Log) {
	select {
	case s.lines <- l:
	default:
		s.lost.Add(1)
	}
}

func (s *speaker) run() {
	defer close(s.done)
	for l := range s.lines {
		s.log.Log(context.Background(), l.Level, l.Text, l.Args...)
		if n := s.lost.Swap(0); n > 0 {
			s.log.Warn("the log took no lines; some are missing", "lines", n)
		}
	}
}

// close writes what waits, for as long as limit. Nothing may be said after it.
func (s *speaker) close(limit time.Duration) {
	close(s.lines)
	select {
	case <-s.done:
	case <-time.After(limit):
	}
}
