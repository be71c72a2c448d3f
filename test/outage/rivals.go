package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"mcdns/test/lab"
	"mcdns/test/story"
)

// rivalsPart is what one other resolver did in the same minutes.
type rivalsPart struct {
	System string `json:"system"`
	// Skipped says why it did not run here.
	Skipped string `json:"skipped,omitempty"`
	First   *part  `json:"first,omitempty"`  // lookups with the server alive
	Held    *part  `json:"held,omitempty"`   // names that this very host had looked up
	Others  *part  `json:"others,omitempty"` // names that another host of the LAN had
	Never   *part  `json:"never,omitempty"`  // names nobody has
	// RecoveryS is from the server's return to a new name resolved; -1: not within
	// what was watched.
	RecoveryS float64 `json:"recovery_s,omitempty"`
}

// What a rival looks up: few names and all at once, because each may stall.
const (
	rivalNames   = 16
	rivalUnknown = 4
	// rivalRest is after the TTL, as mcdns has it in its sweeps.
	rivalRest = ttl + 3*second
	// watchRecovery is how long a rival may take to resolve names again.
	watchRecovery = 30 * second
)

// besideRivals runs rivals on a LAN of their own beside a trial.
func (e *evening) besideRivals(run func(*result) error, end string, loss float64) func(*result) error {
	return func(r *result) error {
		var over sync.WaitGroup
		var problem error
		over.Go(func() { problem = e.rivalsOf(r, end, loss) })
		err := run(r)
		over.Wait()
		return errors.Join(err, problem)
	}
}

// rivalTrial is the rivals' LAN: one host for each, and one more.
type rivalTrial struct {
	names        *story.Names
	lan          *lab.LAN
	own, foreign []string
}

func (e *evening) rivalsOf(r *result, end string, loss float64) error {
	t := &rivalTrial{names: story.NewNames(ttl, story.Sites[:3])}
	for _, name := range t.names.Timed {
		if t.names.Right(lab.Lookup{Name: name, Result: "NONAME"}) {
			continue // an alias or an address is a name like any other; this one is none
		}
		if len(t.own) < rivalNames {
			t.own = append(t.own, name)
		} else if len(t.foreign) < rivalNames {
			t.foreign = append(t.foreign, name)
		}
	}
	var err error
	t.lan, err = e.lan("rivals", lab.Config{
		Hosts: len(systems) + 1, NSS: lab.WithoutMcdns, Zone: t.names.Zone, Faults: lab.Faults{Loss: loss},
	})
	if err != nil {
		return err
	}
	defer t.lan.Close()
	for i, s := range systems {
		p := &rivalsPart{System: s.title}
		r.Rivals = append(r.Rivals, p)
		if err := s.start(t.lan.Hosts[i], t.lan.Server.Host); err != nil {
			p.Skipped = err.Error()
		}
	}
	if os.Getenv("MCDNS_TEST_REQUIRE") != "" {
		if err := missing(r.Rivals); err != nil {
			return err
		}
	}
	return t.story(&trial{end: end, lan: t.lan, result: r}, e)
}

func missing(rivals []*rivalsPart) (err error) {
	for _, p := range rivals {
		if p.Skipped != "" {
			err = errors.Join(err, fmt.Errorf("rival %s may not be skipped (MCDNS_TEST_REQUIRE is set): %s", p.System, p.Skipped))
		}
	}
	return err
}

func (t *rivalTrial) story(struck *trial, e *evening) error {
	other := t.lan.Hosts[len(systems)]
	if err := other.Lookups(t.foreign, 1, func(lab.Lookup) {}); err != nil {
		return err
	}
	parts := struck.Rivals
	err := t.each(parts, func(p *rivalsPart, h *lab.Host) error {
		p.First = &part{Part: p.System + ": first lookups"}
		return t.look(p.First, h, t.own, 4) // lost frames cost some of them 5 s each
	})
	if err := errors.Join(err, struck.strike()); err != nil {
		return err
	}
	time.Sleep(rivalRest)
	e.quiet.Lock() // while all the threads start
	time.AfterFunc(second, e.quiet.Unlock)
	err = t.each(parts, func(p *rivalsPart, h *lab.Host) error { return t.suffer(p, h) })
	for _, p := range parts {
		if p.Skipped == "" {
			e.show.Say("%s, rivals: %s", struck.Case, p)
		}
	}
	if err := errors.Join(err, t.lan.Server.On()); err != nil {
		return err
	}
	return t.each(parts, func(p *rivalsPart, h *lab.Host) error { return t.recovered(p, h) })
}

// each does something with all rivals that run, at once.
func (t *rivalTrial) each(parts []*rivalsPart, do func(*rivalsPart, *lab.Host) error) error {
	errs := make([]error, len(parts))
	var over sync.WaitGroup
	for i, p := range parts {
		if p.Skipped == "" {
			over.Go(func() { errs[i] = do(p, t.lan.Hosts[i]) })
		}
	}
	over.Wait()
	return errors.Join(errs...)
}

// suffer looks everything up in the outage, each kind at once and in parallel:
// one after another, a rival's stalls would outlast the evening.
func (t *rivalTrial) suffer(p *rivalsPart, h *lab.Host) error {
	p.Held, p.Others, p.Never = &part{Part: p.System + ": held"}, &part{Part: p.System + ": others"}, &part{Part: p.System + ": never seen"}
	unknown := make([]string, rivalUnknown)
	for i := range unknown {
		unknown[i] = fmt.Sprintf("unknown%d.example", i)
	}
	errs := make([]error, 3)
	var over sync.WaitGroup
	over.Go(func() { errs[0] = t.look(p.Held, h, t.own, len(t.own)) })
	over.Go(func() { errs[1] = t.look(p.Others, h, t.foreign, len(t.foreign)) })
	over.Go(func() {
		errs[2] = h.Lookups(unknown, len(unknown), func(l lab.Lookup) { p.Never.addVain(h, l) })
	})
	over.Wait()
	return errors.Join(errs...)
}

func (t *rivalTrial) look(p *part, h *lab.Host, names []string, threads int) error {
	return h.Lookups(names, threads, func(l lab.Lookup) { p.add(t.names, h, l) })
}

// recovered takes the time until a name that nobody has looked up resolves.
func (t *rivalTrial) recovered(p *rivalsPart, h *lab.Host) error {
	begin := time.Now()
	name := t.names.Timed[len(t.names.Timed)-3] // neither own nor foreign
	p.RecoveryS = -1
	for time.Since(begin) < watchRecovery {
		ok := false
		err := h.Lookups([]string{name}, 1, func(l lab.Lookup) { ok = t.names.Right(l) })
		if err != nil {
			return err
		}
		if ok {
			p.RecoveryS = time.Since(begin).Seconds()
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil
}

func (p *rivalsPart) String() string {
	if p.Skipped != "" {
		return p.System + ": skipped: " + p.Skipped
	}
	parts := make([]string, 0, 3)
	for _, q := range []*part{p.Held, p.Others, p.Never} {
		parts = append(parts, q.String())
	}
	return strings.Join(parts, "; ")
}
