package node

import (
	"log/slog"
	"net/netip"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/catchup"
	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/held"
	"mcdns/gocore/query"
	"mcdns/gocore/sharing"
	"mcdns/gocore/wire"
)

// sharer is a node as the host of its sharing.
type sharer struct{ n *Node }

func (h sharer) After(now, d time.Duration, t sharing.Timer) {
	after(h.n, now, d, shareTimer, t)
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

func (h sharer) Doubts(m *group.Member) bool { return h.n.upstream.All().Doubts(m) }

func (h sharer) Greeted(now time.Duration) { h.n.upstream.All().Look(now) }

func (h sharer) Waits(q dns.Question) bool { return h.n.lookups.Pending(q) }

func (h sharer) Answered(now time.Duration, q dns.Question) { h.n.lookups.Told(now, q) }

func (h sharer) NobodyKnows(now time.Duration, q dns.Question) {
	h.n.lookups.NobodyKnows(now, q)
}

func (h sharer) InVain(now, patience time.Duration, p wire.Peer, q dns.Question) {
	h.n.failures.Hear(now, patience, query.LastTurn, p, q)
}

func (h sharer) Help(now time.Duration, m *group.Member, q dns.Question) { h.n.help.Heard(now, m, q) }

// store is what a node holds, as its sharing sees it.
type store struct {
	*held.Held
	n *Node
}

func (s store) Wanted(now time.Duration, q dns.Question) bool {
	outage, _ := s.n.upstream.Outage()
	return s.Held.Wanted(now, q, outage)
}

func (s store) Ours(q dns.Question, id dns.ServerID) bool { return s.n.order.Asks(q, id) }

func (s store) Precedes(a *dns.Answer, held cache.Entry) bool {
	return s.n.order.Standing(a, false, 0).Nth <= s.n.order.Of(held).Nth
}
