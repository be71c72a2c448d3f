package renewal

import (
	"math"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/fetch"
)

// Consider renews an answer that was asked for just before it expires.
// The hosts take turns by rank over the whole window, so that mostly one asks
// and the others hear it in time (PROTOCOL 4.2; steps of 5 ms do not elect: with
// 20 ms of upstream delay 16 of 100 hosts asked).
func (r *Renewals) Consider(now time.Duration, e cache.Entry) {
	q, born := e.Answer.Question, e.Born
	left := e.Expires() - now
	// A host that had all it needed from peers has asked no server yet, and takes
	// its turn all the same.
	if left > e.Window() || r.order.DownFor(q) || r.upstream.All().CutOff(now) || r.renewed(now, e) || !r.markRenewal(q, born) {
		return
	}
	turn := e.Expires() - e.Window() + r.turn(q, e.Window())
	r.host.After(now, turn-now, Timer{Due: renewDue, Key: r.key.Hash(q), Gen: uint64(born)})
}

// A renewal is of an answer that was born then.
type renewal struct {
	question dns.Question
	born     time.Duration
}

// markRenewal notes that an answer is being renewed, or soon, unless it is already.
func (r *Renewals) markRenewal(q dns.Question, born time.Duration) bool {
	hash := r.key.Hash(q)
	if _, marked := r.marked[hash]; marked {
		return false
	}
	r.marked[hash] = renewal{q, born}
	return true
}

func (r *Renewals) renewDue(now time.Duration, t Timer) {
	if of, marked := r.marked[t.Key]; marked && of.born == time.Duration(t.Gen) {
		r.renew(now, of.question, of.born)
	}
}

// Surest hosts ask whatever is told: those ranked first. All would be a question of
// each host for each name whose addresses rotate.
const Surest = 3

// renewed reports whether a peer's answer waits behind this host's own, so that it need
// not ask. Other data is the word of one: who is ranked first asks all the same.
func (r *Renewals) renewed(now time.Duration, e cache.Entry) bool {
	next := r.held.Waiting(now, e.Answer.Question)
	return next.Held() && (next.Answer.SameData(e.Answer) || r.held.Rank(e.Answer.Question) >= Surest)
}

// turn is this host's place within a window.
func (r *Renewals) turn(q dns.Question, window time.Duration) time.Duration {
	if r.group.N() == 1 {
		return 0
	}
	share := math.Log2(1+float64(r.held.Rank(q))) / math.Log2(1+float64(r.group.N()))
	return time.Duration(float64(window) * share * 0.9) // before it ends
}

// renew asks, unless somebody else has meanwhile.
func (r *Renewals) renew(now time.Duration, q dns.Question, born time.Duration) {
	e := r.held.Get(now, q)
	if !e.Held() || e.Born > born || r.order.DownFor(q) || r.renewed(now, e) {
		r.Ended(q)
		return
	}
	if _, under := r.fetch.Under(q); under {
		r.Ended(q)
		return
	}
	r.host.Start(now, q, fetch.Renewing)
}

// Ended notes that the servers are no longer asked on behalf of a renewal.
func (r *Renewals) Ended(q dns.Question) { delete(r.marked, r.key.Hash(q)) }
