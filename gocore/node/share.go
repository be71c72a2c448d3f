package node

import (
	"log/slog"
	"net/netip"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/catchup"
	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/sharing"
	"mcdns/gocore/wire"
)

// sharer is a node as the host of its sharing.
type sharer struct{ n *Node }

func (h sharer) After(now, d time.Duration, t sharing.Timer) {
	h.n.after(now, d, timer{kind: shareTimer, of: uint8(t.Due), key: t.Key, gen: t.Gen})
}

func (h sharer) ID() uint64 { return h.n.id() }

func (h sharer) Log(level slog.Level, text string, args ...any) { h.n.log(level, text, args...) }

// counted are the counters of sharing among a node's.
var counted = [sharing.Counters]Counter{
	sharing.Announced: Announced, sharing.Untold: Untold,
	sharing.AnswersTaken: AnswersTaken, sharing.AnswersRefused: AnswersRefused,
	sharing.QueriesSent: QueriesSent, sharing.AnswersSent: AnswersSent,
	sharing.PeerReplayed: PeerReplayed, sharing.PeerLate: PeerLate,
	sharing.PeerFlood: PeerFlood, sharing.PeerDuplicate: PeerDuplicate,
}

func (h sharer) Count(c sharing.Counter) { h.n.count(counted[c]) }

func (h sharer) Send(m *wire.Message, to netip.AddrPort, ways []sharing.Way) {
	h.n.emit(Send{Message: m, To: to, Ways: ways})
}

func (h sharer) Pull(id uint64, to netip.AddrPort, want catchup.Want) {
	h.n.emit(Pull{ID: id, Addr: to, Want: want})
}

func (h sharer) Page(p catchup.Page) { h.n.emit(Page(p)) }

func (h sharer) States(now time.Duration) []wire.ServerState { return h.n.upstream.States(now) }

func (h sharer) SaysStates(now time.Duration, m *group.Member, states []wire.ServerState, at time.Duration) {
	h.n.upstream.Heard(now, m, states, at)
}

func (h sharer) Doubts(m *group.Member) bool { return h.n.upstream.Doubts(m) }

func (h sharer) Greeted(now time.Duration) { h.n.upstream.Look(now) }

func (h sharer) Waits(q dns.Question) bool { return h.n.pending[q] != nil }

func (h sharer) Answered(now time.Duration, q dns.Question) { h.n.answered(now, q) }

func (h sharer) NobodyKnows(now time.Duration, q dns.Question) {
	if p := h.n.pending[q]; p != nil {
		h.n.nobodyKnows(now, p)
	}
}

func (h sharer) InVain(now, patience time.Duration, p wire.Peer, q dns.Question) {
	h.n.failures.Hear(now, patience, sharing.LastTurn, p, q)
}

func (h sharer) Help(now time.Duration, m *group.Member, q dns.Question) { h.n.heardAsk(now, m, q) }

// store is what a node holds, as its sharing sees it.
type store struct{ n *Node }

func (s store) Get(now time.Duration, q dns.Question) cache.Entry { return s.n.cache.Get(now, q) }

func (s store) Usable(now time.Duration, q dns.Question) cache.Entry { return s.n.usable(now, q) }

func (s store) Positive(q dns.Question) *dns.Answer { return s.n.cache.Positive(q) }

func (s store) Put(now time.Duration, in cache.Arrival) cache.Outcome { return s.n.put(now, in) }

func (s store) All(f func(cache.Entry) bool) { s.n.cache.All(f) }

func (s store) Recent(most int, f func(cache.Entry)) { s.n.cache.Recent(most, f) }

func (s store) Len() int { return s.n.cache.Len() }

func (s store) Full() bool { return s.n.cache.Bytes() >= s.n.set.CacheBytes*9/10 }

func (s store) Wanted(now time.Duration, q dns.Question) bool {
	return s.n.cache.Query(now, q, s.n.outage())
}

func (s store) Ours(q dns.Question, id dns.ServerID) bool { return s.n.order.Asks(q, id) }

func (s store) Precedes(a *dns.Answer, held cache.Entry) bool {
	return s.n.order.Standing(a, false, 0).Nth <= s.n.order.Of(held).Nth
}
