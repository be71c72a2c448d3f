package figures

import (
	"fmt"
	"runtime"
	"slices"
	"time"

	"mcdns/gocore/node"
	"mcdns/test/sim"
)

// A Case is a size and a loss, worked for a while and then put through
// outages, each branched from the same warm state.
type Case struct {
	Hosts              int
	Loss               float64
	Warm, Measure, Out time.Duration
	Dead               []float64 // shares of the hosts; 0 last: it ends the warm world
	Single             bool      // IPv6 alone
	// Families asks for both addresses of each name at once, and has the hosts fetch
	// ahead; else programs want IPv4 addresses alone, and there is nothing ahead.
	Families bool
	Demand   sim.Demand
	Mix      sim.Mix
	Cores    int
	Seed     uint64
	Beside   NewBeside
}

// Name is what the case is called in reports and on the command line.
func (c Case) Name() string {
	name := fmt.Sprintf("%d-hosts-%g%%-loss", c.Hosts, c.Loss*100)
	if c.Families {
		name += "-both-families"
	}
	return name
}

// A Result is what a case came to.
type Result struct {
	Name    string   `json:"name"`
	Hosts   int      `json:"hosts"`
	Loss    float64  `json:"loss"`
	Both    bool     `json:"both_families"`
	Work    Work     `json:"work"`
	Outages []Outage `json:"outages"`
	Cost    Cost     `json:"cost"`
	// Digest stands for everything that happened.
	Digest string `json:"digest"`
	Faults string `json:"faults,omitempty"`
}

// Work is normal operation, measured.
type Work struct {
	Hours       float64 `json:"hours"`
	Lookups     uint64  `json:"lookups"`
	Fetches     uint64  `json:"upstream_for_lookups"`
	Refreshes   uint64  `json:"upstream_refreshes"`
	Probes      uint64  `json:"upstream_probes"`
	Ahead       uint64  `json:"upstream_ahead"`
	Central     uint64  `json:"central_cache"`
	Ratio       float64 `json:"upstream_ratio"`
	Extra       float64 `json:"extra_ratio"`
	LocalHits   float64 `json:"local_hits"`
	Stale       uint64  `json:"stale"`
	Failed      uint64  `json:"failed"`
	MeanMS      float64 `json:"mean_ms"`
	MedianMS    float64 `json:"median_ms"`
	P99MS       float64 `json:"p99_ms"`
	PerLookup   float64 `json:"datagrams_per_lookup"`
	BytesLookup float64 `json:"bytes_per_lookup"` // of datagrams and streams
	Received    float64 `json:"received_per_host_second"`
	Control     float64 `json:"control_sent_per_host_second"`
	// ControlIn is what of it reaches a host.
	ControlIn   float64 `json:"control_received_per_host_second"`
	Unicast     float64 `json:"unicast_per_host_second"`
	Pulls       float64 `json:"streams_per_second"`
	StreamBytes float64 `json:"stream_bytes_per_lookup"`
	Kinds       Kinds   `json:"kinds_per_second"`
	Held        Spread  `json:"answers_held_per_host"`
	Sent        Spread  `json:"datagrams_sent_per_host"`
	// Latency is the share of lookups over within so many milliseconds.
	Latency []Within `json:"latency"`
}

// Within is a share of lookups and what they took at most.
type Within struct {
	Share float64 `json:"share"`
	MS    float64 `json:"ms"`
}

// Kinds is datagrams a second of each kind, the whole group.
type Kinds map[string]float64

// Spread is how unevenly something lies on the hosts.
type Spread struct {
	Median float64 `json:"median"`
	Max    float64 `json:"max"`
	Min    float64 `json:"min"`
}

