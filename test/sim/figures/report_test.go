package figures

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// small is a set that takes a second.
func small(t *testing.T) *All {
	t.Helper()
	p := &progress{out: &shared{w: io.Discard}}
	a := &All{Quick: true, Common: RunCommon(1)}
	for _, n := range []int{3, 6} {
		c := Case{Hosts: n, Seed: 1, Warm: time.Minute, Measure: 10 * time.Minute, Out: 10 * time.Minute, Dead: dead}
		a.Results = append(a.Results, c.run(p))
	}
	a.Slashdot = Set{Seed: 1}.slashdot(5, 100, p)
	a.Flash = Set{Seed: 1}.flash(3, 20*time.Minute, 20*time.Minute, p)
	a.Propagation = Set{Seed: 1}.propagation(4, p)
	return a
}

// TestReportIsOnePage: no script, nothing from elsewhere, no number that is
// none, and a picture for each question.
func TestReportIsOnePage(t *testing.T) {
	page := small(t).report()
	for _, bad := range []string{"NaN", "Inf", "<script", "http://", "https://", "%!"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if n := strings.Count(page, "<svg"); n < 12 {
		t.Errorf("got %d pictures; want 12", n)
	}
	for _, want := range []string{"Johnson 2010", "DDNS 2002: slashdot", "CoDoNS 2004: update propagation", "common table"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page says nothing of %q", want)
		}
	}
}

// TestSetWritesChecksAndTables: sim.json holds each promise, and a promise not
// kept is an error.
func TestSetWritesChecksAndTables(t *testing.T) {
	a, dir := small(t), t.TempDir()
	if err := a.write(dir); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "sim.json"))
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Target string
		Checks []struct{ Name string }
	}
	if err := json.Unmarshal(text, &report); err != nil || report.Target != "sim" || len(report.Checks) < 20 {
		t.Errorf("got %d checks of %q: %v", len(report.Checks), report.Target, err)
	}
	for _, f := range []string{"report.html", "work.csv", "outage.csv", "flash.csv", "latency.csv", "figures.json"} {
		if s, err := os.Stat(filepath.Join(dir, "sim", f)); err != nil || s.Size() == 0 {
			t.Errorf("%s: %v", f, err)
		}
	}
	a.Results[0].Outages[0].OfBound = .5
	if err := a.write(dir); err == nil {
		t.Error("a promise not kept is no error")
	}
}

// TestSameCaseSameFigures: on one core and on two.
func TestSameCaseSameFigures(t *testing.T) {
	p := &progress{out: &shared{w: io.Discard}}
	c := Case{Hosts: 70, Seed: 3, Measure: 2 * time.Minute, Out: time.Minute, Dead: []float64{.5, 0}, Cores: 1}
	one := c.run(p)
	c.Cores = 2
	two := c.run(p)
	a, _ := json.Marshal(one.golden())
	b, _ := json.Marshal(two.golden())
	if string(a) != string(b) {
		t.Errorf("two cores give other figures:\n%s\n%s", a, b)
	}
}

// TestFaultOfACaseIsSeenAgainByOneCommand: the one that a failed check prints.
func TestFaultOfACaseIsSeenAgainByOneCommand(t *testing.T) {
	c := Case{Hosts: 3, Loss: .05, Seed: 4, Warm: time.Minute, Measure: 3 * time.Minute, Out: 2 * time.Minute, Dead: Dead(), Single: true}
	want := c.run(&progress{out: &shared{w: io.Discard}})
	args := strings.Fields(c.replay())
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = "../../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", c.replay(), err)
	}
	if !strings.Contains(string(out), "digest "+want.Digest) {
		t.Errorf("%s: want digest %s, got\n%s", c.replay(), want.Digest, out)
	}
}
