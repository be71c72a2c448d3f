package figures

import (
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mcdns/test/sim"
)

var (
	rewrite = flag.Bool("rewrite", false, "write what happens now into the golden file")
	whole   = flag.Bool("golden", false, "play the whole golden file, not its quick part (make golden)")
)

const goldenFile = "../testdata/golden.txt"

// A goldenRun has a name in the golden file, and comes to a digest.
type goldenRun struct {
	name   string
	quick  bool
	digest func() string
}

// TestRunsComeToTheGoldenDigests: a change that only moves code leaves every
// run as it was. One that changes behaviour on purpose says so in its commit
// and writes the file again: make golden REWRITE=-rewrite.
func TestRunsComeToTheGoldenDigests(t *testing.T) {
	text, err := os.ReadFile(goldenFile)
	if err != nil && !*rewrite {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		name, digest, _ := strings.Cut(line, "\t")
		want[name] = digest
	}
	var now strings.Builder
	for _, r := range goldenRuns(t) {
		if !r.quick && !*whole && !*rewrite {
			delete(want, r.name)
			continue
		}
		got := r.digest()
		fmt.Fprintf(&now, "%s\t%s\n", r.name, got)
		if got != want[r.name] && !*rewrite {
			t.Errorf("%s: came to %s; golden is %q", r.name, got, want[r.name])
		}
		delete(want, r.name)
	}
	for name := range want {
		if !*rewrite {
			t.Errorf("the golden file has %q, which nobody runs", name)
		}
	}
	if *rewrite {
		if err := os.WriteFile(goldenFile, []byte(now.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// goldenRuns are the quick set, ten more seeds of a lossy case and of trouble
// at random, and the transcripts.
func goldenRuns(t *testing.T) (runs []goldenRun) {
	for _, dir := range []string{"dns/testdata", "scenarios"} { // what happens is held against them by their own tests
		files, err := filepath.Glob("../../" + dir + "/*.txt")
		if err != nil || len(files) == 0 {
			t.Fatal("no transcripts in", dir)
		}
		for _, f := range files {
			runs = append(runs, goldenRun{strings.TrimPrefix(f, "../../"), true, func() string { return fileDigest(t, f) }})
		}
	}
	quiet := &progress{out: &shared{w: io.Discard}}
	for i, c := range Quick() {
		c.Seed, c.Cores = 1, sim.Cores()
		quick := i == len(Quick())-1
		runs = append(runs, goldenRun{"quick " + c.Name(), quick, func() string { return jsonDigest(t, c.run(quiet).golden()) }})
	}
	for _, name := range []string{slashdotName, flashName, propagationName} {
		set := Set{Quick: true, Seed: 1, Stderr: io.Discard}
		runs = append(runs, goldenRun{"quick " + name, name == propagationName, func() string {
			found, err := set.One(name, sim.Cores(), false)
			if err != nil {
				t.Error(err)
			}
			return jsonDigest(t, found)
		}})
	}
	// Its figures count the bytes of tables, which a move of a field changes.
	runs = append(runs, goldenRun{"quick " + dayName, false, func() string {
		d := sim.NewDay(1, 12, 3*time.Hour)
		defer d.World.Close()
		return fmt.Sprintf("%016x", d.World.Digest())
	}})
	for seed := uint64(2); seed < 12; seed++ {
		c := Case{Hosts: 12, Loss: .05, Measure: 5 * time.Minute, Out: 5 * time.Minute, Dead: dead, Seed: seed, Cores: 1, Families: seed%2 == 0}
		runs = append(runs,
			goldenRun{fmt.Sprintf("12 hosts, seed %d", seed), seed == 2, func() string { return jsonDigest(t, c.run(quiet).golden()) }},
			goldenRun{fmt.Sprintf("trouble, seed %d", seed), seed < 4, func() string {
				w := sim.Soak(seed, 10)
				defer w.Close()
				return fmt.Sprintf("%016x", w.Digest())
			}})
	}
	slices.SortFunc(runs, func(a, b goldenRun) int { return strings.Compare(a.name, b.name) })
	return runs
}

// golden is a result without what the machine has to do with.
func (r Result) golden() Result {
	r.Cost, r.Outages = Cost{}, slices.Clone(r.Outages)
	for i := range r.Outages {
		r.Outages[i].CostS, r.Outages[i].ElapsedS = 0, 0
	}
	return r
}

func jsonDigest(t *testing.T, v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(raw))[:16]
}

func fileDigest(t *testing.T, path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(raw))[:16]
}
