package sharing

import (
	"log/slog"
	"net/netip"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/catchup"
	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/query"
	"mcdns/gocore/wire"
)

// What the rooms below this one need of it.

// proving is sharing as the host of its prover.
type proving struct{ s *Sharing }

func (h proving) After(now, d time.Duration, t group.Timer) {
	h.s.after(now, d, Timer{Due: proverDue + Due(t.Due), Key: t.Key, Gen: t.Gen})
}

func (h proving) Prove(now time.Duration, to netip.AddrPort, nonce uint64) {
	h.s.sendTo(now, to, &wire.Prove{Nonce: nonce})
}

func (h proving) Left(wire.Peer) { h.s.noteGroup() }

// querying is sharing as the host of its QUERYs.
type querying struct{ s *Sharing }

func (h querying) After(now, d time.Duration, t query.Timer) {
	h.s.after(now, d, Timer{Due: queriesDue + Due(t.Due), Key: t.Key})
}
func (h querying) Count(c query.Counter)                            { h.s.host.Count(counted[c]) }
func (h querying) SendGroup(now time.Duration, body wire.Body)      { h.s.sendGroup(now, body) }
func (h querying) SendEverywhere(now time.Duration, body wire.Body) { h.s.sendEverywhere(now, body) }
func (h querying) SendTo(now time.Duration, to netip.AddrPort, body wire.Body) {
	h.s.sendTo(now, to, body)
}
func (h querying) Room(now time.Duration) int                    { return h.s.room(now) }
func (h querying) MayPut(q dns.Question) bool                    { return h.s.mayPut(q) }
func (h querying) Shareable(e cache.Entry) bool                  { return h.s.shareable(e) }
func (h querying) Wireless() bool                                { return h.s.wireless() }
func (h querying) Alone() bool                                   { return !h.s.heardAnybody() }
func (h querying) NobodyKnows(now time.Duration, q dns.Question) { h.s.host.NobodyKnows(now, q) }
func (h querying) InVain(now, patience time.Duration, p wire.Peer, q dns.Question) {
	h.s.host.InVain(now, patience, p, q)
}

// counted are the counters of QUERYs among those of sharing.
var counted = [query.Counters]Counter{query.QueriesSent: QueriesSent, query.AnswersSent: AnswersSent}

// catching is sharing as the host of its streams.
type catching struct{ s *Sharing }

func (h catching) After(now, d time.Duration, t catchup.Timer) {
	h.s.after(now, d, Timer{Due: streamDue + Due(t.Due), Key: t.Key, Gen: t.Gen})
}
func (h catching) ID() uint64                                        { return h.s.host.ID() }
func (h catching) Log(level slog.Level, text string, args ...any)    { h.s.log(level, text, args...) }
func (h catching) Pull(id uint64, to netip.AddrPort, w catchup.Want) { h.s.host.Pull(id, to, w) }
func (h catching) Page(p catchup.Page)                               { h.s.host.Page(p) }
func (h catching) Shares() bool                                      { return h.s.set.Shares }
func (h catching) Waits(q dns.Question) bool                         { return h.s.host.Waits(q) }
func (h catching) Believes(q dns.Question) bool {
	return !h.s.set.Secret(q) && h.s.set.Believed(q.Name)
}

func (h catching) Prove(now, asked time.Duration, p wire.Peer, sent time.Duration) *group.Member {
	return h.s.hearer.prove(now, asked, p, sent)
}

func (h catching) Accept(now time.Duration, m *group.Member, a wire.Aged, transit time.Duration) cache.Outcome {
	return h.s.hearer.accept(now, m, a, transit)
}

func (h catching) Self() wire.Peer { return h.s.self }

// shared is the store as its streams see it.
type shared struct {
	Store
	s *Sharing
}

func (h shared) Here(e cache.Entry) bool      { return e.Place == h.s.set.Place }
func (h shared) Shareable(e cache.Entry) bool { return h.s.shareable(e) }
