package fetch

import (
	"math/rand/v2"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/order"
	"mcdns/gocore/upstream"
)

// A Fetcher has all that is asked of the DNS servers. It is not safe for concurrent use.
type Fetcher struct {
	host     Host
	upstream *upstream.Upstream
	order    *order.Order
	rand     *rand.Rand
	set      Settings

	made    uint64                  // fetches of this run
	fetches map[uint64]*fetch       // until nothing that was asked for them is of use
	of      map[dns.Question]*fetch // the one that is under way, but for probes
	asks    map[uint64]*ask
}

// Config is what a Fetcher is made with and keeps. Rand is the only randomness.
type Config struct {
	Host     Host
	Upstream *upstream.Upstream
	Order    *order.Order
	Rand     *rand.Rand
}

// Settings may change while it runs: Timeout and Attempts are those of resolv.conf, Rotate
// spreads questions over the servers.
type Settings struct {
	Timeout  time.Duration
	Attempts int
	Rotate   bool
}

// New makes one that has asked nothing.
func New(c Config) *Fetcher {
	return &Fetcher{
		host: c.Host, upstream: c.Upstream, order: c.Order, rand: c.Rand,
		fetches: make(map[uint64]*fetch), of: make(map[dns.Question]*fetch), asks: make(map[uint64]*ask),
	}
}

// Configure replaces the settings.
func (x *Fetcher) Configure(s Settings) { x.set = s }

// A fetch asks the servers one question, one after another and again, until
// one answers or its time is up.
type fetch struct {
	no       uint64 // no other of this run has it
	q        dns.Question
	asker    uint32
	kind     Purpose
	began    time.Duration
	deadline time.Duration
	listens  time.Duration // until then a reply is of use
	tries    []try
	sends    int
	underway
	done bool
	said dns.RcodeError // by the server that last said something
	// ordered: it keeps to the order of the servers; by is a later one that answered while
	// an earlier may still do. failed: it ended without an answer, which may still come.
	// own are the options of all who wait, allowed is the longest time that any of them
	// gives it (options.go).
	own     Options
	allowed time.Duration
	ordered bool
	by      upstream.ID
	failed  bool
}

// What of a fetch is under way: at is the server that was asked last, by the last ask.
type underway struct {
	asks  []uint64
	late  []uint64 // asks whose replies are of use though it is done
	turns uint64   // that were given to servers
	at    upstream.ID
	last  uint64
}

// A try is how far a fetch has got with one server.
type try struct {
	server upstream.ID
	to     upstream.Server
	sent   int
	began  time.Duration // when it was first asked
	turn   uint64        // its turn, 0 if that has no end
	failed bool          // it said that it has no answer
	passed bool          // its turn is over; its reply may still come
	// nowhere: what was sent did not reach it, as the network says.
	nowhere bool
}

// An ask is one question to one server.
type ask struct {
	fetch  *fetch
	server upstream.ID
	to     upstream.Server
	sent   time.Duration
	over   bool // counted as a time-out, or unreachable
	tcp    bool // by a program's own wish: no evidence for or against the server
}

// Bounds of one fetch (as unbound's; more tries, see maxTries).
const (
	maxTries = 10 // of one server: with 5, one lookup in 50 fails where a fifth of all frames is lost
	maxSends = 32
	// A fallback server is asked to the end of the three seconds, each as long after
	// the last: with ten tries, done after 1.4 s, a lookup in 20,000 failed there.
	fallbackTries = 18
)

// Under reports whether a question is being put to the servers, and why.
func (x *Fetcher) Under(q dns.Question) (why Purpose, is bool) {
	f := x.of[q]
	if f == nil {
		return 0, false
	}
	return f.kind, true
}

// Start asks the servers, unless they are being asked the same already.
func (x *Fetcher) Start(now time.Duration, q dns.Question, why Purpose, asker uint32) {
	servers := x.order.Servers(q)
	if why == Fallback {
		servers = x.upstream.Fallback()
	}
	if f := x.of[q]; f != nil && (f.kind == Fallback || why != Fallback) {
		return
	}
	x.Abandon(now, q)
	f := x.begin(now, q, why, servers)
	f.asker = asker
	x.of[q] = f
	x.sendNext(now, f)
}

// restart begins a fetch anew for those who wait.
func (x *Fetcher) restart(now time.Duration, f *fetch) {
	x.Abandon(now, f.q)
	x.Start(now, f.q, Demand, f.asker)
}

func (x *Fetcher) begin(now time.Duration, q dns.Question, why Purpose, servers upstream.List) *fetch {
	f := x.add(&fetch{q: q, kind: why, began: now})
	f.own, f.allowed = x.wanted(q, why, servers.Len())
	f.deadline, f.listens = now+x.fetchTime(now, f), now+f.allowed
	rotates := x.set.Rotate || f.own.Rotate
	f.ordered = why != Fallback && !rotates
	shift := 0
	if rotates && servers.Len() > 0 {
		shift = x.rand.IntN(servers.Len())
	}
	for i := range servers.Len() {
		id, to := servers.At((i + shift) % servers.Len())
		f.tries = append(f.tries, try{server: id, to: to})
	}
	x.after(now, f.deadline-now, Timer{Due: timeDue, Key: f.no})
	return f
}

func (x *Fetcher) add(f *fetch) *fetch {
	x.made++
	f.no = x.made
	x.fetches[f.no] = f
	return f
}

// Probe asks one server once, in order to learn whether it answers. It is taken for
// silent after wait, and listened to for longer.
func (x *Fetcher) Probe(now time.Duration, id upstream.ID, to upstream.Server, q dns.Question, wait time.Duration) {
	t := try{server: id, to: to, sent: maxTries}
	f := x.add(&fetch{q: q, kind: Probe, asker: Itself, began: now, deadline: now + upstream.ProbeListens, tries: []try{t}, sends: 1})
	no := x.host.ID()
	f.asks = []uint64{no}
	f.at, f.last = id, no
	x.asks[no] = &ask{fetch: f, server: id, to: to, sent: now}
	x.host.Ask(Probe, Ask{ID: no, Server: to.Addr, Question: q, Asker: Itself, Patience: f.deadline - now})
	x.after(now, wait, Timer{Due: overdueDue, Key: no})
	x.after(now, f.deadline-now, Timer{Due: timeDue, Key: f.no})
}

// Again asks at once, as servers are back: the time-outs have grown meanwhile, by up to
// two seconds in a silence of one. Fallback servers are asked in outages only.
func (x *Fetcher) Again(now time.Duration, q dns.Question, asker uint32) {
	if f := x.of[q]; f != nil && f.kind != Fallback {
		x.sendNext(now, f)
		return
	}
	x.Abandon(now, q)
	x.Start(now, q, Demand, asker)
}

// Slept takes it that nothing which is under way counts against a server.
func (x *Fetcher) Slept() {
	for _, a := range x.asks {
		a.over = true
	}
}

// Held counts what waits for replies.
func (x *Fetcher) Held() (fetches, asks int) { return len(x.fetches), len(x.asks) }
