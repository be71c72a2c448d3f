package node

import (
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
)

// After an outage everything asked for is stale at once. It is renewed popular
// names first, one every three seconds on each host after all have looked (with one
// a second, 8 hosts that lost a fifth of all frames asked 4 questions a second
// each), and by the rule of refreshes: who
// hears that another host has asked does not ask (PROTOCOL 5.13).
const (
	recoverNames = 200
	recoverEvery = 3 * time.Second
	recoverUsed  = time.Hour // what nobody asked for lately waits until it is
)

func (n *Node) recoverPopular(now time.Duration) {
	n.recovery = n.popularStale(now)
	for i, e := range n.recovery {
		wait := time.Duration(i+1)*recoverEvery + n.turn(e.question, recoverEvery)
		n.after(now, wait, timer{kind: recoverTimer, key: uint64(i), gen: uint64(n.outage())})
	}
}

// recoveryOver reports whether the next outage has begun.
func recoveryOver(n *Node, t timer) bool {
	return uint64(n.outage()) != t.gen || n.allDown()
}

func (n *Node) recoverOne(now time.Duration, t timer) {
	if recoveryOver(n, t) {
		return
	}
	e := n.recovery[t.key]
	if int(t.key) == len(n.recovery)-1 {
		n.recovery = nil
	}
	if n.markRenewal(e.question, e.born) {
		n.renew(now, e.question, e.born)
	}
}

// A popular answer is one that programs asked for lately.
type popular struct {
	question dns.Question
	born     time.Duration
	asked    uint32
}

func (n *Node) popularStale(now time.Duration) []popular {
	var stale []popular
	n.cache.All(func(e cache.Entry) bool {
		if !e.Fresh(now) && e.Used != 0 && now-e.Used < recoverUsed && n.order.Mine(e) {
			stale = append(stale, popular{e.Answer.Question, e.Born, e.Asked})
		}
		return true
	})
	slices.SortStableFunc(stale, func(a, b popular) int { return int(b.asked) - int(a.asked) })
	return stale[:min(len(stale), recoverNames)]
}