// Outage is one outage, hour by hour.
type Outage struct {
	Dead     float64 `json:"dead"`
	Hours    []Hour  `json:"hours"`
	Answered float64 `json:"answered"`
	Bound    float64 `json:"ever_had"`
	OfBound  float64 `json:"answered_of_ever_had"`
	MedianMS float64 `json:"median_ms"`
	P99MS    float64 `json:"p99_ms"`
	WorstMS  float64 `json:"worst_ms"`
	Received float64 `json:"received_per_host_second"`
	DownMS   float64 `json:"all_know_after_ms"`
	Waited   uint64  `json:"lookups_over_100ms_in_first_minute"`
	Back     float64 `json:"all_back_after_s"`
	Kinds    Kinds   `json:"kinds_per_second"`
	CostS    float64 `json:"processor_s"`
	ElapsedS float64 `json:"elapsed_s"`
	// Busy is how many hosts had something under way when the world was branched:
	// that is lost in the branches.
	Busy   int    `json:"busy_at_branch"`
	Faults string `json:"faults,omitempty"`
}

// Hour counts lookups of an hour of an outage.
type Hour struct {
	Lookups, Answered, Bound uint64
}

// meter listens to a world's load.
type meter struct {
	ideal  ideal
	beside Beside // nil: nothing
	had    []bool // names that some host got from a server
	out    bool   // an outage
	began  time.Duration
	hours  []Hour
	waited uint64
	slow   time.Duration
}

// Asked passes a lookup on.
func (m *meter) Asked(at time.Duration, host, name int) {
	m.ideal.asked(at, name)
	if m.beside != nil {
		m.beside.Asked(at, host, name)
	}
}

// Answered counts it.
func (m *meter) Answered(o sim.Outcome) {
	if !m.out {
		m.had[o.Tag] = m.had[o.Tag] || o.Result.Answer != nil
		return
	}
	since := o.At - m.began
	for len(m.hours) <= int(since/time.Hour) {
		m.hours = append(m.hours, Hour{})
	}
	h := &m.hours[max(0, int(since/time.Hour))]
	h.Lookups++
	if m.had[o.Tag] {
		h.Bound++
		if o.Result.Answer != nil {
			h.Answered++
		}
	}
	if since < time.Minute && o.Took > 100*time.Millisecond {
		m.waited++
	}
}

// branch is what listens to a branch of the world.
func (m *meter) branch() *meter {
	b := &meter{had: slices.Clone(m.had), ideal: m.ideal.clone()}
	if m.beside != nil {
		b.beside = m.beside.Branch()
	}
	return b
}

// alone reports whether the case has all cores to itself in the set: what so many
// hosts take is promised for two.
func (c Case) alone() bool { return c.Hosts >= 1000 }

// sealedUpTo hosts seal their datagrams in earnest; beyond, sealing and opening are
// counted only.
const sealedUpTo = 100

// run works the case off.
func (c Case) run(p *progress) Result {
	runtime.LockOSThread() // processorTime is that of a thread
	defer runtime.UnlockOSThread()
	began, start := processTime(), time.Now()
	c.Mix.Families, c.Demand.Families = c.Families, c.Families
	zone := sim.NewMix(c.Mix)
	zone.Fill()
	empty := heap()
	w := sim.New(sim.Options{
		Seed: c.Seed, Hosts: c.Hosts, Loss: c.Loss, Single: c.Single, Zone: zone, Cores: c.Cores, Stopwatch: processorTime,
		Settings: node.Settings{FetchAhead: c.Families},
		Sealed:   c.Hosts <= sealedUpTo, Watch: min(c.Hosts, 4), Start: 2 * time.Second,
	})
	w.Checks.Replay = c.replay()
	w.Load(c.Demand)
	m := &meter{had: make([]bool, zone.Len()), ideal: newIdeal(zone), beside: c.Beside.make(c.Hosts, zone)}
	w.Listen(m)
	res := Result{Name: c.Name(), Hosts: c.Hosts, Loss: c.Loss, Both: c.Families}
	p.run(w, c.Warm, "warm up")
	res.Cost.WarmHours, res.Cost.WarmS = c.Warm.Hours(), (processTime() - began).Seconds()
	before, cost := snapshot(w), costs(w)
	m.ideal.questions = 0
	if m.beside != nil {
		m.beside.Work()
	}
	p.run(w, c.Measure, "work")
	res.Cost.work(w, c, cost)
	res.Cost.WorkS = (processTime() - began).Seconds() - res.Cost.WarmS
	res.Cost.ElapsedS = time.Since(start).Seconds()
	res.Work = c.work(w, before, m)
	res.Cost.memory(w, empty)
	res.Outages = c.outages(w, m, p)
	res.Faults, res.Digest = faults(w), fmt.Sprintf("%016x", w.Digest())
	res.Cost.AllS = (processTime() - began).Seconds()
	w.Close()
	return res
}

