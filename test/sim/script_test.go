package sim

import (
	"flag"
	"path/filepath"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write what happens now into the scenarios")

// TestScenariosReadAsTheyDid plays every transcript; a difference is a change
// of the protocol, to be reviewed as a diff after -rewrite.
func TestScenariosReadAsTheyDid(t *testing.T) {
	files, err := filepath.Glob("../scenarios/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			if err := PlayFile(f, 0, *rewrite); err != nil {
				t.Error(err)
			}
		})
	}
}
