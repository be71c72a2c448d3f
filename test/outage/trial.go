package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"mcdns/test/lab"
	"mcdns/test/story"
)

const second = time.Second

// trial is one LAN that loses its DNS server.
type trial struct {
	*result
	evening *evening
	end     string
	loss    float64
	lan     *lab.LAN
	names   *story.Names
	// moving names change their addresses while the server is dead. They are in no
	// sweep: what was learnt in the last minute is lost with the power.
	moving  []string
	dice    *rand.Rand
	unknown int       // number of the next name that nobody knows
	learnt  time.Time // when the LAN knew every name
}

// movers are enough for a lookup to differ from the last on the same host.
const movers = 5

// trial goes through all outages of one kind with one loss.
func (e *evening) trial(end string, loss float64) job {
	title := fmt.Sprintf("%s, %s loss", end, percent(loss))
	run := func(r *result) error {
		t, err := e.newTrial(title, r, loss, lab.Config{Hosts: e.hosts})
		if err != nil {
			return err
		}
		t.end = end
		defer t.close()
		return t.chapters(t.first, t.cutOff, t.unknownAtOnce, t.rest,
			t.outage, t.recover, t.coldBoot, t.join, t.unwind, t.recover, t.halfDies)
	}
	return job{title, run, run}
}

func (e *evening) newTrial(title string, r *result, loss float64, cfg lab.Config) (*trial, error) {
	t := &trial{result: r, evening: e, loss: loss, dice: rand.New(rand.NewPCG(1, uint64(1000*loss)))}
	t.names = story.NewNames(ttl, story.Sites[:14])
	for i := range movers {
		t.moving = append(t.moving, t.names.Host(fmt.Sprintf("moving%d.example", i), 1, 1))
	}
	r.Loss, r.Hosts, r.Names = loss, cfg.Hosts, len(t.names.Timed)
	cfg.Zone, cfg.Faults = t.names.Zone, lab.Faults{Loss: loss}
	var err error
	t.lan, err = e.lan(title, cfg)
	return t, err
}

func (t *trial) chapters(chapters ...func() error) error {
	for _, chapter := range chapters {
		if err := chapter(); err != nil {
			return err
		}
	}
	return nil
}

func (t *trial) say(format string, args ...any) {
	t.evening.show.Say("%s: %s", t.Case, fmt.Sprintf(format, args...))
}

// close ends the LAN, and holds the run to the loss it was meant to have.
func (t *trial) close() {
	_, _, overruns, err := t.lan.Traffic()
	if err == nil {
		t.Overruns = overruns
	}
	t.want("frames that the lab itself lost", 0, overruns, overruns == 0)
	if err := errors.Join(err, t.lan.Close()); err != nil {
		t.say("%v", err)
	}
}

