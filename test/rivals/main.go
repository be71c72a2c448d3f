// Command rivals holds mcdns against models of other systems, on the very lookups that the
// simulator's hosts make (make rivals): caches that know nothing of each other, asking
// everyone, a home node for each name, and Chord with caching along the path. They are models,
// not implementations: no loss, no membership traffic, and a message costs the bytes and the
// time that model.go says.
//
// Its tests have a build tag, so that `go test ./...` proves mcdns alone: no promise stands on
// these figures. Read model.go first, then beside.go (what they are told), and page.go.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"mcdns/test/sim/figures"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "rivals: error: %v\n", err)
		os.Exit(1)
	}
}

// A comparison is a case of the simulator, and what the models came to beside it.
type comparison struct {
	Mcdns   figures.Result `json:"mcdns"`
	Rivals  []work         `json:"rivals"`
	Outages []outage       `json:"outages"`
}

// found is what all comparisons came to.
type found struct {
	Cases    []comparison     `json:"cases"`
	Slashdot figures.Slashdot `json:"slashdot"`
	Chord    chordSlashdot    `json:"chord_slashdot"`
}

func run() error {
	quick := flag.Bool("quick", false, "the small set")
	seed := flag.Uint64("seed", 1, "seed of the simulator's runs")
	dir := flag.String("out", "build/rivals", "where the page and the figures go")
	flag.Parse()
	cases := figures.Full()
	if *quick {
		cases = figures.Quick()
	}
	var all found
	for _, c := range cases {
		if c.Families || c.Loss > 0 { // the models lose nothing, and know one address of a name
			continue
		}
		c.Seed = *seed
		one := compare(c)
		fmt.Print(one.summary())
		all.Cases = append(all.Cases, one)
	}
	var err error
	if all.Slashdot, all.Chord, err = slashdot(*quick, *seed); err != nil {
		return err
	}
	fmt.Print(all.Chord.summary(all.Slashdot))
	return all.write(*dir)
}

// write writes the figures and the page.
func (f *found) write(dir string) error {
	raw, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(dir, 0o755),
		os.WriteFile(filepath.Join(dir, "figures.json"), raw, 0o644),
		os.WriteFile(filepath.Join(dir, "report.html"), []byte(f.page()), 0o644))
}
