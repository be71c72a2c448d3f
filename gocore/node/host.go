package node

import (
	"log/slog"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/upstream"
	"mcdns/gocore/wire"
)

// What a node does for its rooms, which see it through small interfaces, and what it does
// when its servers change.

// setServers follows a change of configuration.
func (n *Node) setServers(now time.Duration) {
	s := &n.set
	if n.upstream.Configure(now, upstream.Config{Servers: s.Servers, Fallback: s.Fallback, Routes: s.Routes, Rotate: s.Rotate}) {
		n.lookups.AskAnew(now)
	}
}

// serving is a node as the host of its DNS servers.
type serving struct{ n *Node }

func (h serving) After(now, d time.Duration, t upstream.Timer) {
	after(h.n, now, d, upstreamTimer, t)
}

func (h serving) Jitter(d time.Duration) time.Duration { return h.n.jitter(d) }

func (h serving) Log(level slog.Level, text string, args ...any) { h.n.log(level, text, args...) }

func (h serving) Rank(id dns.ServerID, most int) int {
	return h.n.group.RankAmong(uint64(id), most, func(m *group.Member) bool { return m.Uses(id) })
}

func (h serving) Members() int { return h.n.group.N() }

func (h serving) Member(p wire.Peer) *group.Member { return h.n.group.Get(p) }

// Happened does what a change of the servers leads to.
func (h serving) Happened(now time.Duration, e upstream.Event) {
	n := h.n
	switch e {
	case upstream.Judged:
		n.lookups.GoOn(now)
	case upstream.CutOff:
		n.lookups.AskHelpers(now)
	case upstream.Back:
		n.failures.ClearAll()
		n.later(now, 0, goOnDue) // the reply that shows it may be what is waited for
	case upstream.AllDown:
		n.log(slog.LevelWarn, "upstream down: serving what this host and its group hold", "group", n.share.State())
		n.lookups.ResolvePending(now)
	case upstream.SeenDown:
		n.lookups.ResolvePending(now)
	case upstream.Over:
		n.failures.ClearAll()
		n.later(now, 0, askAgainDue) // the reply that shows it may be what is waited for
		n.renewals.Recover(now)
	case upstream.Doubted:
		n.share.SayTwice(now)
	case upstream.News:
		n.share.SayNow(now)
	}
}

// Ask asks once.
func (h serving) Ask(now time.Duration, id upstream.ID, to upstream.Server, q dns.Question, wait time.Duration) {
	h.n.fetch.Probe(now, id, to, q, wait)
}

// probeLook is how many answers a probe's question is chosen among, the latest
// used: with a full cache each probe would else hold up lookups for milliseconds.
const probeLook = 1000

// ProbeQuestion is the most asked answer that is past its TTL, so that a probe
// is a refresh too, and so that a resolver without uplink cannot answer from
// its own cache (PROTOCOL 5.6). A server that is not current is asked only for what
// it gave itself: a public one would learn the site's names else.
func (h serving) ProbeQuestion(now time.Duration, id upstream.ID, doubted dns.Question) dns.Question {
	var best cache.Entry
	h.n.held.Recent(probeLook, func(e cache.Entry) {
		if e.Answer.Question != doubted && betterProbe(now, e, best) && h.n.order.MayProbe(id, e) {
			best = e
		}
	})
	if !best.Held() {
		return upstream.RootSOA
	}
	return best.Answer.Question
}

func betterProbe(now time.Duration, e, best cache.Entry) bool {
	if !best.Held() || e.Fresh(now) != best.Fresh(now) {
		return !best.Held() || best.Fresh(now)
	}
	return e.Asked > best.Asked
}
