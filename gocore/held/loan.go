package held

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

// Lend serves an answer for a moment, or until the servers before say otherwise.
func (h *Held) Lend(now time.Duration, a *dns.Answer) {
	if len(h.loans) >= maxLoans || a.TTL == 0 {
		return
	}
	if h.loans == nil {
		h.loans = make(map[uint64]loan)
	}
	hash := h.key.Hash(a.Question)
	h.loans[hash] = loan{a, now}
	h.host.After(now, lentFor, Timer{Hash: hash, Lent: now})
}

// A Timer ends a loan: plain data, for the host to hold.
type Timer struct {
	Hash uint64        // of the question
	Lent time.Duration // when it was
}

// Fire ends a loan.
func (h *Held) Fire(t Timer) {
	if h.loans[t.Hash].at == t.Lent {
		delete(h.loans, t.Hash)
	}
}

// ClearLoans ends all, for other servers may be asked now.
func (h *Held) ClearLoans() { h.loans = nil }

// Loans is how many there are.
func (h *Held) Loans() int { return len(h.loans) }

// lent is what is lent for a question, as an entry of a few seconds.
func (h *Held) lent(now time.Duration, q dns.Question) cache.Entry {
	l := h.loans[h.key.Hash(q)]
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
