package upstream

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"mcdns/gocore/dns"
)

// young is how long a question that was asked once is left alone on a full lane:
// most servers that answer at all have answered by then.
const young = 250 * time.Millisecond

// lanes bounds what is under way to each server by itself: what waits for a silent
// one keeps no question from those that live.
//
// Nor does what it is silent about keep others from a server that lives. The node
// asks a question some ten times, and each try listens until nobody waits any more,
// for a slow answer is an answer: some dozens of names whose zones are dead fill a
// lane within seconds. On a full lane the oldest try of a question that has another
// one under way therefore gives way, then the oldest that is no longer young. Only
// a burst of new questions waits, and that for what is being answered. It used to
// wait behind the dead ones, and the probe with it: the node took the questions
// that had never left for unanswered, and the server for dead.
type lanes struct {
	sockets int // at once, for each server
	now     func() time.Time
	mu      sync.Mutex
	to      map[netip.AddrPort]*lane
}

// A lane is the way to one server, there while anybody is on it. Those that wait are
// served by askers, who has least under way first: one asker's names keep no other's
// from leaving. Of one asker who came last goes first: a program's patience ends, and a
// probe's soon; who has waited for long is asked for again.
type lane struct {
	asked   []*try // under way, the oldest first
	tries   map[dns.Question]int
	under   map[uint32]int    // under way, by asker
	waiting map[uint32][]*try // by asker
	waits   int               // all of them
}

// A try is one of the node's Asks on a lane.
type try struct {
	server   netip.AddrPort
	question dns.Question
	asker    uint32
	began    time.Time
	turn     chan struct{} // closed when it is to be sent
	giveUp   func()
}

// enter puts a try on the lane to its server, false if too many wait there. Who is
// on it must leave.
func (l *lanes) enter(t *try) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.to[t.server]
	if n == nil {
		n = &lane{tries: map[dns.Question]int{}, under: map[uint32]int{}, waiting: map[uint32][]*try{}}
		if l.to == nil {
			l.to = map[netip.AddrPort]*lane{}
		}
		l.to[t.server] = n
	}
	n.supersede(t)
	if len(n.waiting[t.asker]) >= maxWaiting-n.waits {
		return false
	}
	n.waiting[t.asker] = append(n.waiting[t.asker], t)
	n.waits++
	l.fill(n)
	return true
}

func (l *lanes) leave(t *try) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.to[t.server]
	if n == nil {
		return // it gave way, and all others have left meanwhile
	}
	n.remove(t)
	l.fill(n)
	if len(n.asked)+n.waits == 0 {
		delete(l.to, t.server)
	}
}

// fill sends those that wait while there is room or somebody gives way.
func (l *lanes) fill(n *lane) {
	now := l.now()
	for n.waits > 0 {
		t := n.next()
		if len(n.asked) >= l.sockets && !n.makeRoom(t, now) {
			return
		}
		n.remove(t)
		t.began = now
		n.asked = append(n.asked, t)
		n.tries[t.question]++
		n.under[t.asker]++
		close(t.turn)
	}
}

// next is who goes first of those that wait: the last of the asker with least under way.
func (n *lane) next() (first *try) {
	for asker, own := range n.waiting {
		t := own[len(own)-1]
		if first == nil || n.under[asker] < n.under[first.asker] ||
			n.under[asker] == n.under[first.asker] && asker < first.asker {
			first = t
		}
	}
	return first
}

// makeRoom ends the try that is missed least for another one: one of several of a
// question, one that is no longer young, or one of an asker with twice as many.
func (n *lane) makeRoom(other *try, now time.Time) bool {
	i := slices.IndexFunc(n.asked, func(t *try) bool { return n.tries[t.question] > 1 || t.question == other.question })
	if i < 0 && now.Sub(n.asked[0].began) >= young {
		i = 0
	}
	if i < 0 {
		i = slices.IndexFunc(n.asked, func(t *try) bool { return n.under[t.asker] > 2*(n.under[other.asker]+1) })
	}
	if i < 0 {
		return false
	}
	n.asked[i].giveUp()
	n.remove(n.asked[i])
	return true
}

// supersede ends the try of a question that still waits: a younger one has come.
func (n *lane) supersede(by *try) {
	for _, own := range n.waiting {
		if i := slices.IndexFunc(own, func(t *try) bool { return t.question == by.question }); i >= 0 {
			own[i].giveUp()
			n.remove(own[i])
			return
		}
	}
}

// remove takes a try off; again is harmless.
func (n *lane) remove(t *try) {
	own := n.waiting[t.asker]
	if i := slices.Index(own, t); i >= 0 {
		n.waits--
		if n.waiting[t.asker] = slices.Delete(own, i, i+1); len(n.waiting[t.asker]) == 0 {
			delete(n.waiting, t.asker)
		}
	}
	if i := slices.Index(n.asked, t); i >= 0 {
		n.asked = slices.Delete(n.asked, i, i+1)
		less(n.tries, t.question)
		less(n.under, t.asker)
	}
}

// less counts one less.
func less[K comparable](counts map[K]int, of K) {
	if counts[of]--; counts[of] == 0 {
		delete(counts, of)
	}
}
