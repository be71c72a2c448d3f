package cli

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestInterruptIsSilent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	go func() {
		if c, err := l.Accept(); err == nil {
			defer c.Close()
			c.Read(make([]byte, 1)) // it has asked
		}
		interrupt()
	}()
	var out, errs strings.Builder
	if got := Run(ctx, "1.2.3", []string{"status", "--socket", path}, &out, &errs); got != exitInterrupted || errs.Len() > 0 {
		t.Errorf("exit code %d, said %q; want %d and nothing", got, errs.String(), exitInterrupted)
	}
}

// full is a disk that is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestOutputThatCannotBeWrittenIsNoWrongUsage(t *testing.T) {
	for _, verb := range []string{"version", "help"} {
		var errs strings.Builder
		got := Run(t.Context(), "1.2.3", []string{verb}, full{}, &errs)
		if got != exitOutput || !strings.Contains(errs.String(), "no space left on device") || strings.Contains(errs.String(), "hint:") {
			t.Errorf("%s: exit code %d, said %q; want %d and the disk's error", verb, got, errs.String(), exitOutput)
		}
	}
}

func TestWhatIsNoSocketIsSaid(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		file:                         "is not a socket",
		filepath.Join(dir, "absent"): "mcdnsd is not running",
	} {
		var out, errs strings.Builder
		if got := Run(t.Context(), "1.2.3", []string{"status", "--socket", path}, &out, &errs); got != exitNoDaemon {
			t.Errorf("%s: exit code %d; want %d", path, got, exitNoDaemon)
		}
		if !strings.Contains(errs.String(), want) || !strings.Contains(errs.String(), path) || !strings.Contains(errs.String(), "hint:") {
			t.Errorf("%s: said %q; want %q, the path and a hint", path, errs.String(), want)
		}
	}
}
