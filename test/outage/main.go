package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"mcdns/test/lab"
	"mcdns/test/story"
)

// ttl is short, so that all TTLs run out while somebody waits.
const ttl = 5 * second

// The ways to lose a DNS server, and the cases beside them.
var ends = []string{"powered off", "frozen", "refusing", "servfail"}

var special = []string{"fallback", "multicast", "first"}

// options are what the command line decides.
type options struct {
	hosts  int
	loss   []float64 // shares of frames
	cases  []string
	rivals bool
	beside int  // trials at one time
	again  bool // a case in which a promise is not kept runs once more
}

func main() {
	lab.Run(func(args []string) error {
		o, err := parse(args)
		if err != nil {
			return err
		}
		return outage(o)
	})
}

func parse(args []string) (options, error) {
	flags := flag.NewFlagSet("outage", flag.ExitOnError)
	hosts := flags.Int("hosts", 20, "hosts on each LAN")
	loss := flags.String("loss", "0,5,20", "percent of frames lost, several separated by commas")
	cases := flags.String("case", "", "which of: "+strings.Join(slices.Concat(ends, special), ", ")+" (default: all)")
	quick := flags.Bool("quick", false, "what CI has time for: 8 hosts, powered off and frozen, 0 and 20 % loss")
	beside := flags.Int("beside", 0, "trials at one time (default: 1, with -quick 4)")
	rivals := flags.Bool("rivals", true, "other resolvers beside mcdns")
	flags.Parse(args)
	o := options{hosts: *hosts, rivals: *rivals, cases: slices.Concat(ends, special), beside: 1}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if *quick {
		o.beside, o.again = 4, true
		o.cases = slices.Concat(ends[:2], special)
		if !given["hosts"] {
			o.hosts = 8
		}
		if !given["loss"] {
			*loss = "0,20"
		}
	}
	if *beside > 0 {
		o.beside = *beside
	}
	if *cases != "" {
		o.cases = strings.Split(*cases, ",")
	}
	for _, c := range o.cases {
		if !slices.Contains(ends, c) && !slices.Contains(special, c) {
			return o, fmt.Errorf("outage: no case %q", c)
		}
	}
	if o.hosts < 4 {
		return o, fmt.Errorf("outage: %d hosts are too few: half of them die", o.hosts)
	}
	for _, word := range strings.Split(*loss, ",") {
		percent, err := strconv.ParseFloat(word, 64)
		if err != nil || percent < 0 || percent > 50 {
			return o, fmt.Errorf("outage: no loss of %q percent", word)
		}
		o.loss = append(o.loss, percent/100)
	}
	return o, nil
}

// evening is the whole run.
type evening struct {
	options
	show *story.Show
	logs string

	// quiet is held by who takes times of milliseconds, and by who makes many
	// processes: on a small machine the one would measure the other.
	quiet sync.Mutex

	mu      sync.Mutex
	numbers byte // of LANs
	results []*result
}

// undisturbed does what takes times of milliseconds, or what would disturb them.
func (e *evening) undisturbed(do func() error) error {
	e.quiet.Lock()
	defer e.quiet.Unlock()
	return do()
}

// job is one case with one loss.
type job struct {
	title string
	run   func(*result) error
	alone func(*result) error // without the rivals
}

func outage(o options) error {
	e := &evening{options: o, show: story.NewShow(), logs: filepath.Join(lab.Top(), "build", "outage-logs")}
	if err := os.RemoveAll(e.logs); err != nil {
		return err
	}
	e.show.Say("%d hosts; %s; loss of every frame, to peers and to the server alike: %s.",
		o.hosts, strings.Join(o.cases, ", "), strings.Join(percents(o.loss), ", "))
	err := e.everything()
	e.show.Say("Over.")
	fmt.Println(table(e.results))
	return errors.Join(err, e.report())
}

// everything runs all cases. Special ones mostly wait, so half as many again go beside
// the trials where the machine has room for so many LANs.
func (e *evening) everything() error {
	return e.all(slices.Concat(e.trials(), e.specials()), min(e.room(), e.beside+max(1, e.beside/2)))
}

