package sim

import (
	"testing"
	"time"
)

// afterwards is what happens to a world from a branch on: an outage and its end.
func afterwards(w *World) *World {
	w.Resume()
	w.Set(w.Server(0), ServerOff)
	w.Run(10 * time.Minute)
	w.Set(w.Server(0), ServerUp)
	w.Run(5 * time.Minute)
	return w
}

// TestBranchGoesOnAsItsWorldDoes: no host notices that it lives in a branch, be it
// that all live on or that most die at that moment.
func TestBranchGoesOnAsItsWorldDoes(t *testing.T) {
	for _, c := range []struct {
		name  string
		alive func(i int) bool
	}{
		{"all live", func(int) bool { return true }},
		{"two of three die", func(i int) bool { return i%3 == 0 }},
	} {
		w := New(Options{
			Seed: 5, Hosts: 12, Loss: .05, Jitter: 2 * time.Millisecond, Drift: 50, Disks: true, Sealed: true, Start: 2 * time.Second,
			Zone: NewMix(Mix{Count: 200, Missing: .1, Alias: .2}),
		})
		w.Load(Demand{PerHour: 600})
		w.Run(20 * time.Minute)
		if busy := w.Settle(time.Minute); busy > 0 {
			t.Fatalf("%s: %d hosts are still busy after a minute without lookups", c.name, busy)
		}
		b := w.Branch(c.alive)
		for i, h := range w.hosts {
			if !c.alive(i) {
				w.Kill(h)
			}
		}
		got, want := afterwards(b), afterwards(w)
		if got.Digest() != want.Digest() {
			t.Errorf("%s: the branch came to %x, its world to %x", c.name, got.Digest(), want.Digest())
		}
		if got.Tally.By[byStale] == 0 || got.Tally.Lookups() >= want.Tally.Lookups() {
			t.Errorf("%s: nothing happened: %d of %d lookups in the branch", c.name, got.Tally.Lookups(), want.Tally.Lookups())
		}
		for _, w := range []*World{got, want} {
			if err := w.Checks.Err(); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	}
}
