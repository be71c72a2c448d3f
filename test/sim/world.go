package sim

import (
	"fmt"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/test/world"
)

// Options say what a world is like at the start.
type Options struct {
	// Seed decides everything that is left to chance.
	Seed uint64
	// Hosts that take part, all on one link with one resolver each asks.
	Hosts int
	// Loss is the share of datagrams lost between hosts, each delivery on its
	// own; ServerLoss that of questions and replies of the DNS servers.
	Loss, ServerLoss float64
	// Delay of a datagram between hosts (0.2 ms if 0); Jitter is added to it,
	// evenly from 0 to Jitter, so that datagrams overtake each other.
	Delay, Jitter time.Duration
	// Servers of every host (1 if 0), each answering after Reply (20 ms if 0).
	Servers int
	Reply   time.Duration
	// Single leaves out IPv4: one datagram for each HELLO instead of two.
	Single bool
	// Wireless says so of every link.
	Wireless bool
	// Disks survive a power cut if true; else every boot starts empty.
	Disks bool
	// Start spreads the boots of the hosts over this time.
	Start time.Duration
	// Drift is the most that clocks go wrong, in parts in a million; each host
	// has its own between -Drift and +Drift.
	Drift int
	// Sealed makes every datagram go through gocore/trust and gocore/wire as
	// bytes. Without it they are counted at their size and shared as decoded.
	Sealed bool
	// Cores to spread deliveries over (1 if 0). The run is the same on any.
	Cores int
	// Zone is what the DNS servers know (an empty Names if nil).
	Zone Zone
	// Settings are those of every host but for servers and links; the zero
	// value stands for the defaults of mcdnsd.conf(5).
	Settings node.Settings
	// Make makes the node of a host, node.New if nil. Tests plant faults here.
	Make func(node.Config) Node
	// Stopwatch, if set, says how much time the run has cost so far; Spent is
	// then kept.
	Stopwatch func() time.Duration
	// Watch is how many hosts, the first ones, have every change of an answer
	// checked (all if 0); the others are looked at from time to time.
	Watch int
}

// A Node is what a host runs: gocore/node, or what a test puts in its place.
type Node interface {
	Handle(now time.Duration, in node.Input) []node.Effect
	NextWake(now time.Duration) (time.Duration, bool)
	Status(now time.Duration) node.Status
	// Upstream is Status.Upstream without the walk through everything held.
	Upstream() node.State
	Peers(now time.Duration) []node.PeerStatus
	Entry(now time.Duration, q dns.Question) (node.Entry, bool)
	// Changes are the answers that changed since a mark (0 is everything), and
	// the mark for the next call.
	Changes(now time.Duration, mark uint64) ([]node.Entry, uint64)
}

// Spent is what part of the run's cost went where, by Options.Stopwatch.
type Spent struct {
	Deliveries time.Duration // of datagrams and of the pages of streams to hosts
}

// A World is hosts, links, DNS servers and what is about to happen to them.
type World struct {
	opt     Options
	now     time.Duration
	queue   world.Queue[event]
	hosts   []*Host
	servers []*Server
	lan     lan
	zone    Zone
	load    *Load
	births  births
	tape    *tape
	rings   []keyring
	flows   map[uint64]*flow
	digest  uint64
	ids     uint64 // of datagrams, flows and whatever else needs a number
	Tally   *Tally
	Spent   Spent
	Checks  *Checks
	trace   *Trace
	pool    *pool
	turns   uint64 // events that happened
	samples uint64 // calls of sampled
}

// New makes a world and boots its hosts.
func New(opt Options) *World { return begin(opt, nil) }

func begin(opt Options, trace *Trace) *World {
	opt = opt.withDefaults()
	w := &World{opt: opt, trace: trace, zone: opt.Zone, Tally: &Tally{}, digest: opt.Seed}
	w.births.init()
	w.flows = map[uint64]*flow{}
	w.Checks = newChecks(opt)
	w.lan.init(opt)
	w.pool = newPool(opt.Cores)
	for i := range opt.Servers {
		w.servers = append(w.servers, newServer(i, opt))
	}
	for i := range opt.Hosts {
		w.hosts = append(w.hosts, newHost(w, i))
	}
	w.groupKeys()
	for i, h := range w.hosts {
		w.lan.know(h.links[0])
		if opt.Start == 0 {
			w.boot(h)
			continue
		}
		at := time.Duration(chance(opt.Seed, 1, uint64(i)) * float64(opt.Start))
		w.queue.Push(at, event{kind: evBoot, host: int32(i)})
	}
	w.queue.Push(watchEvery, event{kind: evWatch})
	return w
}

func (o Options) withDefaults() Options {
	o.Servers = max(o.Servers, 1)
	o.Cores = max(o.Cores, 1)
	if o.Delay == 0 {
		o.Delay = 200 * time.Microsecond
	}
	if o.Reply == 0 {
		o.Reply = 20 * time.Millisecond
	}
	if o.Zone == nil {
		o.Zone = NewNames()
	}
	if o.Watch == 0 {
		o.Watch = o.Hosts
	}
	if o.Make == nil {
		o.Make = newNode
	}
	o.Settings = defaults(o.Settings)
	return o
}

