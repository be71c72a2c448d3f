// Demo shows what mcdns is for: a LAN whose DNS server dies, and programs that
// do not notice; and beside it the same LAN without mcdns. It needs no root.
//
// It writes build/demo.json, and fails if one of its promises is not kept.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"mcdns/test/checks"
	"mcdns/test/lab"
	"mcdns/test/story"
)

const (
	hostCount = 8
	// ttl is short, so that all TTLs run out while somebody watches.
	ttl       = 5 * time.Second
	titleWith = "with mcdns"
	titleOut  = "without mcdns"

	// afterTTL is how long after the servers' death lookups start again: no
	// answer is within its TTL then.
	afterTTL = ttl + time.Second
	// headStart lets the side without mcdns begin to stall before the other
	// side's lookups are timed: starting two thousand threads keeps a small
	// machine busy.
	headStart = time.Second
	limit     = 60 * time.Second
)

func main() { lab.Run(func([]string) error { return demo() }) }

// telling is a run of the demo.
type telling struct {
	*story.Show
	names         *story.Names
	sides         []*side
	with, without *side
	phases        []phase
	logs          string
	dead          time.Time // of the DNS servers
	waited        time.Duration
}

func demo() error {
	t := &telling{Show: story.NewShow(), names: story.NewNames(ttl, story.Sites), logs: filepath.Join(lab.Top(), "build", "demo-logs")}
	if err := os.RemoveAll(t.logs); err != nil {
		return err
	}
	for _, chapter := range []func() error{t.build, t.before, t.serversDie, t.outage, t.halfDies} {
		if err := chapter(); err != nil {
			return err
		}
	}
	fmt.Println(table(t.phases))
	took := time.Since(t.Begin)
	for _, s := range t.sides {
		if err := s.lan.Close(); err != nil {
			return err
		}
	}
	return t.verdict(took)
}

// build makes both LANs and waits until the hosts with mcdns know each other.
func (t *telling) build() error {
	tools := installed()
	for i := range hostCount {
		for _, tool := range tools {
			t.names.App(fmt.Sprintf("%s.h%d.example", tool.name, i+1))
		}
	}
	var err error
	if t.with, err = newSide(titleWith, t.names, lab.Config{Hosts: hostCount, Number: 77, LogDir: t.logs}); err != nil {
		return err
	}
	if t.without, err = newSide(titleOut, t.names, lab.Config{Hosts: hostCount, Number: 78, NSS: lab.WithoutMcdns}); err != nil {
		return err
	}
	t.sides = []*side{t.with, t.without}
	t.Say("Two equal LANs: %d hosts, a DNS server, a router with an Internet behind it.", hostCount)
	t.hosts()
	if err := t.with.lan.WaitPeers(); err != nil {
		return err
	}
	t.Say("Every host with mcdns hears its %d peers.", hostCount-1)
	return nil
}

func (t *telling) before() error {
	t.Say("Each of %d names is looked up once, by one host of the LAN (TTL %v):", len(t.names.All()), ttl)
	return t.phase(func(s *side) plan {
		return plan{title: "before", jobs: s.spread(), errands: s.firstErrands()}
	})
}

func (t *telling) serversDie() error {
	for _, s := range t.sides {
		if err := s.lan.Server.PowerOff(); err != nil {
			return err
		}
	}
	t.dead = time.Now()
	t.Say("The DNS servers lose their power. All TTLs run out:")
	t.hosts()
	t.Wait(afterTTL)
	return nil
}

func (t *telling) outage() error {
	t.waited = time.Since(t.dead)
	t.Say("Every host looks up every name that any host had looked up:")
	return t.phase(func(s *side) plan {
		return plan{title: "DNS server dead", jobs: s.everywhere(), errands: s.errandsElsewhere(), stalls: s == t.without}
	})
}

