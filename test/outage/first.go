package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"mcdns/test/lab"
	"mcdns/test/story"
)

// What is promised where the first of two servers is lost.
const (
	foundOutWithin = 1500 * time.Millisecond
	whileFinding   = 1200 * time.Millisecond // a lookup, until then
	onceFound      = 10 * time.Millisecond   // a lookup, from then on
	firstEvery     = 100 * time.Millisecond  // one on each host that has lost it
	freshFor       = 5 * second              // never-seen names are among them

	// A limit of milliseconds is checked on the best of three: a shared machine keeps
	// one process or another waiting in most seconds.
	rounds   = 3
	roundFor = 3500 * time.Millisecond
)

// firstLost loses the first of two servers that disagree: A, which knows the names
// of the site, and B, which says of them that they do not exist. Half of the hosts
// have [A, B], the others [B, A]. Then both are lost.
func (e *evening) firstLost(end string, loss float64) job {
	title := fmt.Sprintf("first of two, %s, %s loss", end, percent(loss))
	run := func(r *result) error {
		t, err := e.newTrial(title, r, loss, lab.Config{Hosts: e.hosts, Servers: 2, Stopped: true})
		if err != nil {
			return err
		}
		defer t.close()
		t.end = end
		f := &firstOfTwo{trial: t}
		return t.chapters(f.configure, t.lan.WaitPeers, f.learn, t.rest,
			func() error { return e.undisturbed(f.loseFirst) }, f.loseBoth)
	}
	return job{title, run, run}
}

type firstOfTwo struct {
	*trial
	ab, ba        []*lab.Host // hosts with A before B, and with B before A
	inside, world []string    // names that A alone knows, and that both know
	stalls        *stalls
}

// configure gives B its own data, and the hosts their lists.
func (f *firstOfTwo) configure() error {
	for i := range f.Hosts {
		f.inside = append(f.inside, f.names.Host(fmt.Sprintf("inside%d.example", i), 1, 1), f.names.Host(fmt.Sprintf("here%d.example", i), 2, 0))
		f.world = append(f.world, f.names.Host(fmt.Sprintf("world%d.example", i), 1, 1))
	}
	f.Names = len(f.inside) + len(f.world)
	servers := f.lan.Servers
	if err := servers[1].Knows(f.names.Zone.Only(f.world...)); err != nil {
		return err
	}
	for i, h := range f.lan.Hosts {
		first, second := servers[0], servers[1]
		if i%2 == 1 {
			first, second = second, first
			f.ba = append(f.ba, h)
		} else {
			f.ab = append(f.ab, h)
		}
		if err := h.SetResolvConf(fmt.Sprintf("nameserver %s\nnameserver %s\n", first.Host.Addr, second.Host.Addr)); err != nil {
			return err
		}
		for _, s := range servers {
			if err := reach(h, s.Host.Addr.String()); err != nil {
				return err
			}
		}
	}
	return f.lan.StartMcdnsd()
}

// learn makes each name known: every host that asks A first holds all names of A by
// itself, for what lost frames keep from it nobody tells it while B answers. The other
// names are shared by the hosts that ask B first. Two of them look up each: where lost
// frames make B silent for a second A answers, and its answer is lent, not kept. At 20 %
// loss 3 of 20 names were held by nobody when both servers were lost.
func (f *firstOfTwo) learn() error {
	p := f.part("first lookups, both servers alive")
	alone := func(h *lab.Host) error { return f.trial.learn(p, h, f.inside) }
	next := append(slices.Clone(f.ba[1:]), f.ba[0])
	err := errors.Join(eachHost(f.ab, alone), f.share(p, f.ba, f.world), f.share(p, next, f.world))
	f.learnt = time.Now()
	f.say("%s", p)
	return err
}

// share divides the lookups of names among hosts.
func (f *firstOfTwo) share(p *part, hosts []*lab.Host, names []string) error {
	number := map[*lab.Host]int{}
	for i, h := range hosts {
		number[h] = i
	}
	return eachHost(hosts, func(h *lab.Host) error {
		return f.trial.learn(p, h, every(names, number[h], len(hosts)))
	})
}

