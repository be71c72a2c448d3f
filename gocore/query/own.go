package query

import (
	"cmp"
	"math"
	"slices"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/limit"
	"mcdns/gocore/wire"
)

// own are this host's: what no DNS server answers and this host does not hold
// (PROTOCOL 3.12).
type own struct {
	*base
	put        map[dns.Question]*query // until nobody knows, or somebody has answered
	numbered   map[uint64]*query
	last       uint64 // number
	queue      []waiting
	timed      bool
	late       bool                     // some wait for a datagram beyond queryWindow
	sent       map[uint64]time.Duration // nonces of the last seconds
	rate       limit.Bucket             // of QUERY datagrams
	background limit.Bucket             // of those that nobody waits for
}

// A waiting one is a question that waits for a QUERY.
type waiting struct {
	wire.Asked
	asker uint32
}

// A query is a question put to the group; a later one is another.
type query struct {
	q     dns.Question
	asker uint32
	no    uint64
	// left is how often it is yet to be said; again: it was put once more.
	left  int
	again bool
	// heard is when a peer last asked the same.
	heard time.Duration
}

// A QUERY goes out after 2 ms (both address families together), again every 20
// until it was sent four times, and is given up after 85: within the 100 ms a
// lookup may cost in an outage. With a fifth of all datagrams lost and 8 hosts,
// 40 of 32000 lookups found nothing that the group held when it was sent twice,
// 6 with three times, 1 with four.
//
// Among many hosts most hold what any does, and what nobody knows is asked for by so
// many that it is most of what each receives in an outage: 40 datagrams a second at
// 1000 hosts. There it goes out twice, the second time when every holder has had its
// turn, and the answer comes by unicast as well.
const (
	queryWindow = 2 * time.Millisecond
	queryAgain  = 20 * time.Millisecond
	queryTimes  = 4
	queryFewer  = 2 // among many hosts,
	queryLater  = 40 * time.Millisecond
	radioWait   = 300 * time.Millisecond // an access point holds multicast back
	nonceLife   = 2 * time.Second
	// queryRate bounds the QUERYs of this host: a program that asks for random
	// names in an outage must not flood the group.
	queryRate = 40
	// backgroundRate is how many QUERYs a second may be for questions that nobody
	// waits for, half of queryRate: on a host that used a stale name every 3 ms they
	// took all, and 38 of 50 names that only a peer held failed.
	backgroundRate = queryRate / 2
)

// QueryWait is how long the group may take to answer a QUERY.
const QueryWait = 85 * time.Millisecond

func (a *own) clear() {
	*a = own{base: a.base, last: a.last, put: make(map[dns.Question]*query), numbered: make(map[uint64]*query), sent: make(map[uint64]time.Duration)}
}

func (a *own) begin(now time.Duration, q dns.Question, asker uint32) {
	if a.put[q] != nil {
		return
	}
	a.last++
	x := &query{q: q, asker: asker, no: a.last}
	a.put[q], a.numbered[x.no] = x, x
	a.say(now, x)
}

func (a *own) end(q dns.Question) {
	if x := a.put[q]; x != nil {
		delete(a.put, q)
		delete(a.numbered, x.no)
	}
}

// say puts a query to the group until its patience ends: twice, if the other
// address family of the name is held. Somebody looked up both then, and a program
// given one alone may be unable to connect; of what one host alone holds every
// answer in 60 is lost at 20 % loss.
func (a *own) say(now time.Duration, x *query) {
	x.left, _ = a.pace()
	a.sayOnce(now, x)
	a.host.After(now, a.patience(), Timer{Due: OverDue, Key: x.no})
}

// over comes when the patience of a query ends.
func (a *own) over(now time.Duration, no uint64) {
	x := a.numbered[no]
	switch {
	case x == nil:
	case !x.again && a.holdsOtherFamily(now, x.q):
		x.again = true
		a.say(now, x)
	default:
		a.end(x.q)
		a.host.NobodyKnows(now, x.q)
	}
}

func (a *own) holdsOtherFamily(now time.Duration, q dns.Question) bool {
	switch q.Type {
	case dns.TypeA:
		q.Type = dns.TypeAAAA
	case dns.TypeAAAA:
		q.Type = dns.TypeA
	default:
		return false
	}
	e := a.store.Usable(now, q)
	return e.Held() && e.Answer.Kind == dns.Positive
}

