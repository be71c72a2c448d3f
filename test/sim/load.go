package sim

import (
	"fmt"
	"math"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Demand says what the programs of all hosts ask for.
type Demand struct {
	PerHour float64 // lookups of a host (200 if 0)
	Zipf    float64 // exponent of the popularity of names (0.95 if 0)
	// Repeat is the share of lookups that ask again for one of the host's last
	// 20 names; Private that of names no other host asks for.
	Repeat, Private float64
	// Burst is how many lookups come together, as a page and what it is made of
	// do (1 if 0); the rate of lookups stays the same.
	Burst int
	// Families asks for both addresses of a name at once, as getaddrinfo does
	// (Mix.Families).
	Families bool
	// Reverse turns the popularity of names around: a flash crowd.
	Reverse bool
	// Hot sends this share of all lookups to the one name HotName.
	Hot     float64
	HotName int
	// Trace replaces all this by lookups read from a file (ReadTrace).
	Trace []Ask1
}

// Ask1 is one lookup of a trace.
type Ask1 struct {
	At         time.Duration
	Host, Name int
}

// A Load makes the hosts' programs ask, and sees what they get.
type Load struct {
	Demand Demand
	names  *Names
	zipf   *zipf
	seed   uint64
	asked  uint64 // lookups so far
	trace  int
	recent map[int][]int
	burst  int
	host   int
	on     bool
	turn   uint64 // counts the times that it was begun: each has its own events
	// Heard, if set, is told every lookup when it is made, and every outcome.
	Heard Listener
}

// A Listener watches a load.
type Listener interface {
	Asked(at time.Duration, host, name int)
	Answered(o Outcome)
}

// Load starts the demand, or changes it.
func (w *World) Load(d Demand) {
	if d.PerHour == 0 {
		d.PerHour = 200
	}
	if d.Zipf == 0 {
		d.Zipf = .95
	}
	d.Burst = max(d.Burst, 1)
	names, ok := w.zone.(*Names)
	if !ok {
		panic("a load needs a zone of numbered names")
	}
	if w.load == nil {
		w.load = &Load{}
	}
	l := w.load
	if l.names == nil {
		l.names, l.seed, l.recent = names, mix(w.opt.Seed, 77), map[int][]int{}
	}
	if l.zipf == nil || l.Demand.Zipf != d.Zipf {
		l.zipf = newZipf(names.mix.Count, d.Zipf)
	}
	l.Demand = d
	l.burst = d.Burst
	if !l.on {
		l.begin(w)
	}
}

func (l *Load) begin(w *World) {
	l.on = true
	l.turn++
	w.queue.Push(w.now, event{kind: evLookup, n: l.turn})
}

// Resume ends Quiet.
func (w *World) Resume() {
	if w.load != nil && !w.load.on {
		w.load.begin(w)
	}
}

// Listen has every lookup of the load told to a listener.
func (w *World) Listen(to Listener) {
	if w.load == nil {
		w.load = &Load{}
	}
	w.load.Heard = to
}

// Quiet ends the load.
func (w *World) Quiet() {
	if w.load != nil {
		w.load.on = false
	}
}

// next makes one lookup and schedules the one after it.
func (l *Load) next(w *World, turn uint64) {
	if !l.on || turn != l.turn {
		return
	}
	if l.Demand.Trace != nil {
		l.replay(w)
		return
	}
	l.asked++
	h, name := l.draw(len(w.hosts))
	l.lookup(w, h, name)
	if l.Demand.Families {
		l.lookup(w, h, name+l.names.mix.Count)
	}
	after := 30 * time.Millisecond // within a burst
	if l.burst--; l.burst <= 0 {
		l.burst = l.Demand.Burst
		mean := float64(time.Hour) / l.Demand.PerHour / float64(len(w.hosts)) * float64(l.Demand.Burst)
		after = time.Duration(-math.Log(1-chance(l.seed, 11, l.asked)) * mean)
	}
	w.queue.Push(w.now+after, event{kind: evLookup, n: l.turn})
}

func (l *Load) lookup(w *World, h, name int) {
	host := w.hosts[h]
	if !host.runs(host.run) {
		return
	}
	if l.Heard != nil {
		l.Heard.Asked(w.now, h, name)
	}
	w.Lookup(host, l.names.questions[name], uint64(name))
}

// draw picks a host and a name.
func (l *Load) draw(hosts int) (host, name int) {
	if l.burst == l.Demand.Burst || l.Demand.Burst == 1 {
		l.host = int(chance(l.seed, 12, l.asked) * float64(hosts))
	}
	host = l.host
	last := l.recent[host]
	switch p := chance(l.seed, 13, l.asked); {
	case p < l.Demand.Repeat && len(last) > 0:
		return host, last[int(chance(l.seed, 14, l.asked)*float64(len(last)))]
	case p < l.Demand.Repeat+l.Demand.Private && l.names.mix.Private > 0:
		own := int(chance(l.seed, 15, l.asked) * float64(l.names.mix.Private))
		name = l.names.mix.Count + host*l.names.mix.Private + own
	case l.Demand.Hot > 0 && chance(l.seed, 16, l.asked) < l.Demand.Hot:
		name = l.Demand.HotName
	default:
		name = l.zipf.draw(chance(l.seed, 17, l.asked))
		if l.Demand.Reverse {
			name = l.names.mix.Count - 1 - name
		}
	}
	if l.Demand.Repeat > 0 {
		if last = append(last, name); len(last) > 20 {
			last = last[1:]
		}
		l.recent[host] = last
	}
	return host, name
}

// replay makes the lookups of a trace that are due.
func (l *Load) replay(w *World) {
	t := l.Demand.Trace
	for l.trace < len(t) && t[l.trace].At <= w.now {
		a := t[l.trace]
		l.trace++
		l.lookup(w, a.Host%len(w.hosts), a.Name%len(l.names.questions))
	}
	if l.trace < len(t) {
		w.queue.Push(t[l.trace].At, event{kind: evLookup, n: l.turn})
	}
}

func (l *Load) answered(o Outcome) {
	if l.Heard != nil {
		l.Heard.Answered(o)
	}
}

// ReadTrace reads lookups from a file: "seconds host name" a line, hosts and
// names by number, in any order.
func ReadTrace(path string) ([]Ask1, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out []Ask1
	for i, line := range strings.Split(string(text), "\n") {
		f := strings.Fields(line)
		if len(f) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if len(f) != 3 {
			return nil, fmt.Errorf("%s:%d: want seconds, host, name", path, i+1)
		}
		sec, err1 := strconv.ParseFloat(f[0], 64)
		host, err2 := strconv.Atoi(f[1])
		name, err3 := strconv.Atoi(f[2])
		if err1 != nil || err2 != nil || err3 != nil || sec < 0 || host < 0 || name < 0 {
			return nil, fmt.Errorf("%s:%d: %q is not three numbers", path, i+1, line)
		}
		out = append(out, Ask1{time.Duration(sec * float64(time.Second)), host, name})
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].At < out[j].At })
	return out, nil
}
