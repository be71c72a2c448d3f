package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"mcdns/test/sim"
	"mcdns/test/sim/figures"
)

// models are the rivals, which are told of every lookup of a case.
type models struct {
	of       []rival
	tallies  []tally            // of the work before the outage
	answered map[string]float64 // in the outage
	branches []*models
}

func newModels(hosts int, names *sim.Names) *models {
	c := crowd{Hosts: hosts, Names: names.Len(), TTL: names.TTL}
	return &models{of: []rival{newAlone(c), newEveryone(c), newHome(c, 3), newChord(c)}}
}

// Asked passes a lookup on.
func (m *models) Asked(at time.Duration, host, name int) {
	for _, r := range m.of {
		r.Asked(at, host, name)
	}
}

// Work begins what is measured.
func (m *models) Work() {
	for _, r := range m.of {
		r.Reset()
	}
}

// Outage begins one.
func (m *models) Outage(dead []bool) {
	for _, r := range m.of {
		m.tallies = append(m.tallies, *r.Sum())
		r.Reset()
		r.Outage(dead)
	}
}

// Over ends it.
func (m *models) Over() {
	m.answered = map[string]float64{}
	for _, r := range m.of {
		m.answered[r.Sum().Name] = r.Sum().Answered()
	}
}

// Branch is a copy that goes its own way.
func (m *models) Branch() figures.Beside {
	b := &models{}
	for _, r := range m.of {
		b.of = append(b.of, r.Branch())
	}
	m.branches = append(m.branches, b)
	return b
}

// A work is what a rival did with the lookups of a case.
type work struct {
	Name        string         `json:"name"`
	Ratio       float64        `json:"upstream_ratio"` // against one ideal cache
	LocalHits   float64        `json:"local_hits"`
	LANHits     float64        `json:"lan_hits"`
	MeanMS      float64        `json:"mean_ms"`
	PerLookup   float64        `json:"datagrams_per_lookup"`
	BytesLookup float64        `json:"bytes_per_lookup"`
	Received    float64        `json:"received_per_host_second"`
	Held        figures.Spread `json:"records_held_per_host"`
	Served      figures.Spread `json:"answers_served_per_host"`
	Hops        []float64      `json:"hops"`
}

// An outage is what the rivals answered while the server was down.
type outage struct {
	Dead     float64            `json:"dead"`
	Answered map[string]float64 `json:"answered"`
}

// compare runs a case of the simulator with the models beside it.
func compare(c figures.Case) comparison {
	var root *models
	c.Beside = func(hosts int, names *sim.Names) figures.Beside {
		root = newModels(hosts, names)
		return root
	}
	out := comparison{Mcdns: c.Run(os.Stderr, false)}
	for i := range root.tallies {
		out.Rivals = append(out.Rivals, workOf(&root.tallies[i], c, out.Mcdns.Work.Central))
	}
	for i, m := range append(root.branches, root) {
		out.Outages = append(out.Outages, outage{out.Mcdns.Outages[i].Dead, m.answered})
	}
	return out
}

func workOf(s *tally, c figures.Case, central uint64) work {
	n := max(float64(s.Lookups), 1)
	out := work{
		Name: s.Name, Ratio: float64(s.Servers) / max(float64(central), 1), LocalHits: float64(s.Local) / n,
		LANHits: float64(s.LAN) / n, MeanMS: s.Took.Seconds() * 1000 / n,
		PerLookup: float64(s.Unicast+s.Multicast) / n, BytesLookup: float64(s.Bytes) / n,
		Received: float64(s.Received) / float64(c.Hosts) / c.Measure.Seconds(),
		Held:     figures.SpreadOf(s.Held), Served: figures.SpreadOf(s.Served),
	}
	for _, h := range s.Hops {
		out.Hops = append(out.Hops, float64(h)/n)
	}
	return out
}

func (c comparison) summary() string {
	var b strings.Builder
	w := c.Mcdns.Work
	row := "%-30s %5.1f %% local, upstream %.2fx, %.2f datagrams and %.0f bytes a lookup, %.2f received, %.2f ms\n"
	fmt.Fprintf(&b, "%s, digest %s\n  "+row, c.Mcdns.Name, c.Mcdns.Digest, "mcdns", w.LocalHits*100, w.Ratio+w.Extra, w.PerLookup, w.BytesLookup, w.Received, w.MeanMS)
	for _, r := range c.Rivals {
		fmt.Fprintf(&b, "  "+row, r.Name, r.LocalHits*100, r.Ratio, r.PerLookup, r.BytesLookup, r.Received, r.MeanMS)
	}
	for i, o := range c.Outages {
		fmt.Fprintf(&b, "  outage, %.0f %% dead: mcdns answered %.4f", o.Dead*100, c.Mcdns.Outages[i].Answered)
		for _, r := range c.Rivals {
			fmt.Fprintf(&b, ", %s %.4f", r.Name, o.Answered[r.Name])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// chordSlashdot is Chord in the slashdot test.
type chordSlashdot struct {
	Served figures.Spread `json:"answers_served_per_host"`
	Until  uint64         `json:"lookups_until_all_have_it"`
}

// oneName is Chord with one name that everybody wants.
type oneName struct {
	*chord
	hosts    int
	n, until uint64
}

// Asked counts, and looks at each hundredth lookup whether all have the name.
func (o *oneName) Asked(at time.Duration, host, name int) {
	o.chord.Asked(at, host, name)
	if o.n++; o.until > 0 || o.n%100 != 0 {
		return
	}
	have := 0
	for _, h := range o.Sum().Held {
		have += h
	}
	if have >= o.hosts {
		o.until = o.n
	}
}

func (o *oneName) Work()                  {}
func (o *oneName) Over()                  {}
func (o *oneName) Branch() figures.Beside { panic("the slashdot test has no branches") }

// slashdot plays the test with Chord beside it.
func slashdot(quick bool, seed uint64) (figures.Slashdot, chordSlashdot, error) {
	var ring *oneName
	set := figures.Set{Quick: quick, Seed: seed, Stderr: io.Discard}
	set.Beside = func(hosts int, names *sim.Names) figures.Beside {
		ring = &oneName{chord: newChord(crowd{Hosts: hosts, Names: names.Len(), TTL: names.TTL}).(*chord), hosts: hosts}
		return ring
	}
	got, err := set.One("slashdot", sim.Cores(), false)
	if err != nil {
		return figures.Slashdot{}, chordSlashdot{}, err
	}
	return got.(figures.Slashdot), chordSlashdot{figures.SpreadOf(ring.Sum().Served), ring.until}, nil
}

func (c chordSlashdot) summary(s figures.Slashdot) string {
	return fmt.Sprintf("slashdot: %d hosts, every host had it after %d lookups; with Chord after %d, its busiest node served %.0f\n",
		s.Hosts, s.UntilAllHave, c.Until, c.Served.Max)
}
