package node

import (
	"log/slog"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/fetch"
	"mcdns/gocore/held"
	"mcdns/gocore/help"
	"mcdns/gocore/lookup"
	"mcdns/gocore/renewal"
)

// looking is a node as the host of its lookups: it answers programs.
type looking struct{ n *Node }

func (h looking) After(now, d time.Duration, t lookup.Timer) {
	after(h.n, now, d, lookupTimer, t)
}

func (h looking) ID() uint64 { return h.n.id() }

func (h looking) Respond(id uint64, r Result) {
	h.n.count(counterOf(&r))
	h.n.emit(Respond{ID: id, Result: r})
}

func counterOf(r *Result) Counter {
	switch {
	case r.Answer == nil:
		return LookupFailed
	case r.Stale:
		return LookupStale
	case r.Source == FromPeer:
		return LookupPeer
	case r.Source == FromServer:
		return LookupServer
	case r.Source == FromHere:
		return LookupHere
	}
	return LookupCache
}

// steps has a row for each lookup.Step. Nothing asks sub-questions yet, so there is none.
var steps []func(n *Node, now time.Duration, asker, q dns.Question, r Result)

func (h looking) Step(now time.Duration, then lookup.Step, asker, q dns.Question, r Result) {
	steps[then](h.n, now, asker, q, r)
}

// awaited is what the rooms that ask for somebody need of a node's lookups.
type awaited struct{ n *Node }

func (h awaited) Start(now time.Duration, q dns.Question, why fetch.Purpose) {
	h.n.lookups.Start(now, q, why)
}

func (h awaited) Usable(now time.Duration, q dns.Question) cache.Entry {
	return h.n.held.Usable(now, q)
}

// renewing is a node as the host of its renewals.
type renewing struct{ awaited }

func (h renewing) After(now, d time.Duration, t renewal.Timer) {
	after(h.n, now, d, renewTimer, t)
}

func (h renewing) Pending(q dns.Question) bool { return h.n.lookups.Pending(q) }

func (h renewing) Busy() bool { return h.n.lookups.Busy() }

// helping is a node as the host of its helper.
type helping struct{ awaited }

func (h helping) After(now, d time.Duration, t help.Timer) {
	after(h.n, now, d, helpTimer, t)
}

func (h helping) Waits(q dns.Question) bool { return h.n.lookups.Waits(q) }

func (h helping) NobodyKnows(now time.Duration, q dns.Question) { h.n.lookups.NobodyKnows(now, q) }

// holding is a node as the host of what it holds.
type holding struct{ n *Node }

func (h holding) After(now, d time.Duration, t held.Timer) {
	after(h.n, now, d, loanTimer, t)
}

func (h holding) Log(level slog.Level, text string, args ...any) { h.n.log(level, text, args...) }

func (h holding) Evicted() { h.n.count(Evicted) }

func (h holding) Contradicted() { h.n.count(AnswersContradicted) }