// alive lists the hosts that have power.
func (t *trial) alive() (hosts []*lab.Host) {
	for _, h := range t.lan.Hosts {
		if h.Powered() {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// first makes the LAN know every name: each is looked up by one host. A lookup
// that a lost frame made fail is repeated, else nobody would know the name.
func (t *trial) first() error {
	begin := time.Now()
	if err := t.lan.WaitPeers(); err != nil {
		return err
	}
	t.say("%d hosts hear each other after %.1f s", t.Hosts, time.Since(begin).Seconds())
	p := t.part("first lookups, server alive")
	all := slices.Concat(t.names.Timed, t.moving)
	var over sync.WaitGroup
	errs := make([]error, t.Hosts)
	for i, h := range t.lan.Hosts {
		over.Go(func() { errs[i] = t.learn(p, h, every(all, i, t.Hosts)) })
	}
	over.Wait()
	t.learnt = time.Now()
	t.say("%s", p)
	return errors.Join(errs...)
}

// every picks each n-th name, from the first.
func every(names []string, first, n int) (some []string) {
	for i := first; i < len(names); i += n {
		some = append(some, names[i])
	}
	return some
}

// learn repeats what failed after a while: failures are remembered for seconds.
func (t *trial) learn(p *part, h *lab.Host, names []string) error {
	const tries = 4
	for i := range tries {
		var again []string
		err := h.Lookups(names, 1, func(l lab.Lookup) {
			if !p.add(t.names, h, l) {
				again = append(again, l.Name)
			}
		})
		if err != nil || len(again) == 0 {
			return err
		}
		names = again
		time.Sleep(2 * second << i)
	}
	return fmt.Errorf("%s cannot learn %v with the server alive", h.Name, names)
}

// restFor is when every host has saved what it knows, and has noticed what lost
// frames kept from it: both within a minute.
const restFor = 62 * second

func (t *trial) rest() error {
	time.Sleep(time.Until(t.learnt.Add(restFor)))
	return nil
}

// unwind lets what a host that has just booted asked, before it knew of the
// outage, come to its end: for three seconds a kernel holds it back, in the hope
// of the server's address, and would send it when the server is back. Recovery is
// about what recovery makes.
func (t *trial) unwind() error {
	time.Sleep(4 * second)
	return nil
}

// strike loses the server.
func (t *trial) strike() error { return t.strikeServer(t.lan.Server) }

func (t *trial) strikeServer(s *lab.Server) error {
	switch t.end {
	case "powered off":
		return s.PowerOff()
	case "frozen":
		return s.Freeze()
	case "refusing":
		return s.Refuse()
	}
	return s.ServFail()
}

// outage is the plain case: all hosts live on.
func (t *trial) outage() error {
	t.say("the server is %s", t.word())
	if err := t.detect("outage", t.lan.Hosts, t.strike); err != nil {
		return err
	}
	if err := t.sweep("outage", t.lan.Hosts); err != nil {
		return err
	}
	return t.unknownLater("outage", t.lan.Hosts)
}

func (t *trial) word() string {
	if t.end == "servfail" {
		return "answering SERVFAIL"
	}
	return t.end
}

// halfDies kills half of the hosts at the moment of the outage.
func (t *trial) halfDies() error {
	var living, dying []*lab.Host
	for i, h := range t.lan.Hosts {
		if i%2 == 0 {
			living = append(living, h)
		} else {
			dying = append(dying, h)
		}
	}
	t.say("the server is %s, and half of the hosts are killed", t.word())
	err := t.detect("half killed", living, func() error {
		return errors.Join(t.strike(), eachHost(dying, (*lab.Host).PowerOff))
	})
	if err != nil {
		return err
	}
	if err := t.sweep("half killed", living); err != nil {
		return err
	}
	return t.unknownLater("half killed", living)
}

// coldBoot cuts the power of all hosts, and they boot with the server dead.
func (t *trial) coldBoot() error {
	t.say("the server is %s; the power of all hosts is cut, and they boot", t.word())
	if err := t.strike(); err != nil {
		return err
	}
	err := t.evening.undisturbed(func() error {
		return errors.Join(eachHost(t.lan.Hosts, (*lab.Host).PowerOff), eachHost(t.lan.Hosts, (*lab.Host).PowerOn))
	})
	if err != nil {
		return err
	}
	if err := t.detect("cold boot", t.lan.Hosts, func() error { return nil }); err != nil {
		return err
	}
	if err := t.lan.WaitReady(); err != nil {
		return err
	}
	if err := t.sweep("cold boot", t.lan.Hosts); err != nil {
		return err
	}
	return t.unknownLater("cold boot", t.lan.Hosts)
}

// eachHost does something with all hosts at once.
func eachHost(hosts []*lab.Host, do func(*lab.Host) error) error {
	errs := make([]error, len(hosts))
	var over sync.WaitGroup
	for i, h := range hosts {
		over.Go(func() { errs[i] = do(h) })
	}
	over.Wait()
	return errors.Join(errs...)
}
