package node

import (
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/group"
)

// What a host fetches while nobody is proven to it can be told to nobody: right after
// its start, without a key, on a link that was gone. Peers may hold an older answer,
// and would keep it for its TTL: hosts differed for a minute and more.

// fetchedAlone notes since when there is something to tell.
func (n *Node) fetchedAlone(now time.Duration) {
	if n.session.alone == 0 {
		n.session.alone = now
	}
}

// tellAlone tells it once somebody is proven and this host has said HELLO. The others
// need their own proof of it first, and of all that start in one second each is to take
// its turn: the group's rate has room for one datagram of each in that time.
func (n *Node) tellAlone(now time.Duration) {
	if n.session.alone == 0 || n.session.telling {
		return
	}
	n.session.telling = true
	wait := max(2*group.ProveAgain, time.Duration(n.group.N())*time.Millisecond)
	if !n.session.greeted {
		wait += n.session.hello - now
	}
	turn := time.Duration(float64(time.Second) / n.announceRate())
	n.after(now, wait+n.jitter(turn), timer{kind: tellAloneTimer})
}

// queueAlone queues what this run fetched itself since then and is still fresh.
func (n *Node) queueAlone(now time.Duration) {
	n.session.telling = false
	if !n.set.Shares || !n.heardAnybody() {
		return
	}
	since := n.session.alone
	n.session.alone = 0
	n.cache.Recent(announceQueue, func(e cache.Entry) {
		if e.Own() && e.Born >= since && e.Fresh(now) && n.shareable(e) {
			n.queueAnnouncement(announcement{q: e.Answer.Question, ttl: e.Answer.TTL, unheard: true})
		}
	})
	n.timeAnnouncements(now, announceWindow)
}

func (n *Node) queueAnnouncement(item announcement) {
	if !n.announce.add(item) {
		n.count(Untold)
	}
}