// Now is the time since the world began.
func (w *World) Now() time.Duration { return w.now }

// Digest stands for everything that has happened so far.
func (w *World) Digest() uint64 { return w.digest }

// Hosts are those there are, up or not.
func (w *World) Hosts() []*Host { return w.hosts }

// Server is the i-th DNS server.
func (w *World) Server(i int) *Server { return w.servers[i] }

// Run lets d pass.
func (w *World) Run(d time.Duration) {
	end := w.now + d
	w.RunUntil(func() bool { return false }, end)
	w.now = end
}

// RunUntil lets time pass until done says so, or the world's time is end.
func (w *World) RunUntil(done func() bool, end time.Duration) {
	for {
		next, some := w.queue.Next()
		if !some || next > end || done() {
			return
		}
		w.warmNext()
		at, e := w.queue.Pop()
		w.now = max(w.now, at)
		w.happen(at, e)
	}
}

// happen does what an event of this time says.
func (w *World) happen(at time.Duration, e event) {
	switch e.kind {
	case evBoot:
		if h := w.hosts[e.host]; h.boots == 0 {
			h.clock.boot = w.now
			w.boot(h)
		}
	case evWake:
		h := w.hosts[e.host]
		if h.wakeAt == at {
			h.wakeAt = noWake
		}
		if h.runs(e.run) {
			w.handle(h, node.Wake{})
		}
	case evDatagram:
		d := e.what.(*datagram)
		time := w.timed
		if d.to != nil {
			time = w.sampled
		}
		time(&w.Spent.Deliveries, func() { w.deliver(d, e.n) })
	case evReply:
		w.reply(e)
	case evLookup:
		w.load.next(w, e.n)
	case evPulled:
		w.timed(&w.Spent.Deliveries, func() { w.pulled(e) })
	case evPage:
		w.timed(&w.Spent.Deliveries, func() { w.page(e) })
	case evClosed:
		w.closed(e)
	case evSave:
		w.save(e)
	case evWatch:
		w.Checks.watch(w)
		w.queue.Push(w.now+watchEvery, event{kind: evWatch})
	}
}

// timed adds what f costs to a sum.
func (w *World) timed(sum *time.Duration, f func()) {
	if w.opt.Stopwatch == nil {
		f()
		return
	}
	began := w.opt.Stopwatch()
	f()
	*sum += w.opt.Stopwatch() - began
}

// sampleEvery: to look at a thread's clock costs as much as to serve one host, so that
// one in seven stands for the others; what comes in twos and fours must not meet it
// always or never.
const sampleEvery = 7

// sampled adds to a sum what many small things like f cost.
func (w *World) sampled(sum *time.Duration, f func()) {
	if w.samples++; w.samples%sampleEvery != 0 {
		f()
		return
	}
	var one time.Duration
	w.timed(&one, f)
	*sum += sampleEvery * one
}

// number gives out numbers, each once.
func (w *World) number() uint64 {
	w.ids++
	return w.ids
}

// note folds what happened into the digest.
func (w *World) note(what ...uint64) {
	d := mix(w.digest, uint64(w.now))
	for _, v := range what {
		d = mix(d, v)
	}
	w.digest = d
}

// handle hands an input to a host's node and does what it wants done.
func (w *World) handle(h *Host, in node.Input) {
	effects := h.handle(w, in)
	w.apply(h, effects)
	w.rearm(h)
}

// rearm sees to it that a host is woken when its node wants to be. A wake-up
// that is due earlier is left alone: waking early does no harm.
func (w *World) rearm(h *Host) {
	if !h.up {
		return
	}
	next, ok := h.node.NextWake(h.clock.read(w.now))
	if !ok {
		return
	}
	at := max(h.clock.when(next), w.now)
	if at == w.now {
		if h.stuck++; h.stuck > 1000 {
			w.Checks.fail(w, h, "progress", fmt.Sprintf("asks 1000 times in a row to be woken at once, now for %v", next))
			at, h.stuck = w.now+time.Millisecond, 0
		}
	} else {
		h.stuck = 0
	}
	if h.wakeAt == noWake || at < h.wakeAt {
		h.wakeAt = at
		w.queue.Push(at, event{kind: evWake, host: int32(h.Index), run: h.run})
	}
}

// AllDown reports whether every host that is up knows that upstream is down.
func (w *World) AllDown() bool { return w.all(node.Down) }

// AllUp reports whether every host that is up has its servers back.
func (w *World) AllUp() bool { return w.all(node.Up) }

func (w *World) all(s node.State) bool {
	for _, h := range w.hosts {
		if h.runs(h.run) && h.node.Upstream() != s {
			return false
		}
	}
	return true
}
