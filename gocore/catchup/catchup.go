package catchup

import (
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/limit"
	"mcdns/gocore/wire"
)

// A Catcher opens streams for what this host missed and for answers too long for a
// datagram, and serves those that peers open.
type Catcher struct {
	host  Host
	store Store
	group *group.Group
	rand  *rand.Rand

	began    time.Duration // when sharing began
	pulls    map[uint64]*stream
	catching map[uint64]*pull // catch-ups under way, by number
	last     uint64           // number
	caught   bool             // caught up with the group since start or absence
	// caughtFrom is how much the peers it caught up from said they hold, at most.
	caughtFrom int
	repair     repairer
	exports    map[uint64]*export
	rate       limit.Bucket // of exports
}

// New makes a Catcher of a group.
func New(h Host, s Store, g *group.Group, r *rand.Rand) *Catcher {
	c := &Catcher{host: h, store: s, group: g, rand: r}
	c.Clear()
	return c
}

// Clear forgets what is under way.
func (c *Catcher) Clear() {
	c.pulls, c.catching, c.exports = make(map[uint64]*stream), make(map[uint64]*pull), make(map[uint64]*export)
	c.Isolated()
	c.repair = repairer{}
}

// Began says when sharing began.
func (c *Catcher) Began(now time.Duration) { c.began = now }

// Isolated says that nobody is there: whoever comes next knows what was missed.
func (c *Catcher) Isolated() { c.caught, c.caughtFrom = false, 0 }

// Slept says that this host was away for so long.
func (c *Catcher) Slept(now, away time.Duration) { c.catchUp(now, away) }

// Proven says that a peer is proven: the first one is caught up with.
func (c *Catcher) Proven(now time.Duration, m *group.Member) {
	if !c.caught {
		c.catchUp(now, c.absent(now))
	}
	if c.holdsMuchMore(m) {
		c.catchUpMore(now)
	}
}

// HeardHello compares what a member says of itself with what is held here.
func (c *Catcher) HeardHello(now time.Duration, m *group.Member, h *wire.Hello) {
	c.noteNumbers(m, h)
	if c.holdsMuchMore(m) {
		c.catchUpMore(now)
	}
}

// Held is how much a Catcher keeps.
func (c *Catcher) Held() (pulls, catchUps, exports int) {
	return len(c.pulls), len(c.catching), len(c.exports)
}

// A pull is what this host opened streams for: to catch up, or for an answer too
// long for a datagram.
type pull struct {
	no     uint64       // of a catch-up
	q      dns.Question // of a long answer, if it is no catch-up
	whole  bool         // it is a catch-up, to be tried again until it is whole
	away   time.Duration
	after  uint64
	tries  int
	began  time.Duration
	asked  []wire.Peer // since the last try: one is asked once
	open   int         // streams
	heard  int         // records
	gained int         // questions that this host held no answer to
}

// A stream is one that was opened for a pull.
type stream struct {
	*pull
	opened time.Duration
	addr   netip.AddrPort
	link   int
}

const (
	pullTime   = 10 * time.Minute // a stream that does not end is not waited for
	catchDelay = 200 * time.Millisecond
	catchTries = 8
	// catchAgain is how often it is tried when these were in vain: a firewall may be
	// opened in a week, and without it the host held nothing from before its start.
	catchAgain  = 5 * time.Minute
	ranksToPull = 3
	maxPulls    = 4 // streams for long answers at once
	// A stream that brings nothing for so long has another one beside it, to
	// another peer: where frames are lost, one in five takes two seconds to open,
	// and a host that joins in an outage is to know within five what the LAN knows.
	stallAfter = 700 * time.Millisecond
	maxBeside  = 3
)

// absent is how long this host was without the group at most, going by the
// youngest answer that a peer told; 0 = unknown. What it fetched itself says
// nothing: it may have been alone, or without a key.
func (c *Catcher) absent(now time.Duration) time.Duration {
	away := time.Duration(0)
	c.store.All(func(e cache.Entry) bool {
		if c.store.Here(e) && !e.Own() && (away == 0 || e.Age(now) < away) {
			away = e.Age(now)
		}
		return true
	})
	return away
}

