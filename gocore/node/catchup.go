package node

import (
	"cmp"
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// A pull is a stream that this host opened to catch up, or for an answer too
// long for a datagram.
type pull struct {
	away  time.Duration
	after uint64
	tries int
	whole bool // it is a catch-up, to be tried again until it is whole
}

// An export is a stream that a peer opened.
type export struct {
	entries []*cache.Entry
}

const (
	maxExports  = 2
	catchDelay  = 200 * time.Millisecond
	catchTries  = 8
	mostAsked   = 1000 // entries that go first
	ranksToPull = 3
)

// absent is how long this host was away before this run, going by the
// youngest answer that it saved; 0 = unknown.
func (n *Node) absent(now time.Duration) time.Duration {
	away := time.Duration(0)
	n.cache.All(func(e *cache.Entry) bool {
		if e.Place == n.set.Place && e.Own() && (away == 0 || e.Age(now) < away) {
			away = e.Age(now)
		}
		return true
	})
	return away
}

// catchUp pulls what this host missed from one peer drawn at random.
func (n *Node) catchUp(now, away time.Duration) {
	n.caught = true
	n.after(now, n.jitter(catchDelay), func(now time.Duration) {
		n.pull(now, &pull{away: away, whole: true})
	})
}

func (n *Node) pull(now time.Duration, p *pull) {
	m := n.randomPeer()
	if m == nil {
		n.caught = false // the next proven peer starts it
		return
	}
	id := n.id()
	n.pulls[id] = p
	n.emit(Pull{ID: id, Addr: m.Addr, Want: Want{Away: p.away, After: p.after}})
}

func (n *Node) randomPeer() *group.Member {
	var proven []*group.Member
	for _, m := range n.group.Members() {
		if m.Proven && m.Addr.IsValid() {
			proven = append(proven, m)
		}
	}
	if len(proven) == 0 {
		return nil
	}
	return proven[n.rand.IntN(len(proven))]
}

// pulled takes in one record. The stream's handshake proved the peer; its
// clock is known if it is a proven member too, else what it says fills gaps.
func (n *Node) pulled(now time.Duration, in Pulled) {
	p := n.pulls[in.Pull]
	if p == nil || !n.set.Shares {
		return
	}
	transit, onTime, m := time.Duration(0), false, n.group.Get(in.From)
	if m != nil && m.Proven {
		transit, onTime = m.Clock.Transit(now, in.Sent)
	}
	for _, a := range in.Answers {
		n.accept(now, in.From, m, a, transit, !onTime)
	}
	if in.Next != 0 {
		p.after = in.Next
	}
	if !in.Done {
		return
	}
	delete(n.pulls, in.Pull)
	if p.whole && !in.Whole {
		n.pullAgain(now, p)
	}
}

// pullAgain resumes a stream that broke or was busy, from any peer.
func (n *Node) pullAgain(now time.Duration, p *pull) {
	p.tries++
	if p.tries == catchTries {
		n.log(levelWarn, "could not catch up with the group; names learnt meanwhile are asked for one by one")
		return
	}
	wait := min(30*time.Second, 500*time.Millisecond<<p.tries)
	n.after(now, wait/2+n.jitter(wait), func(now time.Duration) { n.pull(now, p) })
}

// pageWanted serves a record of a peer's stream.
func (n *Node) pageWanted(now time.Duration, in PageWanted) {
	x := n.exports[in.Stream]
	if x == nil {
		if len(n.exports) >= maxExports || !n.set.Shares {
			n.emit(Page{Stream: in.Stream, Busy: true, End: true})
			return
		}
		x = &export{entries: n.exported(now, in.Want)}
		n.exports[in.Stream] = x
	}
	page := Page{Stream: in.Stream, Sent: now.Truncate(time.Millisecond)}
	room := wire.PageRoom
	for len(x.entries) > 0 {
		e := x.entries[0]
		size := wire.AgedSize(e.Answer)
		if size > room && len(page.Answers) > 0 {
			break
		}
		x.entries = x.entries[1:]
		room -= size
		page.Answers = append(page.Answers, n.aged(now, e))
		page.Next = e.Answer.Question.Hash()
	}
	page.End = len(x.entries) == 0
	n.emit(page)
}

// exported lists what a peer wants: first what is most asked for, then by hash
// of the question, where a broken stream can go on.
func (n *Node) exported(now time.Duration, w Want) []*cache.Entry {
	if len(w.Questions) > 0 {
		return n.exportedOnly(now, w.Questions)
	}
	var all []*cache.Entry
	n.cache.All(func(e *cache.Entry) bool {
		young := w.Away == 0 || e.Age(now) <= w.Away
		if young && n.shareable(e) && e.Answer.Question.Hash() > w.After {
			all = append(all, e)
		}
		return true
	})
	slices.SortStableFunc(all, func(a, b *cache.Entry) int {
		return cmp.Compare(a.Answer.Question.Hash(), b.Answer.Question.Hash())
	})
	if w.After != 0 {
		return all
	}
	asked := slices.Clone(all)
	slices.SortStableFunc(asked, func(a, b *cache.Entry) int { return cmp.Compare(b.Asked, a.Asked) })
	first := slices.DeleteFunc(asked[:min(len(asked), mostAsked)], func(e *cache.Entry) bool { return e.Asked == 0 })
	return append(first, all...)
}

func (n *Node) exportedOnly(now time.Duration, qs []wire.Question) []*cache.Entry {
	var found []*cache.Entry
	for _, q := range qs {
		if e := n.cache.Get(now, q); e != nil && n.shareable(e) {
			found = append(found, e)
		}
	}
	return found
}

// heardLong pulls an announced long answer at once if this host is asked for
// it or is among the three ranked first (PROTOCOL 3).
func (n *Node) heardLong(now time.Duration, m *group.Member, l *wire.Long) {
	e := n.cache.Get(now, l.Question)
	if !m.Proven || l.Length > maxShared || e != nil && e.Answer.Birth == l.Birth {
		return
	}
	if e != nil && e.Asked > 0 || n.pending[l.Question] != nil || n.rank(l.Question) < ranksToPull {
		id := n.id()
		n.pulls[id] = &pull{}
		n.emit(Pull{ID: id, Addr: m.Addr, Want: Want{Questions: []wire.Question{l.Question}}})
	}
}
