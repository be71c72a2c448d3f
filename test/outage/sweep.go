package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"mcdns/test/lab"
)

const (
	daemonP99    = 5 * time.Millisecond
	unknownLater = 100 * time.Millisecond
	unknownFirst = 3 * second
	sweepers     = 2 // hosts that sweep at one time: more would measure the processors
)

// sweep lets every host look every name up, one after another: by a program, and
// once more through the control socket, which says how long it took in the
// daemon. For half of the names the program comes first, for the others the
// daemon, so that both meet names that the host had not been asked for.
func (t *trial) sweep(title string, hosts []*lab.Host) error {
	t.evening.quiet.Lock()
	defer t.evening.quiet.Unlock()
	p := t.part(title + ": every name on every host")
	slots := make(chan struct{}, sweepers)
	errs := make([]error, len(hosts))
	var over sync.WaitGroup
	for i, h := range hosts {
		slots <- struct{}{}
		over.Go(func() {
			errs[i] = t.sweepHost(p, h, i)
			<-slots
		})
	}
	over.Wait()
	t.say("%s", p)
	t.wantAll(p)
	limit := daemonP99.Milliseconds()
	got := p.daemon.Quantile(0.99)
	t.want(p.Part+": p99 in the daemon (ms)", fmt.Sprintf("< %d", limit), got, got < float64(limit))
	return errors.Join(errs...)
}

func (t *trial) sweepHost(p *part, h *lab.Host, i int) error {
	turn := i * len(t.names.Timed) / t.Hosts
	names := slices.Concat(t.names.Timed[turn:], t.names.Timed[:turn])
	one, two := names[:len(names)/2], names[len(names)/2:]
	return errors.Join(
		t.byProgram(p, h, one), t.byDaemon(p, h, two),
		t.byProgram(p, h, two), t.byDaemon(p, h, one),
	)
}

func (t *trial) byProgram(p *part, h *lab.Host, names []string) error {
	return h.Lookups(names, 1, func(l lab.Lookup) { p.add(t.names, h, l) })
}

func (t *trial) byDaemon(p *part, h *lab.Host, names []string) error {
	for _, name := range names {
		a, err := h.Query(name)
		if err != nil {
			return err
		}
		p.addDaemon(h, a)
	}
	return nil
}

// unknownLater looks up what nobody knows, on each host, once down is known.
func (t *trial) unknownLater(title string, hosts []*lab.Host) error {
	t.evening.quiet.Lock()
	defer t.evening.quiet.Unlock()
	p := t.part(title + ": names nobody knows, once down is known")
	err := t.inVain(p, hosts, true)
	t.wantFailed(p, unknownLater)
	return err
}

// unknownAtOnce looks up what nobody knows at the moment of an outage.
func (t *trial) unknownAtOnce() error {
	p := t.part("names nobody knows, at the moment of the outage")
	if err := t.strike(); err != nil {
		return err
	}
	err := t.inVain(p, t.lan.Hosts[:3], false)
	t.wantFailed(p, unknownFirst)
	return errors.Join(err, t.lan.Server.On(), t.awaitUp())
}

// inVain lets each host look up a name of its own that nobody knows, in turn or
// all at once.
func (t *trial) inVain(p *part, hosts []*lab.Host, inTurn bool) error {
	errs := make([]error, len(hosts))
	var over sync.WaitGroup
	for i, h := range hosts {
		name := t.nobodys()
		if inTurn {
			errs[i] = t.inVainUndisturbed(p, h, name)
			continue
		}
		over.Go(func() {
			errs[i] = h.Lookups([]string{name}, 1, func(l lab.Lookup) { p.addVain(h, l) })
		})
	}
	over.Wait()
	t.say("%s%s", p, voids(p))
	return errors.Join(errs...)
}

// nobodys is the next name that nobody knows.
func (t *trial) nobodys() string {
	t.unknown++
	return fmt.Sprintf("unknown%d.example", t.unknown)
}

const (
	// stallTime: the promise leaves 13 ms above what a lookup waits by design, and
	// five processes are woken one after another, so a machine that is later than
	// that in sum measures itself.
	stallTime  = 10 * time.Millisecond
	stallFloor = time.Millisecond // every timer is late by less
	voidAtMost = 5                // of one host's
	bestOf     = 3
)

// inVainUndisturbed does not count a lookup that took too long while the machine
// woke sleepers too late, and of others takes the best of three: what the product
// costs it costs each time, and other processes of the machine do not show in the
// sleep of this one.
func (t *trial) inVainUndisturbed(p *part, h *lab.Host, name string) error {
	for voids, tries := 0, 1; ; name = t.nobodys() {
		var took lab.Lookup
		stall := stallOf(func() error {
			return h.Lookups([]string{name}, 1, func(l lab.Lookup) { took = l })
		})
		if stall.err != nil {
			return stall.err
		}
		stalled := stall.sum >= stallTime && voids < voidAtMost
		if took.Took <= unknownLater || took.Result != "AGAIN" || !stalled && tries == bestOf {
			p.addVain(h, took)
			return nil
		}
		p.Void++
		if stalled {
			voids++
		} else {
			tries++
		}
	}
}

// stalled is by how much a sleeper was woken too late, in sum, while something ran.
type stalled struct {
	sum time.Duration
	err error
}

func stallOf(f func() error) (s stalled) {
	quit, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		const nap = 2 * time.Millisecond
		for last := time.Now(); ; last = time.Now() {
			select {
			case <-quit:
				return
			case <-time.After(nap):
				if late := time.Since(last) - nap; late > stallFloor {
					s.sum += late
				}
			}
		}
	}()
	err := f()
	close(quit)
	<-over
	s.err = err
	return s
}

func voids(p *part) string {
	if p.Void == 0 {
		return ""
	}
	return fmt.Sprintf("; %d void: the machine stalled", p.Void)
}

// wantFailed wants every lookup to have failed, as one that may be tried again,
// within limit.
func (t *trial) wantFailed(p *part, limit time.Duration) {
	worst := p.program.Quantile(1)
	t.want(p.Part+": fail as ones to try again", p.Lookups, p.Right, p.Right == p.Lookups && p.Lookups > 0)
	t.want(p.Part+": slowest (ms)", fmt.Sprintf("<= %d", limit.Milliseconds()), worst, worst <= float64(limit.Milliseconds()))
}
