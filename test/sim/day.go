package sim

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"mcdns/gocore/node"
)

// A Day is a group that works for so long while its other hosts come and go, each
// time as a new one with an empty memory: a wireless network, as a host sees it
// that stays. What such hosts keep of those that left, of lookups, of outages and
// of ever new names must not add up.
type Day struct {
	World *World
	Hours float64
	// Rows are the tables of the hosts that stay, all together, those that grew
	// most first; the first third of the day is a warm-up.
	Rows []Growth
	// Left is how often a host left.
	Left    int
	samples []Tables
}

// Growth is a table: how many things it held on average in each third of the
// day, and at most.
type Growth struct {
	Table  string  `json:"table"`
	First  float64 `json:"first"`
	Middle float64 `json:"middle"`
	Last   float64 `json:"last"`
	Most   int     `json:"most"`
	// Chance is the standard error of Last - Middle.
	Chance float64 `json:"chance"`
}

// The hosts that stay, and what they may hold: so little that it is full within
// the first third of two hours.
const (
	dayStay  = 4
	dayCache = 192 << 10
)

// forgotten is how long after the day nobody may know those that left any more: a
// recording of ten minutes is over, and then the silence of a member is noticed.
const forgotten = 15 * time.Minute

// daySamples of the tables are taken in all.
const daySamples = 72

// NewDay lets a day of the given length pass.
func NewDay(seed uint64, hosts int, length time.Duration) *Day {
	return newDay(seed, hosts, length, newNode)
}

func newDay(seed uint64, hosts int, length time.Duration, make func(node.Config) Node) *Day {
	d := &Day{Hours: length.Hours(), World: New(Options{
		Seed: seed, Hosts: hosts, Sealed: true, Drift: 50, Servers: 2, Loss: .02, Start: 2 * time.Second,
		Settings: node.Settings{CacheBytes: dayCache}, Make: make, Cores: 1,
		Zone: NewMix(Mix{Count: 100_000, Missing: .1, Alias: .2, Private: 50, Hosts: hosts, Seed: seed}),
	})}
	w, r := d.World, rand.New(rand.NewPCG(seed, 98))
	w.Checks.Replay = fmt.Sprintf("go run ./test/sim/cmd/mcdns-sim -scenario day -hosts %d -seed %d -measure %v", hosts, seed, length)
	w.Load(Demand{PerHour: 400, Repeat: .3, Private: .1, Burst: 3})
	for i := range daySamples {
		d.regularly(i)
		for w.now < length*time.Duration(i+1)/daySamples {
			d.trouble(r)
			w.Run(time.Duration(r.ExpFloat64() * float64(20*time.Second)))
		}
		d.sample()
	}
	w.mend()
	w.Run(forgotten)
	d.sum()
	return d
}

// ends are the ways to lose the servers of a day. One that is neither up nor down
// for hours is left out: each change may be said to all, and more HELLOs than one
// each half interval are what Checks take for too many.
// Each third has six: what one leaves behind fades within it.
var ends = [6]Mode{ServerLies, ServerOff, ServerRefuses, ServerFails, ServerOff, ServerRefuses}

// regularly does what the thirds must have equal shares of, or they could not be
// compared: an outage, each time of another kind, and a LAN in two halves.
func (d *Day) regularly(i int) {
	w := d.World
	for _, s := range w.servers {
		w.Set(s, ServerUp)
		if i%4 == 3 {
			w.Set(s, ends[i/4%len(ends)])
		}
	}
	w.Heal()
	if i%6 == 1 {
		w.Partition(w.hosts[:len(w.hosts)/2], w.hosts[len(w.hosts)/2:])
	}
}

// trouble is that a host comes or goes, or, less often, that one of those that
// stay sleeps until the next trouble.
func (d *Day) trouble(r *rand.Rand) {
	w := d.World
	for _, h := range w.hosts[:dayStay] {
		if h.asleep {
			w.Awake(h)
		}
	}
	if r.IntN(10) > 0 {
		d.comeOrGo(w.hosts[dayStay+r.IntN(len(w.hosts)-dayStay)], r)
	} else {
		w.Sleep(w.hosts[r.IntN(dayStay)])
	}
}

