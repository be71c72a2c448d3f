package renewal

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

// Recover begins to renew what is stale, as an outage has just ended.
func (r *Renewals) Recover(now time.Duration) {
	r.recovery = r.popularStale(now)
	outage, _ := r.upstream.Outage()
	for i, e := range r.recovery {
		wait := time.Duration(i+1)*recoverEvery + r.turn(e.question, recoverEvery)
		r.host.After(now, wait, Timer{Due: recoverDue, Key: uint64(i), Gen: uint64(outage)})
	}
}

// recoveryOver reports whether the next outage has begun.
func (r *Renewals) recoveryOver(t Timer) bool {
	number, down := r.upstream.Outage()
	return uint64(number) != t.Gen || down
}

func (r *Renewals) recoverOne(now time.Duration, t Timer) {
	if r.recoveryOver(t) {
		return
	}
	e := r.recovery[t.Key]
	if int(t.Key) == len(r.recovery)-1 {
		r.recovery = nil
	}
	if r.markRenewal(e.question, e.born) {
		r.renew(now, e.question, e.born)
	}
}

// A popular answer is one that programs asked for lately.
type popular struct {
	question dns.Question
	born     time.Duration
	asked    uint32
}

func (r *Renewals) popularStale(now time.Duration) []popular {
	var stale []popular
	r.held.All(func(e cache.Entry) bool {
		if !e.Fresh(now) && e.Used != 0 && now-e.Used < recoverUsed && r.order.Mine(e) {
			stale = append(stale, popular{e.Answer.Question, e.Born, e.Asked})
		}
		return true
	})
	slices.SortStableFunc(stale, func(a, b popular) int { return int(b.asked) - int(a.asked) })
	return stale[:min(len(stale), recoverNames)]
}
