package sharing

import (
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/group"
)

// What a host fetches while nobody is proven to it can be told to nobody: right after
// its start, without a key, on a link that was gone. Peers may hold an older answer,
// and would keep it for its TTL: hosts differed for a minute and more.

// fetchedAlone notes since when there is something to tell.
func (a *announcer) fetchedAlone(now time.Duration) {
	if a.alone == 0 {
		a.alone = now
	}
}

// tellAlone tells it once somebody is proven and this host has said HELLO, which is
// waited for. The others
// need their own proof of it first, and of all that start in one second each is to take
// its turn: the group's rate has room for one datagram of each in that time.
func (a *announcer) tellAlone(now, wait time.Duration) {
	if a.alone == 0 || a.telling {
		return
	}
	a.telling = true
	wait += max(2*group.ProveAgain, time.Duration(a.group.N())*time.Millisecond)
	turn := time.Duration(float64(time.Second) / a.share())
	a.after(now, wait+a.jitter(turn), Timer{Due: aloneDue})
}

// queueAlone queues what this run fetched itself since then and is still fresh.
func (a *announcer) queueAlone(now time.Duration) {
	a.telling = false
	if !a.set.Shares || !a.heardAnybody() {
		return
	}
	since := a.alone
	a.alone = 0
	a.store.Recent(announceQueue, func(e cache.Entry) {
		if e.Own() && e.Born >= since && e.Fresh(now) && a.shareable(e) {
			a.queue(announcement{q: e.Answer.Question, ttl: e.Answer.TTL, unheard: true})
		}
	})
	a.flushIn(now, announceWindow)
}
