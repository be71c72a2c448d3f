package logs

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
)

func TestOneRecordIsOneLine(t *testing.T) {
	cases := []struct {
		name     string
		priority bool
		level    slog.Level
		message  string
		args     []any
		want     string
	}{
		{"plain", false, slog.LevelInfo, "ready", []any{"peers", 3}, "mcdnsd: ready peers=3\n"},
		{"journal", true, slog.LevelWarn, "down", nil, "<4>mcdnsd: down\n"},
		{"notice", true, LevelNotice, "up", nil, "<5>mcdnsd: up\n"},
		{"error", true, slog.LevelError, "x", nil, "<3>mcdnsd: x\n"},
		{"debug", true, slog.LevelDebug, "x", nil, "<7>mcdnsd: x\n"},
		{"quoted", false, slog.LevelInfo, "m", []any{"k", "a b"}, "mcdnsd: m k=\"a b\"\n"},
		{"forged line in a message", false, slog.LevelInfo, "a\n<3>b", nil, "mcdnsd: a?<3>b\n"},
		{"forged line in a value", false, slog.LevelInfo, "m", []any{"k", "a\n<3>b"}, "mcdnsd: m k=\"a\\n<3>b\"\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			h := &handler{out: &out, mu: new(sync.Mutex), level: slog.LevelDebug, priority: c.priority}
			Component(slog.New(h), "mcdnsd").Log(context.Background(), c.level, c.message, c.args...)
			if got := out.String(); got != c.want {
				t.Errorf("got %q; want %q", got, c.want)
			}
		})
	}
}

func TestLevelHidesWhatIsBelow(t *testing.T) {
	var out bytes.Buffer
	l := slog.New(&handler{out: &out, mu: new(sync.Mutex), level: slog.LevelWarn})
	l.Info("hidden")
	l.Warn("seen")
	if got := out.String(); got != "seen\n" {
		t.Errorf("got %q; want %q", got, "seen\n")
	}
}