// loseFirst loses A: the hosts that ask it first look up what it said, and what
// nobody has looked up and both know.
func (f *firstOfTwo) loseFirst() error {
	f.say("A is %s; B says of A's names that they do not exist", f.word())
	fresh := f.newInWorld("new")
	f.stalls = watchStalls()
	defer f.stalls.stop()
	all, err := newCallers(f.ab)
	if err != nil {
		return err
	}
	if err := f.strike(); err != nil {
		return err
	}
	begin := time.Now()
	for n := range len(all) * int((foundOutWithin+rounds*roundFor)/firstEvery) {
		i, k := n/len(all), n%len(all)
		name := f.inside[(i+k)%len(f.inside)]
		if i%10 == 4 && i < int(freshFor/firstEvery) {
			name = fresh[(i/10)*len(all)+k]
		}
		// One host after another, as users do. Ten at the same moment on two cores waited
		// for one another: a p50 of 4 ms, and a slowest of 8 to 11 ms where 10 are wanted.
		// Between them each asks for a name of its /etc/hosts, to show what the machine took.
		at := begin.Add(time.Duration(n) * firstEvery / time.Duration(len(all)))
		for i, name := range []string{name, "localhost"} {
			if err := all[k].lookUnlessUnderWay(name); err != nil {
				return err
			}
			time.Sleep(time.Until(at.Add(time.Duration(i+1) * firstEvery / time.Duration(2*len(all)))))
		}
	}
	calls, err := all.finish()
	f.judgeFirst(begin, calls)
	return err
}

// newInWorld makes names that both servers know and that nobody has looked up: five
// for each host that asks A first.
func (f *firstOfTwo) newInWorld(word string) []string {
	fresh := f.fresh(word, 5*len(f.ab))
	f.lan.Servers[1].Knows(f.names.Zone.Only(slices.Concat(f.world, fresh)...))
	return fresh
}

func (f *firstOfTwo) judgeFirst(begin time.Time, calls []call) {
	finding, fresh := f.part("first lost: held names, being found out"), f.part("first lost: never-seen names")
	files := f.part("beside, by files")
	var found []*part
	for n := range rounds {
		found = append(found, f.part(fmt.Sprintf("first lost: held names, from %v on", foundOutWithin+time.Duration(n)*roundFor)))
	}
	for _, c := range calls {
		after := c.at.Sub(begin)
		switch {
		case c.Name == "localhost":
			files.program = append(files.program, c.Took)
			files.Lookups++
			files.Right++
		case !slices.Contains(f.inside, c.Name):
			fresh.add(f.names, c.host, c.Lookup)
		case after < foundOutWithin:
			finding.add(f.names, c.host, c.Lookup)
		default:
			f.addFound(found[min(int((after-foundOutWithin)/roundFor), rounds-1)], c, after)
		}
	}
	for _, p := range append(found, finding, fresh, files) {
		f.say("%s%s", p, voids(p))
		f.wantAll(p)
	}
	f.wantSlowest(finding, whileFinding)
	f.wantSlowestOfBest(found, onceFound)
	if f.loss == 0 {
		f.wantSlowest(fresh, whileFinding)
	}
}

// addFound counts a lookup of a held name on a host that has found out, but for a slow
// one that the machine stalled.
func (f *firstOfTwo) addFound(p *part, c call, after time.Duration) {
	if c.Took > onceFound && f.stalls.within(c.at, c.at.Add(c.Took)) {
		p.Void++
		return
	}
	if c.Took > onceFound {
		p.complain(fmt.Sprintf("%s: %s took %v, after %v", c.host.Name, c.Name, c.Took, after))
	}
	p.add(f.names, c.host, c.Lookup)
}

// wantSlowestOfBest wants no lookup of the best round to have taken more than limit.
// Few may be void there: with most of them so, the slowest would be judged among those
// that the machine let be quick. On two cores with other work beside 2 to 15 % were.
func (t *trial) wantSlowestOfBest(rounds []*part, limit time.Duration) {
	var worst []float64
	for _, p := range rounds {
		if made := p.Lookups + p.Void; made > 0 && 100*p.Lookups >= 80*made {
			worst = append(worst, p.program.Quantile(1))
		}
	}
	best := fmt.Sprintf("no round of which 80 %% count, of %d", len(rounds))
	if len(worst) > 0 {
		best = fmt.Sprintf("%.2f, best of %.2f", slices.Min(worst), worst)
	}
	t.want(rounds[0].Part+": slowest of the best round (ms)", fmt.Sprintf("<= %d", limit.Milliseconds()), best,
		len(worst) > 0 && slices.Min(worst) <= float64(limit.Milliseconds()))
}