// sayOnce says it, unless a peer has just done so, as often as is left.
func (a *own) sayOnce(now time.Duration, x *query) {
	_, gap := a.pace()
	if x.heard == 0 || now-x.heard >= gap {
		a.add(now, waiting{wire.Asked{Question: x.q}, x.asker})
	}
	a.host.After(now, gap, Timer{Due: RepeatDue, Key: x.no})
}

func (a *own) repeat(now time.Duration, no uint64) {
	x := a.numbered[no]
	if x == nil {
		return
	}
	if x.left--; x.left > 0 {
		a.sayOnce(now, x)
	}
}

// pace is how often a question is put to the group, and with how much time
// between.
func (a *own) pace() (times int, gap time.Duration) {
	if a.group.N() > group.Many {
		return queryFewer, queryLater
	}
	return queryTimes, queryAgain
}

// patience is how long the group may take.
func (a *own) patience() time.Duration {
	if a.host.Wireless() {
		return radioWait
	}
	return QueryWait
}

func (a *own) add(now time.Duration, q waiting) {
	if !a.host.MayPut(q.Question) {
		return
	}
	a.queue = append(a.queue, q)
	a.flushIn(now, queryWindow)
}

func (a *own) flushIn(now, in time.Duration) {
	if !a.timed {
		a.timed = true
		a.host.After(now, in, Timer{Due: FlushDue})
	}
}

// background reports whether nobody waits for a question: what was served is held.
func (q waiting) background() bool { return q.Held != dns.Birth{} }

// inTurn orders what waits: first what programs wait for, one question of each asker in
// a round.
func (a *own) inTurn() {
	type place struct {
		waiting
		round int
	}
	rounds := make(map[uint32]int)
	places := make([]place, len(a.queue))
	for i, q := range a.queue {
		if places[i] = (place{q, 0}); !q.background() {
			places[i].round = rounds[q.asker]
			rounds[q.asker]++
		} else {
			places[i].round = math.MaxInt
		}
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(a.round, b.round) })
	for i := range places {
		a.queue[i] = places[i].waiting
	}
}

// token takes one for a datagram that begins with q, or says how long until there is one.
func (a *own) token(now time.Duration, q waiting) time.Duration {
	// In this order, or what is not sent would use up the rate of the rest.
	if q.background() {
		if wait := a.background.Take(now, backgroundRate, backgroundRate); wait > 0 {
			return wait
		}
	}
	return a.rate.Take(now, queryRate, queryRate)
}

// fit is how many of those that wait go into one datagram.
func (a *own) fit(room int) (count int) {
	for _, q := range a.queue {
		if room -= wire.AskedSize(q.Asked); room < 0 {
			break
		}
		count++
	}
	return count
}

// flush sends what waits: first what programs wait for, and the rest where
// there is room beside it or in the few datagrams of its own. Of a flood of names as
// many wait for the next datagram as it holds, some of each asker; the others fail in
// time.
func (a *own) flush(now time.Duration) {
	a.timed = false
	if a.late { // some of these have their answer meanwhile
		a.queue = slices.DeleteFunc(a.queue, func(q waiting) bool { return !q.background() && a.put[q.Question] == nil })
		a.late = false
	}
	a.inTurn()
	for len(a.queue) > 0 {
		count := a.fit(a.host.Room(now))
		if wait := a.token(now, a.queue[0]); wait > 0 {
			a.queue = slices.DeleteFunc(a.queue[:count], waiting.background)
			if a.late = len(a.queue) > 0; a.late {
				a.flushIn(now, wait)
			}
			return
		}
		body := &wire.Query{Nonce: a.newNonce(now), Wireless: a.host.Wireless()}
		for _, q := range a.queue[:count] {
			body.Asked = append(body.Asked, q.Asked)
		}
		a.queue = a.queue[count:]
		if len(body.Asked) == 0 {
			a.queue = nil // cannot be: a name has at most 255 bytes
			return
		}
		a.host.Count(QueriesSent)
		if a.host.Alone() {
			a.host.SendEverywhere(now, body)
		} else {
			a.host.SendGroup(now, body)
		}
	}
}

// heardToo notes that a peer asks the same, in place of this host.
func (a *own) heardToo(now time.Duration, q dns.Question) {
	if x := a.put[q]; x != nil {
		x.heard = now
		a.queue = slices.DeleteFunc(a.queue, func(w waiting) bool { return w.Question == q })
	}
}

// newNonce makes a nonce whose echo proves that the answerer is alive.
func (a *own) newNonce(now time.Duration) uint64 {
	nonce := a.rand.Uint64() | 1
	a.sent[nonce] = now
	a.host.After(now, nonceLife, Timer{Due: NonceDue, Key: nonce})
	return nonce
}
