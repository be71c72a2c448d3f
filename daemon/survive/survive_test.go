package survive

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

func TestPanicBecomesAnErrorSaidOnce(t *testing.T) {
	panics.Store(0)
	once = sync.Once{}
	var log strings.Builder
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	try := func(f func()) (err error) {
		defer Into(&err)
		f()
		return nil
	}
	if err := try(func() {}); err != nil || Panics() != 0 || log.Len() != 0 {
		t.Errorf("got %v, %d panics, %q for nothing", err, Panics(), log.String())
	}
	for range 3 {
		if err := try(func() { var b []byte; _ = b[len(log.String())] }); !errors.Is(err, Err) {
			t.Errorf("got %v; want %v", err, Err)
		}
	}
	if n := strings.Count(log.String(), "out of range"); Panics() != 3 || n == 0 || strings.Count(log.String(), "stack=") != 1 {
		t.Errorf("%d panics, the log says %q; want 3, said once with a stack", Panics(), log.String())
	}
}