func (t *trial) wantSlowest(p *part, limit time.Duration) {
	worst := p.program.Quantile(1)
	t.want(p.Part+": slowest (ms)", fmt.Sprintf("<= %d", limit.Milliseconds()), worst, worst <= float64(limit.Milliseconds()))
}

// loseBoth loses B as well: every host answers what any host learnt, whichever
// server it asks first.
func (f *firstOfTwo) loseBoth() error {
	f.say("both are %s", f.word())
	if err := f.strikeServer(f.lan.Servers[1]); err != nil {
		return err
	}
	begin := time.Now()
	// Hosts find out by looking up: of SERVFAIL it takes three names (PROTOCOL 5.5).
	err := eachHost(f.lan.Hosts, func(h *lab.Host) error { return h.Lookups(f.world[:4], 4, func(lab.Lookup) {}) })
	if err != nil {
		return err
	}
	err = await("every host knows that both are lost", func() bool {
		return !slices.ContainsFunc(f.lan.Hosts, func(h *lab.Host) bool {
			s, err := h.Status()
			return err != nil || s.Upstream != "down"
		})
	})
	f.say("every host knows after %.1f s", time.Since(begin).Seconds())
	f.want("both lost: every host knows of the outage", true, err == nil, err == nil)
	own, others := f.part("both lost: every name where A is first"), f.part("both lost: every name where B is first")
	err = errors.Join(err, f.evening.undisturbed(func() error {
		return errors.Join(eachHost(f.ab, func(h *lab.Host) error { return f.byProgram(own, h, slices.Concat(f.inside, f.world)) }),
			eachHost(f.ba, func(h *lab.Host) error { return f.byProgram(others, h, f.world) }),
			eachHost(f.ba, func(h *lab.Host) error {
				return h.Lookups(f.inside, 1, func(l lab.Lookup) { others.addDenied(f.names, h, l) })
			}))
	}))
	for _, p := range []*part{own, others} {
		f.say("%s", p)
		f.wantAll(p)
	}
	return err
}

// addDenied counts a lookup of a name of A on a host that asks B first. B's denial is
// right there: with nss-dns such a host hears of these names from B alone, always that
// they do not exist, and B's word is good while it is the first server. With both lost
// every server's answer is good: if nobody on the LAN asked B for the name, A's address,
// which the other hosts tell, is all there is, and right as well.
func (p *part) addDenied(names *story.Names, h *lab.Host, l lab.Lookup) {
	want := names.Addresses(l.Name)
	if l.Result == "NONAME" || l.Result == "OK" && !slices.ContainsFunc(l.Addrs, func(a string) bool { return !slices.Contains(want, a) }) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.program = append(p.program, l.Took)
		p.Lookups++
		p.Right++
		return
	}
	p.add(names, h, l)
}

// stalls is when the machine woke a sleeper too late.
type stalls struct {
	mu         sync.Mutex
	late       []stall
	quit, over chan struct{}
}

type stall struct{ from, to time.Time }

func watchStalls() *stalls {
	s := &stalls{quit: make(chan struct{}), over: make(chan struct{})}
	go func() {
		defer close(s.over)
		const nap = 2 * time.Millisecond
		for last := time.Now(); ; last = time.Now() {
			select {
			case <-s.quit:
				return
			case <-time.After(nap):
				s.note(last, time.Now(), nap)
			}
		}
	}()
	return s
}

func (s *stalls) note(from, to time.Time, nap time.Duration) {
	if to.Sub(from)-nap < stallFloor {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = append(s.late, stall{from, to})
}

// within reports whether the machine's stalls within a time sum up to what makes a
// lookup of a millisecond a slow one.
func (s *stalls) within(from, to time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sum time.Duration
	for _, l := range s.late {
		if l.to.After(from) && l.from.Before(to) {
			sum += l.to.Sub(l.from)
		}
	}
	return sum >= stallShare
}

// stallShare of a lookup's time: the sleeper is woken before many who wait longer.
const stallShare = 3 * time.Millisecond

func (s *stalls) stop() {
	close(s.quit)
	<-s.over
}