// catchUp pulls what this host missed.
func (c *Catcher) catchUp(now, away time.Duration) {
	c.caught = true
	c.pullSoon(now, &pull{away: away, whole: true})
}

// catchUpMore catches up again if a peer holds more than twice what this host and
// those hold that it caught up from: where half of the hosts boot empty, the first
// one proven may be as empty as this one. What a peer says must double each time,
// so this ends.
func (c *Catcher) catchUpMore(now time.Duration) {
	if !c.caught || len(c.pulls) > 0 {
		return
	}
	m := c.draw(c.holdsMuchMore)
	if m == nil {
		return
	}
	c.caughtFrom = int(m.Names())
	c.pullSoon(now, &pull{whole: true})
}

func (c *Catcher) pullSoon(now time.Duration, p *pull) {
	c.number(p)
	c.host.After(now, c.jitter(catchDelay), Timer{Due: PullDue, Key: p.no})
}

func (c *Catcher) number(p *pull) {
	c.last++
	p.no = c.last
	c.catching[p.no] = p
}

func (c *Catcher) due(now time.Duration, no uint64) {
	if p := c.catching[no]; p != nil {
		c.pull(now, p)
	}
}

// holdsMuchMore is what each HELLO asks of its sender, before anybody asks it of all
// members: at each HELLO of each peer that would cost the square of the group.
func (c *Catcher) holdsMuchMore(m *group.Member) bool {
	most := (int(m.Names()) - repairLack) / 2
	return most > c.caughtFrom && most > c.store.Len()
}

// pull opens a stream of a catch-up to a peer drawn at random among those that
// hold most, and looks after it.
func (c *Catcher) pull(now time.Duration, p *pull) {
	m := c.draw(func(m *group.Member) bool { return !slices.Contains(p.asked, m.Peer) })
	if m != nil {
		c.pullFrom(now, m, p)
		return
	}
	if p.open == 0 {
		c.caught = false // the next proven peer starts it
		delete(c.catching, p.no)
	}
}

func (c *Catcher) pullFrom(now time.Duration, m *group.Member, p *pull) {
	if p.began == 0 {
		p.began = now
	}
	if p.open == 0 {
		c.watchLater(now, p)
	}
	c.caughtFrom = max(c.caughtFrom, int(m.Names()))
	p.asked = append(p.asked, m.Peer)
	c.open(now, m, p, Want{Away: p.away, After: p.after})
}

// open opens a stream for a pull.
func (c *Catcher) open(now time.Duration, m *group.Member, p *pull, want Want) {
	id := c.host.ID()
	c.pulls[id] = &stream{pull: p, opened: now, addr: m.Addr(), link: m.Link()}
	p.open++
	c.host.After(now, pullTime, Timer{Due: StreamDue, Key: id})
	c.host.Pull(id, m.Addr(), want)
}

// closed forgets a stream.
func (c *Catcher) closed(id uint64) {
	if p := c.pulls[id]; p != nil {
		p.open--
		delete(c.pulls, id)
	}
}

// watch opens another stream beside those of a catch-up that bring nothing.
func (c *Catcher) watch(now time.Duration, no uint64, heard int) {
	p := c.catching[no]
	if p == nil || p.open == 0 {
		return
	}
	if p.heard == heard && p.open < maxBeside {
		c.pull(now, p)
	}
	c.watchLater(now, p)
}

func (c *Catcher) watchLater(now time.Duration, p *pull) {
	c.host.After(now, stallAfter, Timer{Due: WatchDue, Key: p.no, Gen: uint64(p.heard)})
}

// draw picks at random one of the proven peers that f accepts and that hold, by
// their own word, at least half of what the one does that holds most. A peer that
// has not said yet may hold anything.
func (c *Catcher) draw(f func(*group.Member) bool) *group.Member {
	var fit []*group.Member
	most := uint32(0)
	for m := range c.group.Members() {
		if m.Addr().IsValid() && f(m) {
			fit = append(fit, m)
			most = max(most, m.Names())
		}
	}
	fit = slices.DeleteFunc(fit, func(m *group.Member) bool { return m.Counted() && m.Names() < most/2 })
	if len(fit) == 0 {
		return nil
	}
	return fit[c.rand.IntN(len(fit))]
}