// room is how many LANs there may be at one time. The kernel's table of neighbours
// is one for all network namespaces, and each host has an entry for each other: in
// its default of 1024, with three LANs of 20 hosts, new addresses could not be reached.
func (e *evening) room() int {
	const share = 0.88 // the rest is for servers and switches
	return max(1, int(share*float64(lab.Neighbours()))/(e.hosts*(e.hosts+2)))
}

// trials are the ways to lose the server, each with each loss.
func (e *evening) trials() (jobs []job) {
	for _, end := range ends {
		if !slices.Contains(e.cases, end) {
			continue
		}
		for _, loss := range e.loss {
			jobs = append(jobs, e.trial(end, loss))
			if e.rivals {
				jobs[len(jobs)-1].run = e.besideRivals(jobs[len(jobs)-1].run, end, loss)
			}
		}
	}
	return jobs
}

// ends are the ways to lose the first of two servers: those of the trials, or all
// where there is none.
func (e *evening) ends() []string {
	some := slices.DeleteFunc(slices.Clone(ends), func(end string) bool { return !slices.Contains(e.cases, end) })
	if len(some) == 0 {
		return ends
	}
	return some
}

func (e *evening) specials() (jobs []job) {
	for _, loss := range e.loss {
		if slices.Contains(e.cases, "fallback") {
			jobs = append(jobs, e.fallback(loss))
		}
		if slices.Contains(e.cases, "multicast") {
			jobs = append(jobs, e.multicast(loss))
		}
		if slices.Contains(e.cases, "first") {
			for _, end := range e.ends() {
				jobs = append(jobs, e.firstLost(end, loss))
			}
		}
	}
	return jobs
}

// all runs jobs, so many at one time.
func (e *evening) all(jobs []job, beside int) error {
	slots := make(chan struct{}, beside)
	errs := make([]error, len(jobs))
	var over sync.WaitGroup
	for i, j := range jobs {
		slots <- struct{}{}
		r := &result{Case: j.title}
		e.mu.Lock()
		e.results = append(e.results, r)
		e.mu.Unlock()
		over.Go(func() {
			defer func() { <-slots }()
			errs[i] = j.run(r)
			if e.again && (errs[i] != nil || len(r.checks.Broken()) > 0) {
				errs[i] = e.onceMore(j, r, errs[i])
			}
			if errs[i] != nil {
				errs[i] = fmt.Errorf("%s: %w", j.title, errs[i])
			}
		})
	}
	over.Wait()
	return errors.Join(errs...)
}

// onceMore repeats a case in which something went wrong: what a busy machine did
// is not done twice, what the product does is. The first time is reported beside.
func (e *evening) onceMore(j job, r *result, err error) error {
	first := r.checks.Broken()
	if err != nil {
		first = append(first, err.Error())
	}
	e.show.Say("%s: once more, because of: %s", j.title, strings.Join(first, "; "))
	second := &result{Case: j.title, Rivals: r.Rivals, AtFirst: first}
	err = j.alone(second)
	e.mu.Lock()
	defer e.mu.Unlock()
	*r = *second
	return err
}

// lan makes a LAN with a number of its own.
func (e *evening) lan(title string, cfg lab.Config) (*lab.LAN, error) {
	e.mu.Lock()
	cfg.Number = 10 + e.numbers%90
	e.numbers++
	e.mu.Unlock()
	cfg.Switch, cfg.Program = true, lab.BuiltIn
	cfg.Seed = uint64(cfg.Number)
	if cfg.NSS == "" {
		cfg.LogDir = filepath.Join(e.logs, strings.NewReplacer(" ", "-", ",", "").Replace(title))
	}
	e.quiet.Lock()
	defer e.quiet.Unlock()
	return lab.New(cfg)
}

func percents(shares []float64) (texts []string) {
	for _, s := range shares {
		texts = append(texts, percent(s))
	}
	return texts
}

func percent(share float64) string { return fmt.Sprintf("%.4g %%", 100*share) }
