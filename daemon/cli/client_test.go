package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
