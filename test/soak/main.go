package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"mcdns/test/checks"
	"mcdns/test/lab"
	"mcdns/test/story"
)

// goers is how many of the hosts come and go; the others are measured.
const goers = 4

// ttl is so short that nearly all that is held is past it.
const ttl = 20 * time.Second

// conf is mcdnsd.conf of all hosts.
const conf = "[cache]\nsize = 1MiB\n"

// options are what the command line decides.
type options struct {
	length time.Duration
	hosts  int
	seed   uint64
}

// unit is what a minute is in a run of an hour. Shorter runs see the same
// trouble, faster.
func (o options) unit() time.Duration { return min(o.length/60, time.Minute) }

func main() { lab.Run(func(args []string) error { return run(parse(args)) }) }

func parse(args []string) (o options) {
	flags := flag.NewFlagSet("soak", flag.ExitOnError)
	flags.DurationVar(&o.length, "for", time.Hour, "how long; a quarter of an hour at least, or the cache is not full in the first third")
	flags.IntVar(&o.hosts, "hosts", 10, fmt.Sprintf("hosts on the LAN, %d of which come and go", goers))
	flags.Uint64Var(&o.seed, "seed", 1, "of the order of trouble")
	flags.Parse(args)
	return o
}

// soak is one run.
type soak struct {
	options
	show  *story.Show
	lan   *lab.LAN
	stay  []*lab.Host
	goers []*lab.Host
	names *story.Names
	tally tally

	mu     sync.Mutex
	events map[string]int
	errs   []error
}

func run(o options) error {
	if o.hosts < goers+2 || o.length < time.Minute {
		return fmt.Errorf("soak: %d hosts for %v are too few: want %d for a minute", o.hosts, o.length, goers+2)
	}
	s := &soak{options: o, show: story.NewShow(), events: map[string]int{}}
	s.names = story.NewNames(ttl, story.Sites[:15])
	var err error
	s.lan, err = lab.New(lab.Config{
		Hosts: o.hosts, Zone: s.names.Zone, Program: lab.BuiltIn, Conf: conf, Number: 99,
		Switch: true, Faults: lab.Faults{Loss: .01}, Seed: o.seed,
		LogDir: filepath.Join(lab.Top(), "build", "soak-logs"),
	})
	if err != nil {
		return err
	}
	defer s.lan.Close()
	s.stay, s.goers = s.lan.Hosts[goers:], s.lan.Hosts[:goers]
	if err := s.lan.WaitPeers(); err != nil {
		return err
	}
	// What nobody learnt before the first outage nobody can know in it.
	if err := s.stay[0].Lookups(s.names.Timed, 4, func(lab.Lookup) {}); err != nil {
		return err
	}
	s.show.Say("%d hosts hear each other; %d of them stay for %v, seed %d.", o.hosts, len(s.stay), o.length, o.seed)
	all := s.live()
	s.show.Say("Over.")
	fmt.Println(table(all))
	return errors.Join(s.report(all), errors.Join(s.errs...))
}

// live lets the time pass, and returns what was measured in it.
func (s *soak) live() []*series {
	ctx, cancel := context.WithTimeout(context.Background(), s.length)
	defer cancel()
	var over sync.WaitGroup
	for _, work := range append(s.lookups(), s.troubles()...) {
		over.Go(func() { work(ctx) })
	}
	all := s.measure(ctx)
	over.Wait()
	return all
}

// happened counts an event, and keeps what went wrong with it: a lab that fails
// to make trouble proves nothing.
func (s *soak) happened(what string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events[what]++
	if err != nil {
		s.show.Say("%s: %v", what, err)
		s.errs = append(s.errs, fmt.Errorf("soak: %s: %w", what, err))
	}
}

// every does something again and again until the run is over.
func every(ctx context.Context, period time.Duration, do func()) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			do()
		case <-ctx.Done():
			return
		}
	}
}

// pause waits, and says whether the run goes on.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// report writes build/soak.json.
func (s *soak) report(all []*series) error {
	r := checks.New("soak")
	r.Set("seconds", s.length.Seconds())
	r.Set("hosts", s.hosts)
	r.Set("stay", len(s.stay))
	r.Set("seed", s.seed)
	r.Set("events", s.events)
	r.Set("lookups", s.tally.figures())
	r.Set("thirds", summary(all))
	r.Set("samples", all)
	r.List = append(budgets(all), s.promises()...)
	return r.End(filepath.Join(lab.Top(), "build"), ", every sample among them")
}

// promises are those beside the budgets: who measures a LAN that does not work, or
// daemons that died in between, has measured nothing.
func (s *soak) promises() (out checks.List) {
	for _, h := range s.stay {
		out.Want(h.Name+": starts of mcdnsd", 1, h.Mcdnsd.Starts(), h.Mcdnsd.Starts() == 1)
		st, err := h.Status()
		n := st.Counters["internal_errors"]
		out.Want(h.Name+": internal errors", 0, n, err == nil && n == 0)
	}
	f := s.tally.figures()
	out.Want("lookups of known names answered", ">= 99.9 %", fmt.Sprintf("%.3f %%", 100*f.Share), f.Share >= .999)
	for _, what := range []string{"host left", "host back", "server lost", "new key", "configuration read again", "LAN split", "cable pulled", "rude programs"} {
		out.Want(what, "> 0", s.events[what], s.events[what] > 0)
	}
	return out
}
