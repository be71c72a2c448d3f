package main

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"mcdns/test/lab"
	"mcdns/test/story"
)

// side is one of the two LANs that go through the same minutes.
type side struct {
	title      string
	lan        *lab.LAN
	names      *story.Names
	tools      []program
	complaints []string // what went wrong in the last phase, for people

	done, total atomic.Int64 // lookups of the phase that runs
}

func newSide(title string, n *story.Names, cfg lab.Config) (*side, error) {
	cfg.Zone = n.Zone
	lan, err := lab.New(cfg)
	if err != nil {
		return nil, err
	}
	s := &side{title: title, lan: lan, names: n, tools: installed()}
	return s, s.serveWeb()
}

// serveWeb puts a web server on every address behind the router.
func (s *side) serveWeb() error {
	l, err := s.lan.Router.Listen("tcp", ":80")
	if err != nil {
		return err
	}
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, page(r.Host))
	}))
	return nil
}

// alive lists the hosts that have power.
func (s *side) alive() []*lab.Host {
	return slices.DeleteFunc(slices.Clone(s.lan.Hosts), func(h *lab.Host) bool { return !h.Powered() })
}

// job is the names that one host looks up.
type job struct {
	host  *lab.Host
	names []string
}

// spread gives each name to one host.
func (s *side) spread() []job {
	jobs := make([]job, len(s.lan.Hosts))
	for i, h := range s.lan.Hosts {
		jobs[i].host = h
	}
	for i, name := range s.names.Timed {
		j := &jobs[i%len(jobs)]
		j.names = append(j.names, name)
	}
	return jobs
}

// everywhere gives each name to each host that is alive, each host in an order
// of its own.
func (s *side) everywhere() []job {
	var jobs []job
	all := s.names.All()
	for i, h := range s.alive() {
		turn := i * len(all) / len(s.lan.Hosts)
		jobs = append(jobs, job{h, slices.Concat(all[turn:], all[:turn])})
	}
	return jobs
}

// firstErrands gives each app's name to the one host and program it is for.
func (s *side) firstErrands() []errand {
	var errands []errand
	for i, name := range s.names.Apps {
		h := s.lan.Hosts[i/len(s.tools)%len(s.lan.Hosts)]
		errands = append(errands, errand{h, s.tools[i%len(s.tools)], name})
	}
	return errands
}

// errandsElsewhere lets each program on each living host look up an app's name
// that another host had looked up first.
func (s *side) errandsElsewhere() []errand {
	var errands []errand
	apps := s.names.Apps
	for i, h := range s.alive() {
		for j, tool := range s.tools {
			errands = append(errands, errand{h, tool, apps[(i*len(s.tools)+j+len(apps)/2)%len(apps)]})
		}
	}
	return errands
}

// plan is what one side has to do in one phase.
type plan struct {
	title   string
	jobs    []job
	errands []errand
	// stalls: lookups are expected to, so all of them go at once, each in a
	// thread of its own, and the errands beside them.
	stalls bool
}

// run lets all hosts do their jobs at once, sends the errands, and sums up.
// timed is done when this side's lookups are; the errands wait until every
// side's are, because programs that start are no part of a lookup of 0.1 ms.
func (s *side) run(p plan, timed *sync.WaitGroup) (phase, error) {
	s.done.Store(0)
	s.total.Store(p.lookups())
	t := &tally{names: s.names, seen: map[string]bool{}, wrong: map[string]bool{}}
	var errands sync.WaitGroup
	if p.stalls {
		errands.Go(func() { t.runErrands(p.errands) })
	}
	err := s.runJobs(p, t)
	if !p.stalls {
		timed.Done()
		timed.Wait()
		t.runErrands(p.errands)
	}
	errands.Wait()
	s.complaints = t.complaints
	return t.phase(p, s.title), err
}

func (p plan) lookups() (n int64) {
	for _, j := range p.jobs {
		n += int64(len(j.names))
	}
	return n
}

func (s *side) runJobs(p plan, t *tally) error {
	errs := make([]error, len(p.jobs))
	var all sync.WaitGroup
	for i, j := range p.jobs {
		threads := 1
		if p.stalls {
			threads = len(j.names)
		}
		all.Go(func() {
			errs[i] = j.host.Lookups(j.names, threads, func(l lab.Lookup) {
				t.add(j.host, l)
				s.done.Add(1)
			})
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
