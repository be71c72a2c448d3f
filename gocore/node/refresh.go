package node

import (
	"math"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/fetch"
	"mcdns/gocore/group"
)

// considerRefresh renews an answer that was asked for just before it expires.
// The hosts take turns by rank over the whole window, so that mostly one asks
// and the others hear it in time (PROTOCOL 4.2; steps of 5 ms do not elect: with
// 20 ms of upstream delay 16 of 100 hosts asked).
func (n *Node) considerRefresh(now time.Duration, e cache.Entry) {
	q, born := e.Answer.Question, e.Born
	left := e.Expires() - now
	// A host that had all it needed from peers has asked no server yet, and takes
	// its turn all the same.
	if left > e.Window() || n.order.DownFor(q) || n.upstream.CutOff(now) || n.renewed(now, e) || !n.markRenewal(q, born) {
		return
	}
	turn := e.Expires() - e.Window() + n.turn(q, e.Window())
	n.after(now, turn-now, timer{kind: renewTimer, key: n.key.Hash(q), gen: uint64(born)})
}

// A renewal is of an answer that was born then.
type renewal struct {
	question dns.Question
	born     time.Duration
}

// markRenewal notes that an answer is being renewed, or soon, unless it is already.
func (n *Node) markRenewal(q dns.Question, born time.Duration) bool {
	hash := n.key.Hash(q)
	if _, marked := n.refresh[hash]; marked {
		return false
	}
	n.refresh[hash] = renewal{q, born}
	return true
}

func (n *Node) renewDue(now time.Duration, t timer) {
	if r, marked := n.refresh[t.key]; marked && r.born == time.Duration(t.gen) {
		n.renew(now, r.question, r.born)
	}
}

// surest hosts ask whatever is told: those ranked first. All would be a question of
// each host for each name whose addresses rotate.
const surest = 3

// renewed reports whether a peer's answer waits behind this host's own, so that it need
// not ask. Other data is the word of one: who is ranked first asks all the same.
func (n *Node) renewed(now time.Duration, e cache.Entry) bool {
	next := n.cache.Waiting(now, e.Answer.Question)
	return next.Held() && (next.Answer.SameData(e.Answer) || n.rank(e.Answer.Question) >= surest)
}

// turn is this host's place within a window.
func (n *Node) turn(q dns.Question, window time.Duration) time.Duration {
	if n.group.N() == 1 {
		return 0
	}
	share := math.Log2(1+float64(n.rank(q))) / math.Log2(1+float64(n.group.N()))
	return time.Duration(float64(window) * share * 0.9) // before it ends
}

// renew asks, unless somebody else has meanwhile.
func (n *Node) renew(now time.Duration, q dns.Question, born time.Duration) {
	e := n.cache.Get(now, q)
	if !e.Held() || e.Born > born || n.order.DownFor(q) || n.renewed(now, e) {
		delete(n.refresh, n.key.Hash(q))
		return
	}
	if _, under := n.fetch.Under(q); under {
		delete(n.refresh, n.key.Hash(q))
		return
	}
	n.start(now, q, fetch.Renewing)
}

// rank is this host's place for a question: that of its owner name, so that
// both address families of a name have one turn.
func (n *Node) rank(q dns.Question) int { return n.group.Rank(group.Hash(q.Name)) }
