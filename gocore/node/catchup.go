package node

import (
	"cmp"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

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

// An export is a stream that a peer opened.
type export struct {
	answers []exported
	first   int // of those, how many are out of the order of hashes
}

// An exported answer was held when the stream began.
type exported struct {
	answer *dns.Answer
	born   time.Duration
	asked  uint32
	hash   uint64
}

const (
	maxExports  = 2
	exportRate  = 1 // streams a second: each sorts the whole cache
	exportBurst = 20
	pullTime    = 10 * time.Minute // a stream that does not end is not waited for
	catchDelay  = 200 * time.Millisecond
	catchTries  = 8
	// catchAgain is how often it is tried when these were in vain: a firewall may be
	// opened in a week, and without it the host held nothing from before its start.
	catchAgain  = 5 * time.Minute
	mostAsked   = 1000 // entries that go first
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
func (n *Node) absent(now time.Duration) time.Duration {
	away := time.Duration(0)
	n.cache.All(func(e cache.Entry) bool {
		if e.Place == n.set.Place && !e.Own() && (away == 0 || e.Age(now) < away) {
			away = e.Age(now)
		}
		return true
	})
	return away
}

// catchUp pulls what this host missed.
func (n *Node) catchUp(now, away time.Duration) {
	n.caught = true
	n.pullSoon(now, &pull{away: away, whole: true})
}

// catchUpMore catches up again if a peer holds more than twice what this host and
// those hold that it caught up from: where half of the hosts boot empty, the first
// one proven may be as empty as this one. What a peer says must double each time,
// so this ends.
func (n *Node) catchUpMore(now time.Duration) {
	if !n.caught || len(n.pulls) > 0 {
		return
	}
	m := n.draw(n.holdsMuchMore)
	if m == nil {
		return
	}
	n.caughtFrom = int(m.Names())
	n.pullSoon(now, &pull{whole: true})
}

func (n *Node) pullSoon(now time.Duration, p *pull) {
	p.no = n.catching.add(p)
	n.after(now, n.jitter(catchDelay), timer{kind: pullTimer, key: p.no})
}

func (n *Node) pullDue(now time.Duration, t timer) {
	if p := n.catching.of[t.key]; p != nil {
		n.pull(now, p)
	}
}

// holdsMuchMore is what each HELLO asks of its sender, before anybody asks it of all
// members: at each HELLO of each peer that would cost the square of the group.
func (n *Node) holdsMuchMore(m *group.Member) bool {
	most := (int(m.Names()) - repairLack) / 2
	return most > n.caughtFrom && most > n.cache.Len()
}

// pull opens a stream of a catch-up to a peer drawn at random among those that
// hold most, and looks after it.
func (n *Node) pull(now time.Duration, p *pull) {
	m := n.draw(func(m *group.Member) bool { return !slices.Contains(p.asked, m.Peer) })
	if m != nil {
		n.pullFrom(now, m, p)
		return
	}
	if p.open == 0 {
		n.caught = false // the next proven peer starts it
		delete(n.catching.of, p.no)
	}
}

func (n *Node) pullFrom(now time.Duration, m *group.Member, p *pull) {
	if p.began == 0 {
		p.began = now
	}
	if p.open == 0 {
		n.watchLater(now, p)
	}
	n.caughtFrom = max(n.caughtFrom, int(m.Names()))
	p.asked = append(p.asked, m.Peer)
	n.open(now, m, p, Want{Away: p.away, After: p.after})
}

// open opens a stream for a pull.
func (n *Node) open(now time.Duration, m *group.Member, p *pull, want Want) {
	id := n.id()
	n.pulls[id] = &stream{pull: p, opened: now, addr: m.Addr(), link: m.Link()}
	p.open++
	n.after(now, pullTime, timer{kind: streamTimer, key: id})
	n.emit(Pull{ID: id, Addr: m.Addr(), Want: want})
}

func (n *Node) streamOver(_ time.Duration, t timer) { n.closed(t.key) }

// closed forgets a stream.
func (n *Node) closed(id uint64) {
	if p := n.pulls[id]; p != nil {
		p.open--
		delete(n.pulls, id)
	}
}

// watch opens another stream beside those of a catch-up that bring nothing.
func (n *Node) watch(now time.Duration, t timer) {
	p := n.catching.of[t.key]
	if p == nil || p.open == 0 {
		return
	}
	if p.heard == int(t.gen) && p.open < maxBeside {
		n.pull(now, p)
	}
	n.watchLater(now, p)
}

func (n *Node) watchLater(now time.Duration, p *pull) {
	n.after(now, stallAfter, timer{kind: watchTimer, key: p.no, gen: uint64(p.heard)})
}

// draw picks at random one of the proven peers that f accepts and that hold, by
// their own word, at least half of what the one does that holds most. A peer that
// has not said yet may hold anything.
func (n *Node) draw(f func(*group.Member) bool) *group.Member {
	var fit []*group.Member
	most := uint32(0)
	for m := range n.group.Members() {
		if m.Addr().IsValid() && f(m) {
			fit = append(fit, m)
			most = max(most, m.Names())
		}
	}
	fit = slices.DeleteFunc(fit, func(m *group.Member) bool { return m.Counted() && m.Names() < most/2 })
	if len(fit) == 0 {
		return nil
	}
	return fit[n.rand.IntN(len(fit))]
}

// pulled takes in one record. The stream's handshake is bound to a nonce of this
// host's, so that it proves its peer (PROTOCOL 3.9): one that was restarted since it was
// drawn is another. A record that took long is old, and no recording.
func (n *Node) pulled(now time.Duration, in Pulled) {
	s := n.pulls[in.Pull]
	if s == nil || !n.set.Shares {
		return
	}
	p := s.pull
	m := n.group.Get(in.From)
	if m == nil && len(in.Answers) > 0 && in.From != n.self {
		if m = n.prove(now, s.opened, in.From, in.Sent); m != nil {
			m.Came(now, s.addr, s.link, false)
		}
	}
	if m != nil {
		transit, _ := m.Clock.Transit(now, in.Sent)
		for _, a := range in.Answers {
			n.takePulled(now, m, p, a, transit)
		}
	}
	p.heard++
	p.after = max(p.after, in.Next)
	if in.Done {
		n.closed(in.Pull)
		n.pullEnded(now, p, in.Whole)
	}
}

func (n *Node) takePulled(now time.Duration, m *group.Member, p *pull, a wire.Aged, transit time.Duration) {
	if !p.whole && a.Question != p.q {
		return // not what was pulled
	}
	known := n.cache.Get(now, a.Question).Held()
	if n.accept(now, m, a, transit) == cache.Taken && !known {
		p.gained++
	}
}

// pullEnded goes on with a catch-up of which one stream has ended.
func (n *Node) pullEnded(now time.Duration, p *pull, whole bool) {
	switch {
	case !p.whole:
	case whole:
		maps.DeleteFunc(n.pulls, func(_ uint64, other *stream) bool { return other.pull == p })
		p.open = 0
		delete(n.catching.of, p.no)
		n.caughtUp(now, p)
		n.catchUpMore(now)
	case p.open == 0:
		n.pullAgain(now, p)
	}
}

// pullAgain resumes a stream that broke or was busy, from any peer.
func (n *Node) pullAgain(now time.Duration, p *pull) {
	p.tries++
	p.asked = nil
	wait := catchAgain
	switch {
	case p.tries < catchTries:
		wait = min(30*time.Second, 500*time.Millisecond<<p.tries)
	case len(n.catching.of) > 1: // one is enough: repair begins others all the time
		delete(n.catching.of, p.no)
		return
	case p.tries == catchTries:
		n.log(slog.LevelWarn, "could not catch up with the group, still trying; names learnt meanwhile are asked for one by one")
	}
	n.after(now, wait/2+n.jitter(wait), timer{kind: pullTimer, key: p.no})
}

// pageWanted serves a record of a peer's stream.
func (n *Node) pageWanted(now time.Duration, in PageWanted) {
	x := n.exports[in.Stream]
	if x == nil {
		if len(n.exports) >= maxExports || !n.set.Shares || n.exporting.Take(now, exportRate, exportBurst) > 0 {
			n.emit(Page{Stream: in.Stream, Busy: true, End: true})
			return
		}
		x = n.exported(now, in.Want)
		n.exports[in.Stream] = x
	}
	page := Page{Stream: in.Stream, Sent: now.Truncate(time.Millisecond)}
	room := wire.PageRoom
	for len(x.answers) > 0 {
		next := x.answers[0]
		size := wire.AgedSize(next.answer)
		if size > room && len(page.Answers) > 0 {
			break
		}
		x.answers = x.answers[1:]
		room -= size
		page.Answers = append(page.Answers, n.exportedNow(now, next))
		if x.first > 0 {
			x.first--
		} else {
			page.Next = next.hash
		}
	}
	page.End = len(x.answers) == 0
	n.emit(page)
}

// exportedNow is what is told of an answer by now: a copy of its birth may have
// come meanwhile that is older.
func (n *Node) exportedNow(now time.Duration, x exported) wire.Aged {
	born := x.born
	if e := n.cache.Get(now, x.answer.Question); e.Held() && e.Answer.Birth == x.answer.Birth {
		born = min(born, e.Born)
	}
	return wire.Aged{Answer: x.answer, Age: wire.RoundUp(now - born)}
}

// exported lists what a peer wants: first what is most asked for, then by hash
// of the question, where a broken stream can go on.
func (n *Node) exported(now time.Duration, w Want) *export {
	if len(w.Questions) > 0 {
		only := n.exportedOnly(now, w.Questions)
		return &export{answers: only, first: len(only)}
	}
	all := n.byHash(now, w)
	if w.After != 0 {
		return &export{answers: all}
	}
	asked := slices.DeleteFunc(slices.Clone(all), func(x exported) bool { return x.asked == 0 })
	slices.SortStableFunc(asked, func(a, b exported) int { return cmp.Compare(b.asked, a.asked) })
	asked = asked[:min(len(asked), mostAsked)]
	return &export{answers: append(asked, all...), first: len(asked)}
}

// byHash lists what is young enough and behind the hash to resume at. The hash
// of each name is taken once: within the sort it would take a fifth of a second
// for 100 000 names, in which no lookup is answered.
func (n *Node) byHash(now time.Duration, w Want) []exported {
	var all []exported
	n.cache.All(func(e cache.Entry) bool {
		if e.Answer.Kind != dns.Positive {
			e = n.cache.Get(now, e.Answer.Question) // not what hides a better one
		}
		if w.Away != 0 && e.Age(now) > w.Away || !n.shareable(e) {
			return true // most are too old where a host repairs; hashes cost most
		}
		if hash := e.Answer.Question.Hash(); hash > w.After {
			all = append(all, exported{e.Answer, e.Born, e.Asked, hash})
		}
		return true
	})
	slices.SortFunc(all, func(a, b exported) int { return cmp.Compare(a.hash, b.hash) })
	return all
}

func (n *Node) exportedOnly(now time.Duration, qs []dns.Question) []exported {
	var found []exported
	for _, q := range qs {
		if e := n.cache.Get(now, q); e.Held() && n.shareable(e) {
			found = append(found, exported{e.Answer, e.Born, e.Asked, 0})
		}
	}
	return found
}

// heardLong pulls an announced long answer at once if this host is asked for
// it or is among the three ranked first (PROTOCOL 3.6).
func (n *Node) heardLong(now time.Duration, m *group.Member, e cache.Entry, l *wire.Long) {
	if l.Length > maxShared || e.Held() && e.Answer.Birth == l.Birth {
		return
	}
	if n.set.Secret(l.Question) || !n.set.Believed(l.Question.Name) || !n.mayPull(l.Question) {
		return
	}
	if e.Asked > 0 || n.pending[l.Question] != nil || n.rank(l.Question) < ranksToPull {
		n.open(now, m, &pull{q: l.Question}, Want{Questions: []dns.Question{l.Question}})
	}
}

// mayPull reports whether one more long answer may be pulled, and is not being:
// one datagram names thirty, and a peer may send hundreds.
func (n *Node) mayPull(q dns.Question) bool {
	long := 0
	for _, p := range n.pulls {
		if p.q == q {
			return false
		}
		if !p.whole {
			long++
		}
	}
	return long < maxPulls
}
