//go:build race

package sim

import (
	"os/exec"
	"strings"
	"testing"
)

// TestSameDigestWithoutRaceDetector: this test is built with it, the command
// it runs is not.
func TestSameDigestWithoutRaceDetector(t *testing.T) {
	out, err := exec.Command("go", "run", "./cmd/mcdns-sim", "-scenario", "soak", "-hosts", "12", "-seed", "3").CombinedOutput()
	if err != nil {
		t.Fatalf("go run: %v\n%s", err, out)
	}
	if want := "digest " + hex(Soak(3, 12).Digest()); strings.TrimSpace(string(out)) != want {
		t.Errorf("without the race detector: got %s; want %s", out, want)
	}
}
