package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Hostile is a group whose link was recorded over many starts of its hosts, by
// somebody without the key, who then plays everything to hosts that start anew: the
// zone is renumbered meanwhile, and the server slow. This file uses of the package
// what it had in the version that the attacks were found in, and is built with that
// one too (test/attack/before.sh).
type Hostile struct {
	Seed   uint64
	Hosts  int
	Starts int           // that were recorded
	State  bool          // the hosts kept what they had saved
	After  time.Duration // from the last start to the attack
	Attack bool
}

// Impression is what programs and users of the hosts see.
type Impression struct {
	Lookups map[string]string // phase, host and name: what was answered
	Groups  []string          // of each host: how many peers it says it has
	Bytes   uint64            // sent from the last start on, by datagram
	Epochs  int               // on the tape
}

const hostileNames = 120

// typeA is dns.TypeA: the version before has no gocore/dns.
const typeA = 1

// Run lets it happen.
func (c Hostile) Run() (Impression, error) {
	zone, err := NewRecords(hostileZone("192.0.2"))
	if err != nil {
		return Impression{}, err
	}
	w := New(Options{Seed: c.Seed, Hosts: c.Hosts, Disks: c.State, Start: 2 * time.Second, Zone: zone, Cores: 1})
	defer w.Close()
	w.Record()
	for range c.Starts {
		w.Run(6 * time.Second)
		for i := range hostileNames {
			w.Lookup(w.hosts[i%c.Hosts], Ask(hostileName(i), typeA), 0)
		}
		w.Run(4 * time.Second)
		c.startAnew(w)
	}
	if err := zone.Add(hostileZone("198.51.100")); err != nil {
		return Impression{}, err
	}
	w.Slow(w.servers[0], 400*time.Millisecond)
	tape, before := w.tape, *w.Tally
	w.tape = nil
	seen := &impressions{lookups: map[string]string{}}
	w.Listen(seen)
	w.Run(c.After)
	if c.Attack {
		w.playAll(tape, 5*time.Second)
	}
	c.look(w, seen)
	_, _, was := before.Datagrams()
	_, _, is := w.Tally.Datagrams()
	return Impression{Lookups: seen.lookups, Groups: seen.groups, Bytes: is - was, Epochs: c.Hosts * (c.Starts + 1)}, nil
}

func (c Hostile) startAnew(w *World) {
	for _, h := range w.hosts {
		w.Stop(h)
	}
	for _, h := range w.hosts {
		w.Start(h)
	}
}

// look asks for every name while the server works, each on one host, and in the
// outage after that on another one; half of the hosts are dead by then.
func (c Hostile) look(w *World, seen *impressions) {
	seen.phase = "up"
	for i := range hostileNames {
		w.Lookup(w.hosts[2*i%c.Hosts], Ask(hostileName(i), typeA), 0)
		w.Run(20 * time.Millisecond)
	}
	w.Run(time.Minute)
	for _, h := range w.hosts {
		seen.groups = append(seen.groups, fmt.Sprint(h.Status(w).Group)) // a text in the version before
	}
	w.Set(w.servers[0], ServerOff)
	for i, h := range w.hosts {
		if i%2 == 0 {
			w.Kill(h)
		}
	}
	w.Lookup(w.hosts[1], Ask("unheard-of.example", typeA), 0)
	w.Run(10 * time.Second)
	seen.phase = "down"
	for i := range hostileNames {
		w.Lookup(w.hosts[(2*i+1)%c.Hosts], Ask(hostileName(i), typeA), 0)
		w.Run(20 * time.Millisecond)
	}
	w.Run(10 * time.Second)
}

// playAll sends everything on a tape once more, evenly over a time.
func (w *World) playAll(t *tape, over time.Duration) {
	for i, r := range t.heard {
		d := *r.d
		d.again = true
		w.release(w.now+over*time.Duration(i)/time.Duration(len(t.heard)), &d)
	}
}

func hostileName(i int) string { return fmt.Sprintf("name%d.example", i) }

func hostileZone(net string) string {
	var b strings.Builder
	for i := range hostileNames {
		fmt.Fprintf(&b, "%s. 3600 A %s.%d\n", hostileName(i), net, i+1)
	}
	return b.String()
}

// impressions takes note of what programs are told.
type impressions struct {
	phase   string
	lookups map[string]string
	groups  []string
}

func (*impressions) Asked(time.Duration, int, int) {}

func (s *impressions) Answered(o Outcome) {
	if o.Result.Answer == nil {
		s.lookups[s.phase+" "+o.Host.Name+" nobody"] += "+"
		return
	}
	what := s.phase + " " + o.Host.Name + " " + o.Result.Answer.Question.Name
	v, err := o.Result.Answer.View()
	if err != nil {
		s.lookups[what] = err.Error()
		return
	}
	var all []string
	for _, addr := range v.Addrs {
		all = append(all, addr.String())
	}
	slices.Sort(all)
	s.lookups[what] = strings.Join(all, " ")
}
