package trust

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const ms = time.Millisecond

func TestUnprovenPeerHasNoTransit(t *testing.T) {
	var o Offset
	if d, ok := o.Transit(time.Hour, time.Hour); ok || o.Proven() {
		t.Errorf("got %v, %v", d, ok)
	}
}

func TestTransitIsWhatTheSmallestDifferenceLeaves(t *testing.T) {
	var o Offset
	// The peer's clock is an hour behind ours; the PROOF took 5 ms.
	o.Prove(time.Hour+5*ms, 0)
	for _, c := range []struct {
		name      string
		at, delay time.Duration
		want      time.Duration
		ok        bool
	}{
		{"as fast as the PROOF", 0, 5 * ms, 0, true},
		{"slower", 0, 25 * ms, 20 * ms, true},
		{"faster: the new smallest", 0, 1 * ms, 0, true},
		{"as the PROOF was, now", 0, 5 * ms, 4 * ms, true},
		{"at the bound", 0, 1*ms + MaxTransit, MaxTransit, true},
		{"held back", 0, 2*ms + MaxTransit, MaxTransit + ms, false},
		{"a recording of an hour ago", -time.Hour, time.Hour, time.Hour - ms, false},
	} {
		sent := time.Second + c.at
		if d, ok := o.Transit(time.Hour+sent+c.delay, sent); (d-c.want).Abs() > ms || ok != c.ok || !o.Proven() {
			t.Errorf("%s: got %v, %v; want %v, %v", c.name, d, ok, c.want, c.ok)
		}
	}
}

func TestClocksMayDrift(t *testing.T) {
	var o Offset
	o.Prove(0, 0)
	// After a day a peer that is 150 ppm slow is 13 s behind: no datagram of it
	// may be taken for late.
	for h := time.Duration(0); h <= 24*time.Hour; h += time.Hour {
		sent := h - h/1_000_000*150
		if d, ok := o.Transit(h, sent); !ok || d != 0 {
			t.Fatalf("after %v: got %v, %v; want 0, true", h, d, ok)
		}
	}
	// One that runs faster than us only lowers the difference.
	for h := 24 * time.Hour; h <= 48*time.Hour; h += time.Hour {
		if d, ok := o.Transit(h, h+h/1_000_000*150); !ok || d != 0 {
			t.Fatalf("after %v: got %v, %v; want 0, true", h, d, ok)
		}
	}
}

func TestOnlyAProofRaisesTheOffset(t *testing.T) {
	var o Offset
	o.Prove(0, 0)
	// The peer was paused for a minute: all it says is late ...
	late := func() (time.Duration, bool) { return o.Transit(10*time.Minute+time.Minute, 10*time.Minute) }
	for range 100 {
		if d, ok := late(); ok {
			t.Fatalf("taken with a transit of %v", d)
		}
	}
	// ... until it proves that it speaks now.
	o.Prove(10*time.Minute+time.Minute, 10*time.Minute)
	if d, ok := late(); !ok || d != 0 {
		t.Errorf("after the proof: got %v, %v", d, ok)
	}
}

// A PROOF that took long makes all ages older by that, for as long as the peer lives; one
// that was faster mends it, and a slower one does not undo that.
func TestFastestProofCounts(t *testing.T) {
	var o Offset
	for _, c := range []struct {
		took, want time.Duration
	}{{500 * ms, 501 * ms}, {1 * ms, 2 * ms}, {700 * ms, 2 * ms}} {
		asked := time.Duration(c.want) + time.Second
		o.Prove(asked, asked+c.took)
		if d, ok := o.Transit(asked+time.Second+ms, asked+time.Second); !ok || (d-c.want).Abs() > ms {
			t.Errorf("after a PROVE that was %v under way: transit %v, %v; want %v", c.took, d, ok, c.want)
		}
	}
}

// However datagrams are delayed, reordered, sent again, and however slow PROOFs are: an age
// plus its transit is never below the true age by more than what the clocks may drift.
func TestTransitNeverMakesAnAnswerYounger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var o Offset
		skew := time.Duration(rapid.Int64Range(-1e6, 1e6).Draw(t, "skew")) * ms
		way := func(what string, most int64) time.Duration {
			return time.Duration(rapid.Int64Range(0, most).Draw(t, what)) * ms
		}
		best := way("proof", 1000)
		o.Prove(0, best-skew)
		now := time.Duration(0)
		for range rapid.IntRange(1, 50).Draw(t, "n") {
			now += way("pause", 10_000)
			if rapid.Bool().Draw(t, "again") {
				took := way("another proof", 1000)
				o.Prove(now, now+took-skew)
				best = min(best, took)
			}
			delay := way("delay", 3000)
			drift := now / 1_000_000 * driftPerMillion
			d, ok := o.Transit(now, now-delay-skew)
			if d < delay-drift-1 {
				t.Fatalf("delay %v: transit %v", delay, d)
			}
			if ok != (d <= MaxTransit) || d > delay+best {
				t.Fatalf("delay %v, the fastest PROVE took %v: transit %v, %v", delay, best, d, ok)
			}
		}
	})
}