// replay is the command that runs the case again, wherever its parameters are from.
func (c Case) replay() string {
	return fmt.Sprintf("go run ./test/sim/cmd/mcdns-sim -seed %d -scenario case -hosts %d -loss %g -warm %v -measure %v -outage %v -ipv6=%v -families=%v",
		c.Seed, c.Hosts, c.Loss, c.Warm, c.Measure, c.Out, c.Single, c.Families)
}

func faults(w *sim.World) string {
	if err := w.Checks.Err(); err != nil {
		return err.Error()
	}
	return ""
}

// outages branches the warm world into each share of dead hosts: they die at the
// moment when the server does, the others go on with all they had. The last share is
// the world itself, so that there are never more than two.
func (c Case) outages(w *sim.World, m *meter, p *progress) []Outage {
	var out []Outage
	busy := w.Settle(time.Minute)
	for i, dead := range c.Dead {
		b, mine := w, m
		if i < len(c.Dead)-1 || dead > 0 {
			b = w.Branch(func(h int) bool { return !deadHost(h, c.Hosts, dead) })
			mine = m.branch()
			b.Listen(mine)
		}
		o := c.outage(b, mine, dead, p)
		o.Busy = busy
		out = append(out, o)
		b.Close()
	}
	return out
}

// deadHost spreads the dead evenly.
func deadHost(h, hosts int, share float64) bool {
	return int(float64(h+1)*share) > int(float64(h)*share)
}

// outage kills the server, and looks.
func (c Case) outage(w *sim.World, m *meter, share float64, p *progress) Outage {
	dead := make([]bool, c.Hosts)
	for i := range dead {
		dead[i] = deadHost(i, c.Hosts, share)
	}
	if m.beside != nil {
		m.beside.Outage(dead)
	}
	before := snapshot(w)
	w.Tally.Took.Max = 0 // the worst of the outage
	m.out, m.began = true, w.Now()
	w.Resume()
	w.Set(w.Server(0), sim.ServerOff)
	began, start := processTime(), time.Now()
	o := Outage{Dead: share, DownMS: ms(until(w, 5*time.Minute, w.AllDown))}
	p.run(w, c.Out-(w.Now()-m.began), fmt.Sprintf("outage, %.0f %% dead", share*100))
	after := snapshot(w).minus(before)
	if m.beside != nil {
		m.beside.Over()
	}
	o.Hours, o.Waited = m.hours, m.waited
	o.sum(m)
	o.Kinds = after.kinds()
	o.MedianMS, o.P99MS, o.WorstMS = ms(after.took.At(.5)), ms(after.took.At(.99)), ms(after.took.Max)
	living := 0
	for _, d := range dead {
		if !d {
			living++
		}
	}
	o.Received = float64(after.received) / float64(living) / c.Out.Seconds()
	w.Set(w.Server(0), sim.ServerUp)
	o.Back = until(w, 10*time.Minute, w.AllUp).Seconds()
	o.CostS, o.ElapsedS = (processTime() - began).Seconds(), time.Since(start).Seconds()
	o.Faults = faults(w)
	return o
}

func (o *Outage) sum(m *meter) {
	var all Hour
	for _, h := range o.Hours {
		all.Lookups += h.Lookups
		all.Answered += h.Answered
		all.Bound += h.Bound
	}
	n := max(float64(all.Lookups), 1)
	o.Answered, o.Bound = float64(all.Answered)/n, float64(all.Bound)/n
	o.OfBound = float64(all.Answered) / max(float64(all.Bound), 1)
}

// until lets time pass in small steps until something is so.
func until(w *sim.World, most time.Duration, so func() bool) time.Duration {
	began := w.Now()
	for !so() && w.Now()-began < most {
		w.Run(50 * time.Millisecond)
	}
	return w.Now() - began
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
