package report

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"mcdns/daemon/clock"
	"mcdns/daemon/control"
	"mcdns/daemon/glibc"
	"mcdns/daemon/loop"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// TestStatusIsCountedForAHundredthOfTheTimeAtMost: every user of the machine may ask
// for it without end, and lookups wait meanwhile.
func TestStatusIsCountedForAHundredthOfTheTimeAtMost(t *testing.T) {
	n := node.New(node.Config{Rand: rand.New(rand.NewPCG(1, 2))})
	made, took := 0, 5*time.Millisecond
	count := func() node.Status {
		made++
		for begun := clock.Boot(); clock.Boot()-begun < took; { // a full cache
		}
		return node.Status{Entries: made, Upstream: n.Upstream(), Since: time.Minute}
	}
	var last lastStatus
	const now = time.Hour
	ask := func(after time.Duration) node.Status {
		return last.of(loop.View{Node: n, Now: now + after}, count)
	}
	for range 1000 {
		ask(0)
	}
	within := ask(dear*took - 1)
	if made != 1 || within.Entries != 1 || within.Since != time.Minute+dear*took-1 {
		t.Errorf("counted %d times, got %+v; want once, and the time to go on", made, within)
	}
	if ask(time.Hour); made != 2 {
		t.Errorf("counted %d times an hour later; want 2", made)
	}
	ask(0) // a clock that ran back
	if made != 3 {
		t.Errorf("counted %d times; want 3", made)
	}
}

func TestStatusTellsWhatTheDaemonTakes(t *testing.T) {
	runtime.GC()
	if p := process(); p.Goroutines < 2 || p.HeapBytes < 10<<10 {
		t.Errorf("got %+v; want the goroutines and the heap of a test", p)
	}
}

// TestQueryShowsTheTTLThatCounts: a week that counts as a day is one, in the records
// too, and what it came with is said beside it.
func TestQueryShowsTheTTLThatCounts(t *testing.T) {
	q := dns.Question{Name: "www.example.", Type: 1}
	a, err := dns.ParseAnswer(q, 0, []string{"www.example. 604800 IN A 192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	r := result(node.Result{Answer: a, Age: time.Hour, TTL: 23 * time.Hour, Life: 24 * time.Hour, Source: node.FromCache}, node.Settings{})
	if want := "www.example.\t82800\tIN\tA\t192.0.2.1"; r.LifeS != 86400 || r.OriginalTTLs != 604800 || len(r.Records) != 1 || r.Records[0] != want {
		t.Errorf("got %+v %+v; want %s", r, r.Origin, want)
	}
}

// TestGroupsStateIsAsOldAsItsLastChange: "isolated for a minute" is a warning, and the
// number of peers is no state.
func TestGroupsStateIsAsOldAsItsLastChange(t *testing.T) {
	var s spell
	for _, c := range []struct {
		at    time.Duration
		group node.GroupState
		state control.GroupState
		since time.Duration
	}{
		{5, node.Isolated, control.Isolated, 5}, {9, node.Isolated, control.Isolated, 5},
		{10, 1, control.WithPeers, 10}, {20, 4, control.WithPeers, 10}, {30, node.Solo, control.Solo, 30},
	} {
		if s.note(groupState(c.group), c.at); s.state != c.state || s.since != c.since {
			t.Errorf("at %d: %s since %d; want %s since %d", c.at, s.state, s.since, c.state, c.since)
		}
	}
}

// TestHostThatCameBackIsOneRow: status counts it once, and the two contradicted each
// other until the silence of its earlier run was noticed.
func TestHostThatCameBackIsOneRow(t *testing.T) {
	got := hosts([]node.PeerStatus{
		{Peer: wire.Peer{ID: 7, Epoch: 1}, Last: 20 * time.Second}, {Peer: wire.Peer{ID: 8, Epoch: 1}},
		{Peer: wire.Peer{ID: 7, Epoch: 2}, Last: time.Second},
	})
	if len(got) != 2 || got[0].Peer.Epoch != 2 || got[1].Peer.ID != 8 {
		t.Errorf("got %+v", got)
	}
}

func TestEachOutcomeIsSaidInTheWordsOfTheControlSocket(t *testing.T) {
	for status, want := range map[glibc.Status]string{
		glibc.Found: "found", glibc.NoName: "no such name", glibc.NoData: "no such record",
		glibc.TryAgain: "no answer", glibc.BadName: "bad name",
	} {
		if got := string(outcomes[status]); got != want {
			t.Errorf("status %d: got %q; want %q", status, got, want)
		}
	}
}
