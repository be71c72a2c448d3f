package sim

import (
	"fmt"
	"strings"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// watchEvery is how often the checkers look around.
const watchEvery = 5 * time.Second

// A Fault is a promise of the protocol that was not kept.
type Fault struct {
	At    time.Duration
	Host  string
	Check string
	Text  string
}

func (f Fault) String() string {
	return fmt.Sprintf("%.3f %s: %s: %s", f.At.Seconds(), f.Host, f.Check, f.Text)
}

// Checks look at everything that happens and note what must not. They know
// what no host knows: the true age of every answer, what the servers would
// have said, who holds which key.
type Checks struct {
	// Replay is the command that runs this again, shown with a fault.
	Replay string
	// Faults are the first of each check, and Count how many there were.
	Faults []Fault
	Count  map[string]int

	opt     Options
	lastBad time.Duration            // a question of anybody got no answer in time
	changed time.Duration            // servers, links or hosts were changed
	bad     map[badKey]time.Duration // by host and question
	turn    int
	living  int           // hosts that are up
	late    time.Duration // the longest that a datagram took so far
	slept   time.Duration // the longest that a host slept so far
}

type badKey struct {
	host int
	q    dns.Question
}

func newChecks(opt Options) *Checks {
	return &Checks{
		opt: opt, Count: map[string]int{}, bad: map[badKey]time.Duration{},
		late: opt.Delay + opt.Jitter, living: opt.Hosts, lastBad: noWake, changed: noWake,
	}
}

// fail notes a fault.
func (c *Checks) fail(w *World, h *Host, check, text string) {
	c.report(Fault{w.now, h.Name, check, text})
}

func (c *Checks) report(f Fault) {
	if c.Count[f.Check]++; c.Count[f.Check] <= 3 {
		c.Faults = append(c.Faults, f)
	}
}

// Err is nil if nothing was found, else says what and how to see it again.
func (c *Checks) Err() error {
	if len(c.Faults) == 0 {
		return nil
	}
	var b strings.Builder
	for _, f := range c.Faults {
		fmt.Fprintf(&b, "%v\n", f)
	}
	for _, name := range checkNames {
		if n := c.Count[name]; n > 3 {
			fmt.Fprintf(&b, "%s: %d times in all\n", name, n)
		}
	}
	fmt.Fprintf(&b, "see it again: %s", c.Replay)
	return fmt.Errorf("%s", b.String())
}

// checkNames are the checks there are.
var checkNames = []string{"early", "age", "birth", "stands", "deadline", "agree", "budget", "memory", "key", "proof", "ttl", "form", "progress"}

// disturbed notes that something was broken or mended.
func (c *Checks) disturbed(w *World) { c.changed = w.now }

// badAsk notes that a question to a server gets no answer in time: this host
// may serve stale for it.
func (c *Checks) badAsk(w *World, h *Host, q dns.Question) {
	c.bad[badKey{h.Index, q}] = w.now
	c.lastBad = w.now
}

const (
	// excuse is how long a failure is remembered at most (PROTOCOL 5.10).
	excuse = 5 * time.Minute
	// calm is how long one bad question may make a host wary of a server.
	calm = 10 * time.Second
)

// grace is how long after the end of a disturbance everybody must be back:
// the two ranked first probe every 5 s and tell; who misses that probes once
// in his own HELLO interval.
func (c *Checks) grace() time.Duration {
	g := 15 * time.Second
	if c.opt.Loss > 0 || c.opt.ServerLoss > 0 || c.opt.Jitter > 0 {
		g += 3 * helloInterval(c.opt.Hosts)
	}
	return g
}

func helloInterval(n int) time.Duration {
	return max(10*time.Second, time.Duration(n)*time.Second/2)
}

// mayBeStale says whether a stale answer is excused.
func (c *Checks) mayBeStale(w *World, h *Host, q dns.Question) bool {
	ago := func(t time.Duration) time.Duration {
		if t == noWake {
			return 1 << 62
		}
		return w.now - t
	}
	if ago(h.lastBad) < calm || ago(c.lastBad) < c.grace() {
		return true
	}
	if at, ok := c.bad[badKey{h.Index, q}]; ok && ago(at) < excuse {
		return true
	}
	if ago(c.changed) < c.grace() {
		return true
	}
	for _, s := range h.settings.Servers {
		if srv := w.serverAt(s.Addr); srv != nil && !h.cut[srv.Index] && srv.healthy() {
			return false
		}
	}
	return true
}

// responded checks what a program was told.
func (c *Checks) responded(w *World, h *Host, l *lookup, r node.Result) {
	c.prolong(w, h, l)
	if took := w.now - l.at; took > l.limit+c.slack() {
		c.fail(w, h, "deadline", fmt.Sprintf("%s answered after %v; want %v at most", show(l.q), took, l.limit))
	}
	if r.Answer == nil {
		return
	}
	if r.Answer.Question != l.q {
		c.fail(w, h, "form", fmt.Sprintf("asked %s, answered %s", show(l.q), show(r.Answer.Question)))
	}
	c.trueAge(w, h, r.Answer, r.Age, c.report)
	c.given(w, h, l.q, r)
	if r.Stale && !l.missed && !c.mayBeStale(w, h, l.q) {
		c.fail(w, h, "early", fmt.Sprintf("%s served %v old with a TTL of %v while its server answers in time", show(l.q), r.Age, r.Answer.TTL))
	}
}

// given checks the TTL that programs get.
func (c *Checks) given(w *World, h *Host, q dns.Question, r node.Result) {
	const stale = 30 * time.Second
	switch {
	case r.Stale && r.TTL > stale:
		c.fail(w, h, "ttl", fmt.Sprintf("%s is stale and given %v; want 30s at most", show(q), r.TTL))
	case !r.Stale && r.Answer.TTL > 0 && r.Age >= r.Answer.TTL:
		c.fail(w, h, "ttl", fmt.Sprintf("%s is %v old with a TTL of %v and called fresh", show(q), r.Age, r.Answer.TTL))
	case !r.Stale && r.TTL > max(r.Answer.TTL-r.Age, 0)+time.Second:
		c.fail(w, h, "ttl", fmt.Sprintf("%s is given %v of a TTL of %v at age %v", show(q), r.TTL, r.Answer.TTL, r.Age))
	}
}

// slack is what a deadline may be missed by: a tick of the clock.
func (c *Checks) slack() time.Duration { return 50 * time.Millisecond }

// deadline is how long a lookup that begins now may take: as long as
// resolv.conf says while the host believes that its servers are up, else 3 s.
func (c *Checks) deadline(w *World, h *Host) time.Duration {
	const ill = 3 * time.Second
	full := h.settings.Timeout * time.Duration(h.settings.Attempts)
	if h.Index >= c.opt.Watch || w.truth(h) == node.Up || h.node.Upstream() == node.Up {
		return full
	}
	return ill
}

// prolong lets a lookup take its whole time if a server came up meanwhile (PROTOCOL 5.10).
func (c *Checks) prolong(w *World, h *Host, l *lookup) { l.limit = max(l.limit, c.deadline(w, h)) }

// ageError is by how much an age may be too small: what a proof took to arrive, rounding, the clocks' drift and the 200 ppm by which offsets are let
// rise (PROTOCOL 1.2), for as long as a host was not heard: one that sleeps may, once awake, take a page as if it had come in no time.
func (c *Checks) ageError(age time.Duration) time.Duration {
	ppm := time.Duration(200 + 2*c.opt.Drift)
	return 10*time.Millisecond + 2*c.late + (age+c.slept+3*helloInterval(c.opt.Hosts))/1_000_000*ppm
}

// trueAge checks an answer's birth and its age against the truth.
func (c *Checks) trueAge(w *World, h *Host, a *dns.Answer, age time.Duration, report func(Fault)) {
	born, known := w.births.at(a)
	if !known {
		report(Fault{w.now, h.Name, "birth", fmt.Sprintf("%s was never fetched as its birth says: %x at %v", show(a.Question), a.Birth.ID, a.Birth.Clock)})
		return
	}
	if really := w.now - born; age < really-c.ageError(really) {
		report(Fault{w.now, h.Name, "age", fmt.Sprintf("%s is said to be %v old; it is %v", show(a.Question), age, really)})
	}
}

// life is how long an answer is fresh on a host (PROTOCOL 2.10).
func (c *Checks) life(a *dns.Answer, own bool) time.Duration {
	life := min(a.TTL, c.opt.Settings.MaxTTL)
	if !own {
		life = min(life, 4*time.Hour)
	}
	if a.Kind != dns.Positive {
		life = min(life, c.opt.Settings.NegativeTTL)
	}
	return life
}

func show(q dns.Question) string { return q.Name + " " + dns.TypeName(q.Type) }
