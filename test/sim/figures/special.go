package figures

import (
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
	"mcdns/test/sim"
)

// Flash is what happens when the popularity of all names is turned around, as
// CoDoNS did at its sixth hour.
type Flash struct {
	Hosts  int     `json:"hosts"`
	At     float64 `json:"reversed_after_minutes"`
	Points []Point `json:"points"`
	Faults string  `json:"faults,omitempty"`
}

// Point is ten minutes of it.
type Point struct {
	Minute   float64 `json:"minute"`
	MeanMS   float64 `json:"mean_ms"`
	MedianMS float64 `json:"median_ms"`
	Hits     float64 `json:"local_hits"`
	Asked    float64 `json:"upstream_per_lookup"`
	Received float64 `json:"received_per_host_second"`
}

func (s Set) flash(hosts int, before, after time.Duration, p *progress) Flash {
	w := s.world(flashName, sim.Options{Seed: s.Seed + 5, Hosts: hosts, Sealed: true, Watch: 2, Start: 2 * time.Second})
	defer w.Close()
	w.Load(sim.Demand{})
	f := Flash{Hosts: hosts, At: before.Minutes()}
	was := snapshot(w)
	for w.Now() < before+after {
		if w.Now() == before {
			w.Load(sim.Demand{Reverse: true})
		}
		p.run(w, 10*time.Minute, "flash crowd")
		d := snapshot(w).minus(was)
		was = snapshot(w)
		n := max(float64(d.lookups), 1)
		f.Points = append(f.Points, Point{
			Minute: w.Now().Minutes(), MeanMS: ms(d.took.Mean()), MedianMS: ms(d.took.At(.5)), Hits: float64(d.tally.Local()) / n,
			Asked: float64(d.asked[0]) / n, Received: float64(d.received) / float64(hosts) / d.at,
		})
	}
	f.Faults = faults(w)
	return f
}

// world makes the world of a part that is no case.
func (s Set) world(name string, opt sim.Options) *sim.World {
	w := sim.New(opt)
	w.Checks.Replay = fmt.Sprintf("go run ./test/sim/cmd/mcdns-sim -seed %d -quick=%v -scenario %s", s.Seed, s.Quick, name)
	return w
}

// Slashdot is one name asked for a hundred thousand times, as in DDNS.
type Slashdot struct {
	Hosts        int    `json:"hosts"`
	Lookups      uint64 `json:"lookups"`
	Asked        uint64 `json:"upstream"`
	Datagrams    uint64 `json:"datagrams_for_it"`
	MaxPerHost   uint64 `json:"most_announced_by_one_host"`
	UntilAllHave uint64 `json:"lookups_until_all_have_it"`
	Faults       string `json:"faults,omitempty"`
}

func (s Set) slashdot(hosts int, fetches uint64, p *progress) Slashdot {
	zone := sim.NewMix(sim.Mix{Count: 10, FixedTTL: 24 * time.Hour})
	w := s.world(slashdotName, sim.Options{Seed: s.Seed + 6, Hosts: hosts, Single: true, Zone: zone, Watch: 1, Start: 2 * time.Second})
	defer w.Close()
	p.run(w, time.Minute, "group forms")
	w.Load(sim.Demand{PerHour: 3600 * 2, Hot: 1, HotName: 3})
	out := Slashdot{Hosts: hosts}
	m := &counter{beside: s.Beside.make(hosts, zone)}
	w.Listen(m)
	before := snapshot(w)
	q := zone.Question(3)
	for out.UntilAllHave == 0 { // looked at at each hundredth lookup
		w.RunUntil(func() bool { return m.n%100 == 0 }, w.Now()+time.Second)
		if everybodyHolds(w, q) {
			out.UntilAllHave = max(m.n, 1)
		}
		w.Run(20 * time.Millisecond)
	}
	for m.n < fetches {
		p.run(w, time.Second, "slashdot test")
	}
	d := snapshot(w).minus(before)
	out.Lookups, out.Asked, out.Datagrams = d.lookups, d.asked[0]+d.asked[1], d.tally.Group[wire.KindAnnounce]
	for _, h := range w.Hosts() {
		out.MaxPerHost = max(out.MaxPerHost, h.Announced())
	}
	out.Faults = faults(w)
	return out
}

func everybodyHolds(w *sim.World, q dns.Question) bool {
	for _, h := range w.Hosts() {
		if _, ok := h.Entry(w, q); !ok {
			return false
		}
	}
	return true
}