// comeOrGo starts a host that is off as a new one, and ends one that is on. What
// it said is recorded at times, and heard once more when it is long gone.
func (d *Day) comeOrGo(h *Host, r *rand.Rand) {
	w := d.World
	switch {
	case !h.up:
		h.self.ID = r.Uint64()
		w.Reboot(h)
	case r.IntN(2) == 0:
		w.Stop(h)
		d.Left++
	default:
		w.Kill(h)
		d.Left++
	}
	if w.tape == nil {
		w.Record()
	} else if w.now-w.tape.began > 10*time.Minute {
		w.Replay()
	}
}

// sample adds up the tables of the hosts that stay, and what their drivers wait
// for.
func (d *Day) sample() {
	sum := Tables{Items: map[string]int{}}
	for _, h := range d.World.hosts[:dayStay] {
		t := tables(h.node)
		for table, n := range t.Items {
			if !strings.HasSuffix(table, ".free") { // free places of a table, which is counted itself
				sum.Items[table] += n
			}
		}
		sum.Bytes += t.Bytes
		sum.Items["driver: queries"] += len(h.seen)
		sum.Items["driver: questions"] += len(h.asks)
		sum.Items["driver: pulls"] += len(h.pulls)
	}
	sum.Items["KiB in all"] = sum.Bytes / 1024
	d.samples = append(d.samples, sum)
}

// sum makes the rows.
func (d *Day) sum() {
	names := map[string]bool{}
	for _, s := range d.samples {
		for name := range s.Items {
			names[name] = true
		}
	}
	for name := range names {
		g := Growth{Table: name}
		third := len(d.samples) / 3
		var errs [3]float64
		for i, mean := range []*float64{&g.First, &g.Middle, &g.Last} {
			var squares float64
			for _, s := range d.samples[i*third : (i+1)*third] {
				n := float64(s.Items[name])
				*mean += n / float64(third)
				squares += n * n / float64(third)
				g.Most = max(g.Most, s.Items[name])
			}
			errs[i] = (squares - *mean**mean) / float64(third)
		}
		g.Chance = math.Sqrt(max(errs[1]+errs[2], 0))
		d.Rows = append(d.Rows, g)
	}
	slices.SortFunc(d.Rows, func(a, b Growth) int {
		return cmp.Or(cmp.Compare(b.Last-b.Middle, a.Last-a.Middle), cmp.Compare(a.Table, b.Table))
	})
}

// Grew reports whether the table holds more in the last third of the day than in
// the middle third, by more than a tenth, eight things on each host that stays, and
// what three standard errors leave to chance. A leak of one thing for each host that
// left is ten times that in three hours.
func (g Growth) Grew() bool { return g.Last > g.Middle*1.1+8*dayStay+3*g.Chance }

// Err is nil if nothing grew, those that left are forgotten, and every other
// promise was kept.
func (d *Day) Err() error {
	w := d.World
	errs := []error{w.Checks.Err()}
	for _, g := range d.Rows {
		if g.Grew() {
			errs = append(errs, fmt.Errorf("%s grew: %.1f on average in the first third of %.3g hours, %.1f in the middle, %.1f in the last",
				g.Table, g.First, d.Hours, g.Middle, g.Last))
		}
	}
	for _, h := range w.hosts[:dayStay] {
		if s := h.Status(w); s.Peers != len(w.hosts)-1 {
			errs = append(errs, fmt.Errorf("%s knows %d peers %v after the last host came; want %d", h.Name, s.Peers, forgotten, len(w.hosts)-1))
		}
	}
	return errors.Join(errs...)
}

// String is the table of what grew most.
func (d *Day) String() string {
	text := fmt.Sprintf("%-34s %10s %10s %10s %8s\n", fmt.Sprintf("%.3g hours, %d left", d.Hours, d.Left), "first", "middle", "last third", "most")
	for _, g := range d.Rows {
		text += fmt.Sprintf("%-34s %10.1f %10.1f %10.1f %8d\n", g.Table, g.First, g.Middle, g.Last, g.Most)
	}
	return text
}