// Pulled takes in one record. The stream's handshake is bound to a nonce of this
// host's, so that it proves its peer (PROTOCOL 3.9): one that was restarted since it was
// drawn is another. A record that took long is old, and no recording.
func (c *Catcher) Pulled(now time.Duration, in Pulled) {
	s := c.pulls[in.Pull]
	if s == nil || !c.host.Shares() {
		return
	}
	p := s.pull
	m := c.group.Get(in.From)
	if m == nil && len(in.Answers) > 0 && in.From != c.host.Self() {
		if m = c.host.Prove(now, s.opened, in.From, in.Sent); m != nil {
			m.Came(now, s.addr, s.link, false)
		}
	}
	if m != nil {
		transit, _ := m.Clock.Transit(now, in.Sent)
		for _, a := range in.Answers {
			c.takePulled(now, m, p, a, transit)
		}
	}
	p.heard++
	p.after = max(p.after, in.Next)
	if in.Done {
		c.closed(in.Pull)
		c.pullEnded(now, p, in.Whole)
	}
}

func (c *Catcher) takePulled(now time.Duration, m *group.Member, p *pull, a wire.Aged, transit time.Duration) {
	if !p.whole && a.Question != p.q {
		return // not what was pulled
	}
	known := c.store.Get(now, a.Question).Held()
	if c.host.Accept(now, m, a, transit) == cache.Taken && !known {
		p.gained++
	}
}

// pullEnded goes on with a catch-up of which one stream has ended.
func (c *Catcher) pullEnded(now time.Duration, p *pull, whole bool) {
	switch {
	case !p.whole:
	case whole:
		maps.DeleteFunc(c.pulls, func(_ uint64, other *stream) bool { return other.pull == p })
		p.open = 0
		delete(c.catching, p.no)
		c.caughtUp(now, p)
		c.catchUpMore(now)
	case p.open == 0:
		c.pullAgain(now, p)
	}
}

// pullAgain resumes a stream that broke or was busy, from any peer.
func (c *Catcher) pullAgain(now time.Duration, p *pull) {
	p.tries++
	p.asked = nil
	wait := catchAgain
	switch {
	case p.tries < catchTries:
		wait = min(30*time.Second, 500*time.Millisecond<<p.tries)
	case len(c.catching) > 1: // one is enough: repair begins others all the time
		delete(c.catching, p.no)
		return
	case p.tries == catchTries:
		c.host.Log(slog.LevelWarn, "could not catch up with the group, still trying; names learnt meanwhile are asked for one by one")
	}
	c.host.After(now, wait/2+c.jitter(wait), Timer{Due: PullDue, Key: p.no})
}

// HeardLong pulls an announced long answer at once if this host is asked for
// it or is among the three ranked first (PROTOCOL 3.6).
func (c *Catcher) HeardLong(now time.Duration, m *group.Member, l *wire.Long) {
	e := c.store.Get(now, l.Question)
	if l.Length > MaxShared || e.Held() && e.Answer.Birth == l.Birth {
		return
	}
	if !c.host.Believes(l.Question) || !c.mayPull(l.Question) {
		return
	}
	if e.Asked > 0 || c.host.Waits(l.Question) || c.group.Rank(group.Hash(l.Question.Name)) < ranksToPull {
		c.open(now, m, &pull{q: l.Question}, Want{Questions: []dns.Question{l.Question}})
	}
}

// mayPull reports whether one more long answer may be pulled, and is not being:
// one datagram names thirty, and a peer may send hundreds.
func (c *Catcher) mayPull(q dns.Question) bool {
	long := 0
	for _, p := range c.pulls {
		if p.q == q {
			return false
		}
		if !p.whole {
			long++
		}
	}
	return long < maxPulls
}

// jitter is a random duration in [0, d).
func (c *Catcher) jitter(d time.Duration) time.Duration {
	return time.Duration(c.rand.Int64N(int64(d)))
}
