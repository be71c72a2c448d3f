package build

import "testing"

// TestVersionIsWhatTheLinkerWasTold; a test's build records none.
func TestVersionIsWhatTheLinkerWasTold(t *testing.T) {
	if got := Version("1.2.3"); got != "1.2.3" {
		t.Errorf("got %s; want 1.2.3", got)
	}
	if got := Version(""); got == "" {
		t.Error("a program without a version")
	}
}
