package sim

import (
	"fmt"
	"time"
)

// Boot is a group all of whose hosts start in one second, as after a power cut. Like
// Hostile it is built with the version before, too.
type Boot struct {
	Seed  uint64
	Hosts int
	State bool // the hosts hold what they had saved
}

// Booted is what a start came to.
type Booted struct {
	Peak      uint64        `json:"peak"`      // datagrams in the second that had most
	Datagrams uint64        `json:"datagrams"` // in the first minute
	Proven    time.Duration `json:"proven"`    // until every host has proven every other; a minute if not all have
	Lost      int           `json:"lost"`      // names that are not found when half of the hosts and the server are gone,
	Names     int           `json:"names"`     // of so many lookups
}

const bootStep = 100 * time.Millisecond

// Run lets the hosts start, and looks what they have of each other.
func (b Boot) Run() (Booted, error) {
	zone, err := NewRecords(hostileZone("192.0.2"))
	if err != nil {
		return Booted{}, err
	}
	o := Options{Seed: b.Seed, Hosts: b.Hosts, Disks: b.State, Start: time.Second, Zone: zone, Cores: Cores(), Watch: 1}
	w := New(o)
	defer w.Close()
	if b.State {
		w.Run(90 * time.Second)
		b.learn(w)
		w.Run(30 * time.Second)
		powerCut(w)
	}
	out := b.watch(w)
	if !b.State {
		b.learn(w)
	}
	w.Run(2 * time.Minute)
	out.Lost, out.Names = b.lost(w)
	return out, nil
}

// powerCut takes the power of all at one time.
func powerCut(w *World) {
	for _, h := range w.hosts {
		h.disk.store(w, h)
		w.Kill(h)
	}
}

// learn looks every name up once.
func (b Boot) learn(w *World) {
	for i := range hostileNames {
		w.Lookup(w.hosts[i*7%b.Hosts], Ask(hostileName(i), typeA), 0)
		w.Run(20 * time.Millisecond)
	}
}

// watch lets a minute pass.
func (b Boot) watch(w *World) (out Booted) {
	out.Proven = time.Minute
	begin, all, last := w.now, sentBy(w), sentBy(w)
	if b.State {
		for _, h := range w.hosts {
			w.Reboot(h)
			w.Run(time.Second / time.Duration(b.Hosts))
		}
	}
	for w.now < begin+time.Minute {
		w.Run(bootStep)
		if out.Proven == time.Minute && w.allProven() {
			out.Proven = w.now - begin
		}
		if (w.now-begin)%time.Second == 0 {
			is := sentBy(w)
			out.Peak, last = max(out.Peak, is-last), is
		}
	}
	out.Datagrams = sentBy(w) - all
	return out
}

func sentBy(w *World) uint64 {
	group, single, _ := w.Tally.Datagrams()
	return group + single
}

func (w *World) allProven() bool {
	for _, h := range w.hosts {
		if !h.up || h.Status(w).Proven < len(w.hosts)-1 {
			return false
		}
	}
	return true
}

// lost kills the server and half of the hosts, and asks the others for everything.
func (b Boot) lost(w *World) (lost, all int) {
	seen := &impressions{lookups: map[string]string{}}
	w.Set(w.servers[0], ServerOff)
	for i, h := range w.hosts {
		if i%2 == 0 {
			w.Kill(h)
		}
	}
	w.Lookup(w.hosts[1], Ask("unheard-of.example", typeA), 0)
	w.Run(10 * time.Second)
	w.Listen(seen)
	for i := range hostileNames {
		w.Lookup(w.hosts[(2*i+1)%b.Hosts], Ask(hostileName(i), typeA), 0)
		w.Run(20 * time.Millisecond)
	}
	w.Run(10 * time.Second)
	for i := range hostileNames {
		what := fmt.Sprintf("%s %s %s.", seen.phase, w.hosts[(2*i+1)%b.Hosts].Name, hostileName(i))
		if seen.lookups[what] == "" {
			lost++
		}
	}
	return lost, hostileNames
}