func (t *telling) halfDies() error {
	for _, s := range t.sides {
		for i, h := range s.lan.Hosts {
			if i%2 == 1 {
				if err := h.PowerOff(); err != nil {
					return err
				}
			}
		}
	}
	t.Say("Half of the hosts are killed. The others look everything up again:")
	t.hosts()
	return t.phase(func(s *side) plan {
		return plan{title: "half of the hosts dead", jobs: s.everywhere(), errands: s.errandsElsewhere(), stalls: s == t.without}
	})
}

// phase runs a phase on both sides at once.
func (t *telling) phase(planned func(*side) plan) error {
	plans := []plan{planned(t.with), planned(t.without)}
	results, errs := make([]phase, 2), make([]error, 2)
	stop := t.Watch(t.bars)
	var both, timed sync.WaitGroup
	for i, s := range t.sides {
		if !plans[i].stalls {
			timed.Add(1)
		}
		both.Go(func() {
			if s == t.with && plans[1].stalls {
				time.Sleep(headStart)
			}
			results[i], errs[i] = s.run(plans[i], &timed)
		})
	}
	both.Wait()
	stop()
	for i, s := range t.sides {
		if errs[i] != nil {
			return errs[i]
		}
		t.summary(s, results[i])
	}
	t.phases = append(t.phases, results...)
	return nil
}

func (t *telling) summary(s *side, p phase) {
	t.Detail("%-14s  %d of %d names answered, median %s, worst %s; getent, curl, python3: %d of %d",
		s.title, p.Answered, p.Names, story.Span(p.MedianMs), story.Span(p.WorstMs), p.Right, p.Programs)
	if s == t.without && p.Phase != "before" {
		return // it is supposed to fail
	}
	for i, c := range s.complaints {
		if i == 10 {
			t.Detail("... and %d more", len(s.complaints)-i)
			break
		}
		t.Detail("! %s", c)
	}
}

// verdict writes the report: each promise with what became of it.
func (t *telling) verdict(took time.Duration) error {
	r := checks.New("demo")
	r.Set("hosts", hostCount)
	r.Set("names", len(t.names.All()))
	r.Set("seconds", took.Seconds())
	r.Set("phases", t.phases)
	t.check(r)
	r.Want("seconds of the whole demo", "< 60", took.Seconds(), took < limit)
	return r.End(filepath.Join(lab.Top(), "build"), ", "+t.logs+" what the daemons said")
}

func (t *telling) check(r *checks.Report) {
	before, outage, half := t.phases[0], t.phases[2], t.phases[4]
	r.Want("hosts", hostCount, before.Hosts, before.Hosts == hostCount)
	r.Want("names", ">= 200", before.Names, before.Names >= 200)
	r.Want("seconds from the death of the server to the lookups, more than the TTL", "> 5", t.waited.Seconds(), t.waited > ttl)
	for _, p := range []phase{before, outage, half} {
		r.Want("names answered, "+p.Phase, "100 %", fmt.Sprintf("%.4g %%", p.Percent), p.Answered == p.Names && p.Names == len(t.names.All()))
		r.Want("getent, curl and python3 answered, "+p.Phase, p.Programs, p.Right, p.Programs > 0 && p.Right == p.Programs)
	}
	r.Want("hosts in the outage", hostCount, outage.Hosts, outage.Hosts == hostCount)
	r.Want("hosts alive when half are dead", hostCount/2, half.Hosts, half.Hosts == hostCount/2)
	for _, p := range []phase{outage, half} {
		r.Want("median lookup, "+p.Phase+", not above the median before (ms)", fmt.Sprintf("<= %.3f", before.MedianMs), p.MedianMs, p.MedianMs <= before.MedianMs)
	}
	// Were the other LAN to answer, there would be no outage to survive.
	for _, p := range []phase{t.phases[3], t.phases[5]} {
		r.Want("names answered without mcdns, "+p.Phase, 0, p.Answered, p.Answered == 0)
	}
	first := t.phases[1]
	r.Want("names answered without mcdns, before", "100 %", fmt.Sprintf("%.4g %%", first.Percent), first.Answered == first.Names)
}
