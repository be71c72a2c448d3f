package node

import (
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/wire"
)

// An announcer tells the group what this host fetched, in few datagrams and
// within its share of the group's rate (PROTOCOL 3, ANNOUNCE).
type announcer struct {
	queue  []announcement
	timed  bool // a flush is coming
	tokens float64
	filled time.Duration
}

type announcement struct {
	q   wire.Question
	ttl time.Duration
	// unheard: the group has not heard it from anybody lately, so this telling
	// is its durability.
	unheard bool
}

const (
	announceWindow = 20 * time.Millisecond // a page load goes out together
	announceBurst  = 5                     // datagrams
	announceQueue  = 64                    // answers that may wait
	groupRate      = 50                    // datagrams a second, of all hosts
	radioRate      = 8                     // on a wireless link: 10 KB a second
	minRate        = 0.02
	durable        = 6 * time.Hour
)

// announceFetched queues an answer that this host just got from a server.
func (n *Node) announceFetched(now time.Duration, a *wire.Answer, kind purpose, known bool) {
	e := n.cache.Get(now, a.Question)
	if e == nil || e.Answer != a || !n.shareable(e) || !n.provenAnybody() {
		return
	}
	n.announce.add(announcement{q: a.Question, ttl: a.TTL, unheard: !known})
	if kind == renewal {
		n.flushAnnouncements(now)
		return
	}
	n.timeAnnouncements(now, announceWindow)
}

// add keeps the queue in order of worth: first what nobody else may hold, then
// what lives longest. What does not fit is not told; QUERY still finds it.
func (a *announcer) add(item announcement) {
	a.queue = slices.DeleteFunc(a.queue, func(o announcement) bool { return o.q == item.q })
	i, _ := slices.BinarySearchFunc(a.queue, item, announcement.compare)
	for i < len(a.queue) && a.queue[i].compare(item) == 0 {
		i++
	}
	a.queue = slices.Insert(a.queue, i, item)
	a.queue = a.queue[:min(len(a.queue), announceQueue)]
}

func (a announcement) compare(b announcement) int {
	switch {
	case a.unheard != b.unheard && a.unheard:
		return -1
	case a.unheard != b.unheard:
		return 1
	case a.ttl > b.ttl:
		return -1
	case a.ttl < b.ttl:
		return 1
	}
	return 0
}

// cancelAnnouncement forgets an answer that a peer told meanwhile.
func (n *Node) cancelAnnouncement(q wire.Question) {
	n.announce.queue = slices.DeleteFunc(n.announce.queue, func(o announcement) bool { return o.q == q })
}

func (n *Node) timeAnnouncements(now, d time.Duration) {
	if n.announce.timed {
		return
	}
	n.announce.timed = true
	n.after(now, d, func(now time.Duration) {
		n.announce.timed = false
		n.flushAnnouncements(now)
	})
}

// flushAnnouncements sends as many datagrams as the rate allows.
func (n *Node) flushAnnouncements(now time.Duration) {
	for len(n.announce.queue) > 0 {
		if wait := n.announce.take(now, n.announceRate()); wait > 0 {
			n.timeAnnouncements(now, wait)
			return
		}
		body, rest := n.fillAnnounce(now, n.announce.queue)
		n.announce.queue = rest
		if body != nil {
			n.sendGroup(now, body)
		}
	}
}

// announceRate is this host's share, in datagrams a second.
func (n *Node) announceRate() float64 {
	rate := float64(groupRate)
	if n.wireless() {
		rate = radioRate
	}
	return max(minRate, rate/float64(n.group.N()))
}

// take takes a token, or says how long until there is one.
func (a *announcer) take(now time.Duration, rate float64) time.Duration {
	if a.filled == 0 {
		a.tokens = announceBurst
	}
	a.tokens = min(announceBurst, a.tokens+rate*(now-a.filled).Seconds())
	a.filled = now
	if a.tokens < 1 {
		return time.Duration((1-a.tokens)/rate*float64(time.Second)) + time.Millisecond
	}
	a.tokens--
	return 0
}

// fillAnnounce packs one datagram and returns what is left.
func (n *Node) fillAnnounce(now time.Duration, queue []announcement) (wire.Body, []announcement) {
	body, room := &wire.Announce{}, n.room(now)
	var rest []announcement
	for _, item := range queue {
		e := n.cache.Get(now, item.q)
		if e == nil || !n.shareable(e) {
			continue
		}
		switch size := wire.AgedSize(e.Answer); {
		case size <= room:
			body.Answers = append(body.Answers, n.aged(now, e))
			room -= size
			n.count(Announced)
		case size <= n.room(now):
			rest = append(rest, item)
		case wire.LongSize(longOf(e)) <= room:
			body.Long = append(body.Long, longOf(e))
			room -= wire.LongSize(longOf(e))
			n.count(Announced)
		default:
			rest = append(rest, item)
		}
	}
	if len(body.Answers)+len(body.Long) == 0 {
		return nil, rest
	}
	return body, rest
}

func (n *Node) aged(now time.Duration, e *cache.Entry) wire.Aged {
	return wire.Aged{Answer: e.Answer, Age: roundUp(e.Age(now))}
}

func longOf(e *cache.Entry) wire.Long {
	a := e.Answer
	return wire.Long{Question: a.Question, Birth: a.Birth, TTL: a.TTL, Length: uint32(len(a.Packed))}
}
