package host

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"mcdns/gocore/node"
)

// stuck is a journal that takes nothing until it is let go.
type stuck struct {
	lines
	free chan bool
}

func (s *stuck) Handle(ctx context.Context, r slog.Record) error {
	<-s.free
	return s.lines.Handle(ctx, r)
}

func TestLogThatTakesNothingHoldsNobodyUp(t *testing.T) {
	log := &stuck{free: make(chan bool)}
	s := newSpeaker(slog.New(log))
	const said = 2 * speakerQueue
	done := make(chan bool)
	go func() {
		defer close(done)
		for range said {
			s.say(node.Log{Text: "a change"})
		}
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("the node waits for its log")
	}
	s.close(0) // the journal hangs: neither does the stop wait
	close(log.free)
	<-s.done
	if n := len(log.text); n < speakerQueue || n > speakerQueue+2 || !log.has("some are missing lines=") {
		t.Errorf("%d lines of %d; want %d and how many are missing", n, said, speakerQueue)
	}
}
