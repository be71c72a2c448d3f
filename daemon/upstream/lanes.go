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

// A lane is the way to one server, there while anybody is on it. Its waiting are
// served last come, first: a program's patience ends, and a probe's soon; who has
// waited for long is asked for again.
type lane struct {
	asked   []*try // under way, the oldest first
	tries   map[dns.Question]int
	waiting []*try
}

// A try is one of the node's Asks on a lane.
type try struct {
	server   netip.AddrPort
	question dns.Question
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
		n = &lane{tries: map[dns.Question]int{}}
		if l.to == nil {
			l.to = map[netip.AddrPort]*lane{}
		}
		l.to[t.server] = n
	}
	n.supersede(t.question)
	if len(n.waiting) >= maxWaiting {
		return false
	}
	n.waiting = append(n.waiting, t)
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
	if len(n.asked)+len(n.waiting) == 0 {
		delete(l.to, t.server)
	}
}

// fill sends those that wait while there is room or somebody gives way.
func (l *lanes) fill(n *lane) {
	now := l.now()
	for len(n.waiting) > 0 {
		t := n.waiting[len(n.waiting)-1]
		if len(n.asked) >= l.sockets && !n.makeRoom(t.question, now) {
			return
		}
		n.remove(t)
		t.began = now
		n.asked = append(n.asked, t)
		n.tries[t.question]++
		close(t.turn)
	}
}

// makeRoom ends the try that is missed least for one of q.
func (n *lane) makeRoom(q dns.Question, now time.Time) bool {
	i := slices.IndexFunc(n.asked, func(t *try) bool { return n.tries[t.question] > 1 || t.question == q })
	if i < 0 && now.Sub(n.asked[0].began) >= young {
		i = 0
	}
	if i < 0 {
		return false
	}
	n.asked[i].giveUp()
	n.remove(n.asked[i])
	return true
}

// supersede ends the try of a question that still waits: a younger one has come.
func (n *lane) supersede(q dns.Question) {
	if i := slices.IndexFunc(n.waiting, func(t *try) bool { return t.question == q }); i >= 0 {
		n.waiting[i].giveUp()
		n.waiting = slices.Delete(n.waiting, i, i+1)
	}
}

// remove takes a try off; again is harmless.
func (n *lane) remove(t *try) {
	if i := slices.Index(n.waiting, t); i >= 0 {
		n.waiting = slices.Delete(n.waiting, i, i+1)
	}
	if i := slices.Index(n.asked, t); i >= 0 {
		n.asked = slices.Delete(n.asked, i, i+1)
		if n.tries[t.question]--; n.tries[t.question] == 0 {
			delete(n.tries, t.question)
		}
	}
}
