package node

import (
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
)

// A loan is the answer of a later server while an earlier one is not down: it serves
// programs for a few seconds, is neither kept, saved nor told, and gives way to what
// the earlier one says (PROTOCOL 2.7).
type loan struct {
	answer *dns.Answer
	at     time.Duration
}

const (
	lentFor  = 5 * time.Second
	maxLoans = 4096 // the rest is used once
)

func (n *Node) lend(now time.Duration, a *dns.Answer) {
	if len(n.loans) >= maxLoans || a.TTL == 0 {
		return
	}
	if n.loans == nil {
		n.loans = make(map[uint64]loan)
	}
	hash := n.key.Hash(a.Question)
	n.loans[hash] = loan{a, now}
	n.after(now, lentFor, timer{kind: loanTimer, key: hash, gen: uint64(now)})
}

func (n *Node) loanOver(_ time.Duration, t timer) {
	if n.loans[t.key].at == time.Duration(t.gen) {
		delete(n.loans, t.key)
	}
}

// lent is what is lent for a question, as an entry of a few seconds.
func (n *Node) lent(now time.Duration, q dns.Question) cache.Entry {
	l := n.loans[n.key.Hash(q)]
	e := cache.Entry{Answer: l.answer, Born: l.at, Life: loanLife(l.answer)}
	if !e.Held() || !e.Fresh(now) {
		return cache.Entry{}
	}
	return e
}

func loanLife(a *dns.Answer) time.Duration {
	if a == nil {
		return 0
	}
	return min(a.TTL, lentFor)
}
