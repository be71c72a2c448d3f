package logs

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"
)

// stuck is a journal that takes nothing until it is let go.
type stuck struct {
	free chan bool
	mu   sync.Mutex
	text []string
}

func (s *stuck) Enabled(context.Context, slog.Level) bool { return true }
func (s *stuck) WithAttrs([]slog.Attr) slog.Handler       { return s }
func (s *stuck) WithGroup(string) slog.Handler            { return s }
func (s *stuck) Handle(_ context.Context, r slog.Record) error {
	<-s.free
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = append(s.text, r.Message)
	return nil
}

func TestLogThatTakesNothingHoldsNobodyUp(t *testing.T) {
	log := &stuck{free: make(chan bool)}
	s := NewSpeaker(slog.New(log))
	const said = 2 * speakerQueue
	done := make(chan bool)
	go func() {
		defer close(done)
		for range said {
			s.Say(slog.LevelInfo, "a change")
		}
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("the node waits for its log")
	}
	s.Close(0) // the journal hangs: neither does the stop wait
	close(log.free)
	<-s.done
	if n := len(log.text); n < speakerQueue || n > speakerQueue+2 || !slices.Contains(log.text, "the log took no lines; some are missing") {
		t.Errorf("%d lines of %d; want %d and how many are missing", n, said, speakerQueue)
	}
}
