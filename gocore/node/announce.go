package node

import (
	"container/heap"
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/limit"
	"mcdns/gocore/wire"
)

// An announcer tells the group what this host fetched, in few datagrams and
// within its share of the group's rate (PROTOCOL 3.11).
type announcer struct {
	queue  announcements                 // at most twice announceQueue
	queued map[dns.Question]announcement // what of the queue still stands
	made   uint64
	timed  bool // a flush is coming
	rate   limit.Bucket
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
	durable        = 6 * time.Hour
)

// announceFetched queues an answer that this host just got from a server.
func (n *Node) announceFetched(now time.Duration, a *dns.Answer, kind purpose, known bool) {
	e := n.cache.Get(now, a.Question)
	if e.Answer != a {
		return
	}
	if !n.heardAnybody() {
		n.fetchedAlone(now)
		return
	}
	if !n.shareable(e) {
		return
	}
	n.queueAnnouncement(announcement{q: a.Question, ttl: a.TTL, unheard: !known})
	if kind == renewing {
		n.flushAnnouncements(now)
		return
	}
	n.timeAnnouncements(now, announceWindow)
}

// add lets an answer wait for its turn. A burst waits as long as the rate wants:
// what is not told dies with its host (of 1000 names looked up in a row on one of
// four hosts, 490 were lost with it when only 64 could wait).
func (a *announcer) add(item announcement) bool {
	if a.queued == nil {
		a.queued = make(map[dns.Question]announcement)
	}
	if _, waits := a.queued[item.q]; !waits && len(a.queued) >= announceQueue {
		return false
	}
	if len(a.queue) >= 2*announceQueue {
		a.sweep()
	}
	a.made++
	item.made = a.made
	a.queued[item.q] = item
	heap.Push(&a.queue, item)
	return true
}

// sweep throws out what was cancelled or told anew, once it is half of the queue
// or more, so that each add pays for one item of it. Counted as waiting, it
// refused news though next to nothing stood: a name of a short TTL that is fetched
// again and again comes last and is never taken out.
func (a *announcer) sweep() {
	a.queue = slices.DeleteFunc(a.queue, func(item announcement) bool { return a.queued[item.q] != item })
	heap.Init(&a.queue)
}

// next takes the answer that comes first, skipping what was cancelled.
func (a *announcer) next() (announcement, bool) {
	for len(a.queue) > 0 {
		item := heap.Pop(&a.queue).(announcement)
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
			heap.Push(&a.queue, item)
		}
	}
}

// cancelAnnouncement forgets an answer that a peer told meanwhile.
func (n *Node) cancelAnnouncement(q dns.Question) { delete(n.announce.queued, q) }

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

func (n *Node) timeAnnouncements(now, d time.Duration) {
	if n.announce.timed {
		return
	}
	n.announce.timed = true
	n.after(now, d, timer{kind: announceTimer})
}

func (n *Node) announceDue(now time.Duration) {
	n.announce.timed = false
	n.flushAnnouncements(now)
}

// flushAnnouncements sends as many datagrams as the rate allows.
func (n *Node) flushAnnouncements(now time.Duration) {
	for len(n.announce.queued) > 0 {
		if wait := n.announce.rate.Take(now, n.announceRate(), announceBurst); wait > 0 {
			n.timeAnnouncements(now, wait)
			return
		}
		if body := n.fillAnnounce(now); body != nil {
			n.sendGroup(now, body)
		}
	}
	n.announce.queue = nil // what is left of it was cancelled
}

// announceRate is this host's share, in datagrams a second.
func (n *Node) announceRate() float64 {
	rate := float64(groupRate)
	if n.wireless() {
		rate = radioRate
	}
	return max(minRate, min(maxRate, rate/float64(n.prover.Hosts())))
}

// fillAnnounce packs one datagram; nil if nothing that waits is worth telling.
func (n *Node) fillAnnounce(now time.Duration) wire.Body {
	body, whole := &wire.Announce{}, n.room(now)
	room := whole
	var rest []announcement
	for len(rest) < announceSkips {
		item, ok := n.announce.next()
		if !ok {
			break
		}
		e := n.cache.Get(now, item.q)
		if !e.Held() || !n.shareable(e) {
			continue
		}
		size, long := wire.AgedSize(e.Answer), false
		if size > whole {
			size, long = wire.LongSize(longOf(e)), true
		}
		switch {
		case size > room:
			rest = append(rest, item)
			continue
		case long:
			body.Long = append(body.Long, longOf(e))
		default:
			body.Answers = append(body.Answers, n.aged(now, e))
			if item.unheard {
				body.New++
				n.session.told++
			}
		}
		room -= size
		n.count(Announced)
	}
	n.announce.putBack(rest)
	if len(body.Answers)+len(body.Long) == 0 {
		return nil
	}
	return body
}

// announceSkips is how many answers that do not fit are passed over for smaller
// ones before a datagram counts as full.
const announceSkips = 4

func (n *Node) aged(now time.Duration, e cache.Entry) wire.Aged {
	return wire.Aged{Answer: e.Answer, Age: wire.RoundUp(e.Age(now))}
}

func longOf(e cache.Entry) wire.Long {
	a := e.Answer
	return wire.Long{Question: a.Question, Birth: a.Birth, TTL: a.TTL, Length: uint32(len(a.Packed))}
}
