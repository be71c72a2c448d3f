package store

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mcdns/daemon/clock"
	"mcdns/daemon/logs"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// run is a daemon from its start to its end, as far as the file goes. It learns some names.
func run(t *testing.T, dir string, learns ...node.Entry) (held int) {
	t.Helper()
	n := node.New(node.Config{Self: wire.Peer{ID: 1, Epoch: 1}, Rand: rand.New(rand.NewPCG(1, 2))})
	n.Handle(clock.Boot(), node.Configure{Settings: node.Settings{CacheBytes: 1 << 22, MaxTTL: time.Hour, MaxStale: 72 * time.Hour}})
	var s Saver
	s.Begin(open(t, dir), func(_ context.Context, mark uint64) (Changes, error) {
		now := clock.Boot()
		entries, next := n.Changes(now, mark)
		return Changes{Now: StampAt(now), Entries: entries, Mark: next}, nil
	}, logs.Discard())
	s.Restore(time.Minute, func(entries []node.Entry) { n.Handle(clock.Boot(), node.Restore{Entries: entries}) })
	s.save()
	n.Handle(clock.Boot(), node.Restore{Entries: learns})
	s.save()
	s.Last(time.Minute)
	return n.Status(clock.Boot()).Entries
}

// TestRestartsDoNotGrowTheFile: a daemon that learnt nothing writes nothing, of however many
// answers and bytes the file is.
func TestRestartsDoNotGrowTheFile(t *testing.T) {
	for _, names := range []int{10, 1000, 1001, 1002} {
		dir := t.TempDir()
		path := filepath.Join(dir, answersName)
		var learns []node.Entry
		for i := range names {
			learns = append(learns, entry(t, i, time.Hour, 0))
		}
		run(t, dir, learns...)
		before, err := os.Stat(path)
		must(t, err)
		for range 3 {
			if held := run(t, dir); held != names {
				t.Fatalf("%d of %d answers came back", held, names)
			}
		}
		after, err := os.Stat(path)
		must(t, err)
		if after.Size() != before.Size() || !os.SameFile(before, after) {
			t.Errorf("%d names: %d bytes, and %d after three restarts; same file %v",
				names, before.Size(), after.Size(), os.SameFile(before, after))
		}
		if held := run(t, dir, entry(t, names, time.Hour, 0)); held != names+1 || run(t, dir) != names+1 {
			t.Errorf("%d names: one that was learnt after a restart was lost", names)
		}
	}
}

// TestAgesThatHoldForOneRunAreWrittenDown: time up since a reboot, and what the wall clock
// tells of a pause, would else be forgotten with the next restart.
func TestAgesThatHoldForOneRunAreWrittenDown(t *testing.T) {
	saved := at(boot1, 10*time.Hour, noon)
	for name, c := range map[string]struct {
		now Stamp
		due bool
	}{
		"same boot":             {at(boot1, 11*time.Hour, noon.Add(time.Hour)), false},
		"wall clock set back":   {at(boot1, 11*time.Hour, noon.Add(-time.Hour)), false},
		"paused":                {at(boot1, 11*time.Hour, noon.Add(9*time.Hour)), true},
		"another boot":          {at(boot2, time.Minute, noon.Add(time.Hour)), true},
		"a clock that ran back": {at(boot1, time.Hour, noon.Add(time.Hour)), true},
		"unknown boot":          {Stamp{Boot: 11 * time.Hour, Wall: noon.Add(time.Hour)}, true},
	} {
		dir := t.TempDir()
		must(t, open(t, dir).Rewrite(saved, []node.Entry{entry(t, 1, time.Hour, 0)}))
		s := open(t, dir)
		entries, err := s.Load(c.now)
		must(t, err)
		if s.Due() != c.due {
			t.Errorf("%s: a whole save is due: %v; want %v", name, s.Due(), c.due)
		}
		if must(t, s.Rewrite(c.now, entries)); s.Due() {
			t.Errorf("%s: due again once it is written", name)
		}
	}
	// Nine hours up after a reboot, in two runs: they count.
	dir := t.TempDir()
	must(t, open(t, dir).Rewrite(saved, []node.Entry{entry(t, 1, time.Hour, 0)}))
	for _, up := range []time.Duration{time.Minute, 5 * time.Hour, 9 * time.Hour} {
		s, now := open(t, dir), at(boot2, up, noon.Add(24*time.Hour+up))
		entries, err := s.Load(now)
		must(t, err)
		if want := up; entries[0].Worn != want {
			t.Errorf("after %v up: worn %v; want %v", up, entries[0].Worn, want)
		}
		if s.Due() {
			must(t, s.Rewrite(now, entries))
		}
	}
}
