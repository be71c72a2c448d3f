package sim

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestTraceIsReplayed: the lookups of a file happen when and where it says.
func TestTraceIsReplayed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace")
	text := "# seconds host name\n12 1 5\n10.5 0 5\n11 0 6\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	trace, err := ReadTrace(path)
	if err != nil || len(trace) != 3 || trace[0] != (Ask1{10500 * time.Millisecond, 0, 5}) {
		t.Fatalf("got %v, %v", trace, err)
	}
	w := New(Options{Seed: 1, Hosts: 2, Zone: NewMix(Mix{Count: 10})})
	w.Load(Demand{Trace: trace})
	w.Run(20 * time.Second)
	if w.Tally.Lookups() != 3 || w.Tally.By[byServer] != 2 || w.Tally.By[byPeer] != 1 {
		t.Errorf("got %d lookups, by outcome %v; want 3, two of them from the server", w.Tally.Lookups(), w.Tally.By)
	}
}

// TestBrokenTraceSaysWhere: with file and line.
func TestBrokenTraceSaysWhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace")
	for _, text := range []string{"1 2\n", "a b c\n", "-1 0 0\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadTrace(path); err == nil || err.Error()[:len(path)+3] != path+":1:" {
			t.Errorf("%q: got %v; want an error at %s:1", text, err, path)
		}
	}
}

// TestLoadIsWhatTheModelSays: the rate, the popularity of names, the TTLs.
func TestLoadIsWhatTheModelSays(t *testing.T) {
	z := newZipf(50_000, .95)
	var first, n float64
	for i := range 200_000 {
		if z.draw(chance(1, uint64(i))) == 0 {
			first++
		}
		n++
	}
	if got := first / n; math.Abs(got-z.below[0]) > .003 {
		t.Errorf("the first name got %.4f of the lookups; want %.4f", got, z.below[0])
	}
	w := New(Options{Seed: 1, Hosts: 10})
	w.Load(Demand{})
	w.Run(time.Hour)
	if got := float64(w.Tally.Lookups()); math.Abs(got-2000) > 150 {
		t.Errorf("10 hosts made %.0f lookups in an hour; want about 2000", got)
	}
	names, short := NewNames(), 0
	for i := range 10_000 {
		if names.TTL(i) <= time.Minute {
			short++
		}
	}
	if short < 3300 || short > 3700 {
		t.Errorf("%d of 10,000 names live a minute at most; want about 3500", short)
	}
}

// TestClockGoesWhereItSays: reading a clock at the time it was said to show
// something shows it, fast or slow.
func TestClockGoesWhereItSays(t *testing.T) {
	for _, ppm := range []int64{-500, -1, 0, 3, 500} {
		c := clock{boot: time.Second, base: 7 * time.Hour, ppm: ppm}
		for _, d := range []time.Duration{7 * time.Hour, 8*time.Hour + 12345, 200 * time.Hour} {
			if at := c.when(d); c.read(at) < d || c.read(at-time.Microsecond) >= d {
				t.Errorf("%d ppm: shows %v at %v; want %v", ppm, c.read(at), at, d)
			}
		}
	}
}
