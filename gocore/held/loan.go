package held

import (
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/timers"
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
	h.host.After(now, lentFor, Timer{Due: loanDue, Key: hash, Gen: uint64(now)})
}

// A Timer ends a loan, for the host to hold. Its Key is the hash of the question, Gen when
// it was lent.
type Timer = timers.Of[Due]

// Due is why a Held wants to be woken.
type Due uint8

const loanDue Due = 0

// Fire ends a loan.
func (h *Held) Fire(t Timer) {
	if h.loans[t.Key].at == time.Duration(t.Gen) {
		delete(h.loans, t.Key)
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
