package sharing

import (
	"container/heap"
	"slices"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/limit"
	"mcdns/gocore/wire"
)

// An announcer tells the group what this host fetched, in few datagrams and
// within its share of the group's rate (PROTOCOL 3.11).
type announcer struct {
	*base
	heap   announcements                 // at most twice announceQueue
	queued map[dns.Question]announcement // what of the queue still stands
	made   uint64
	timed  bool // a flush is coming
	rate   limit.Bucket
	told   uint32 // new answers that were announced (wire.Hello.Told)
	// alone is since when this host fetched what nobody was there to be told, 0 if
	// nothing; telling: it is about to be.
	alone   time.Duration
	telling bool
}

func (a *announcer) clear() {
	a.heap, a.queued, a.made, a.timed, a.rate = nil, make(map[dns.Question]announcement), 0, false, limit.Bucket{}
}

type announcement struct {
	q   dns.Question
	ttl time.Duration
	// unheard: the group has not heard it from anybody lately, so this telling
	// is its durability.
	unheard bool
	made    uint64
}

const (
	announceWindow = 20 * time.Millisecond // a page load goes out together
	announceBurst  = 5                     // datagrams
	announceQueue  = 8192                  // answers that may wait
	groupRate      = 50                    // datagrams a second, of all hosts
	radioRate      = 8                     // on a wireless link: 10 KB a second
	minRate        = 0.02
	maxRate        = 15 // a receiver takes 200 answers a second of one peer
)

// fetched queues an answer that this host just got from a server.
func (a *announcer) fetched(now time.Duration, answer *dns.Answer, atOnce, known bool) {
	e := a.store.Get(now, answer.Question)
	if e.Answer != answer {
		return
	}
	if !a.heardAnybody() {
		a.fetchedAlone(now)
		return
	}
	if !a.shareable(e) {
		return
	}
	a.queue(announcement{q: answer.Question, ttl: answer.TTL, unheard: !known})
	if atOnce {
		a.flush(now)
		return
	}
	a.flushIn(now, announceWindow)
}

func (a *announcer) queue(item announcement) {
	if !a.add(item) {
		a.host.Count(Untold)
	}
}

// add lets an answer wait for its turn. A burst waits as long as the rate wants:
// what is not told dies with its host (of 1000 names looked up in a row on one of
// four hosts, 490 were lost with it when only 64 could wait).
func (a *announcer) add(item announcement) bool {
	if _, waits := a.queued[item.q]; !waits && len(a.queued) >= announceQueue {
		return false
	}
	if len(a.heap) >= 2*announceQueue {
		a.sweep()
	}
	a.made++
	item.made = a.made
	a.queued[item.q] = item
	heap.Push(&a.heap, item)
	return true
}

// sweep throws out what was cancelled or told anew, once it is half of the queue
// or more, so that each add pays for one item of it. Counted as waiting, it
// refused news though next to nothing stood: a name of a short TTL that is fetched
// again and again comes last and is never taken out.
func (a *announcer) sweep() {
	a.heap = slices.DeleteFunc(a.heap, func(item announcement) bool { return a.queued[item.q] != item })
	heap.Init(&a.heap)
}

// next takes the answer that comes first, skipping what was cancelled.
func (a *announcer) next() (announcement, bool) {
	for len(a.heap) > 0 {
		item := heap.Pop(&a.heap).(announcement)
		if a.queued[item.q] == item {
			delete(a.queued, item.q)
			return item, true
		}
	}
	return announcement{}, false
}

// putBack returns what did not fit a datagram.
func (a *announcer) putBack(items []announcement) {
	for _, item := range items {
		if _, newer := a.queued[item.q]; !newer {
			a.queued[item.q] = item
			heap.Push(&a.heap, item)
		}
	}
}

// cancel forgets an answer that a peer told meanwhile.
func (a *announcer) cancel(q dns.Question) { delete(a.queued, q) }

// announcements are in order of worth: first what nobody else may hold, then
// what lives longest, then what came first.
type announcements []announcement

func (h announcements) Len() int { return len(h) }
func (h announcements) Less(i, j int) bool {
	a, b := h[i], h[j]
	switch {
	case a.unheard != b.unheard:
		return a.unheard
	case a.ttl != b.ttl:
		return a.ttl > b.ttl
	}
	return a.made < b.made
}
func (h announcements) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *announcements) Push(x any)   { *h = append(*h, x.(announcement)) }
func (h *announcements) Pop() any {
	last := len(*h) - 1
	item := (*h)[last]
	*h = (*h)[:last]
	return item
}

func (a *announcer) flushIn(now, d time.Duration) {
	if a.timed {
		return
	}
	a.timed = true
	a.after(now, d, Timer{Due: announceDue})
}

func (a *announcer) due(now time.Duration) {
	a.timed = false
	a.flush(now)
}

// flush sends as many datagrams as the rate allows.
func (a *announcer) flush(now time.Duration) {
	for len(a.queued) > 0 {
		if wait := a.rate.Take(now, a.share(), announceBurst); wait > 0 {
			a.flushIn(now, wait)
			return
		}
		if body := a.fill(now); body != nil {
			a.sendGroup(now, body)
		}
	}
	a.heap = nil // what is left of it was cancelled
}

// share is this host's share, in datagrams a second.
func (a *announcer) share() float64 {
	rate := float64(groupRate)
	if a.wireless() {
		rate = radioRate
	}
	return max(minRate, min(maxRate, rate/float64(a.prover.Hosts())))
}

// fill packs one datagram; nil if nothing that waits is worth telling.
func (a *announcer) fill(now time.Duration) wire.Body {
	body, whole := &wire.Announce{}, a.room(now)
	room := whole
	var rest []announcement
	for len(rest) < announceSkips {
		item, ok := a.next()
		if !ok {
			break
		}
		e := a.store.Get(now, item.q)
		if !e.Held() || !a.shareable(e) {
			continue
		}
		size, long := wire.AgedSize(e.Answer), false
		if size > whole {
			size, long = wire.LongSize(wire.LongOf(e.Answer)), true
		}
		switch {
		case size > room:
			rest = append(rest, item)
			continue
		case long:
			body.Long = append(body.Long, wire.LongOf(e.Answer))
		default:
			body.Answers = append(body.Answers, wire.AgedOf(e.Answer, e.Age(now)))
			if item.unheard {
				body.New++
				a.told++
			}
		}
		room -= size
		a.host.Count(Announced)
	}
	a.putBack(rest)
	if len(body.Answers)+len(body.Long) == 0 {
		return nil
	}
	return body
}

// announceSkips is how many answers that do not fit are passed over for smaller
// ones before a datagram counts as full.
const announceSkips = 4