// counter counts lookups.
type counter struct {
	n      uint64
	beside Beside // nil: nothing
}

func (c *counter) Asked(at time.Duration, host, name int) {
	c.n++
	if c.beside != nil {
		c.beside.Asked(at, host, name)
	}
}

func (c *counter) Answered(sim.Outcome) {}

// Propagation is how long a change takes from the first host that fetches it
// to the others.
type Propagation struct {
	Hosts    int     `json:"hosts"`
	Changes  int     `json:"changes"`
	MedianMS float64 `json:"median_ms_to_98_percent"`
	WorstMS  float64 `json:"worst_ms_to_98_percent"`
	Faults   string  `json:"faults,omitempty"`
}

func (s Set) propagation(hosts int, p *progress) Propagation {
	zone := sim.NewMix(sim.Mix{Count: 40, FixedTTL: 30 * time.Second})
	w := s.world(propagationName, sim.Options{Seed: s.Seed + 7, Hosts: hosts, Sealed: true, Zone: zone, Watch: 1, Start: 2 * time.Second})
	defer w.Close()
	p.run(w, time.Minute, "group forms")
	var took []time.Duration
	for i := range 40 {
		w.Lookup(w.Hosts()[0], zone.Question(i), 0)
		w.Run(31 * time.Second)
		zone.Change(i)
		w.Lookup(w.Hosts()[i%hosts], zone.Question(i), 0)
		w.Run(20 * time.Millisecond) // the reply has come
		fetched := w.Now()
		for holders(w, i, zone) < (98*hosts+99)/100 && w.Now()-fetched < 10*time.Second {
			w.Run(time.Millisecond)
		}
		took = append(took, w.Now()-fetched)
	}
	slices.Sort(took)
	return Propagation{Hosts: hosts, Changes: len(took), MedianMS: ms(took[len(took)/2]), WorstMS: ms(took[len(took)-1]), Faults: faults(w)}
}

// holders counts the hosts that hold the newest data of a name.
func holders(w *sim.World, i int, zone *sim.Names) int {
	q, n := zone.Question(i), 0
	for _, h := range w.Hosts() {
		if e, ok := h.Entry(w, q); ok && e.Answer.SameData(zone.Answer(q, 0)) {
			n++
		}
	}
	return n
}

// Huge is a group of ten thousand: it starts, learns, loses its server, and
// answers.
type Huge struct {
	Hosts    int     `json:"hosts"`
	Names    int     `json:"names"`
	Answered float64 `json:"answered"`
	Peers    Spread  `json:"peers_known"`
	PerHost  uint64  `json:"bytes_per_host"`
	Received float64 `json:"received_per_host_second"`
	TookS    float64 `json:"took_s"`
	Faults   string  `json:"faults,omitempty"`
}

func (s Set) huge(hosts, names int, p *progress) Huge {
	debug.SetGCPercent(50)         // most of it lives as long as the run
	debug.SetMemoryLimit(13 << 30) // beside 1.6 of another part
	start := time.Now()
	zone := sim.NewMix(sim.Mix{Count: names, FixedTTL: 10 * time.Minute})
	w := s.world(hugeName, sim.Options{
		Seed: s.Seed + 8, Hosts: hosts, Single: true, Zone: zone, Watch: 1, Start: 10 * time.Minute,
	})
	defer w.Close()
	p.run(w, 12*time.Minute, "hosts start")
	m := &meter{had: make([]bool, zone.Len())}
	w.Load(sim.Demand{PerHour: 2})
	w.Listen(m)
	before := snapshot(w)
	p.run(w, 10*time.Minute, "learn")
	w.Set(w.Server(0), sim.ServerOff)
	m.out, m.began = true, w.Now()
	p.run(w, 15*time.Minute, "outage")
	var o Outage
	o.Hours = m.hours
	o.sum(&meter{})
	d := snapshot(w).minus(before)
	h := Huge{Hosts: hosts, Names: names, Answered: o.OfBound, Faults: faults(w)}
	h.Received = float64(d.received) / float64(hosts) / d.at
	var peers []float64
	for _, host := range w.Hosts() {
		peers = append(peers, float64(host.Status(w).Peers))
	}
	h.Peers, h.TookS = spread(peers), time.Since(start).Seconds()
	h.PerHost = uint64(heap()) / uint64(hosts)
	return h
}
