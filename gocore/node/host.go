package node

import (
	"log/slog"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/fetch"
	"mcdns/gocore/group"
	"mcdns/gocore/upstream"
	"mcdns/gocore/wire"
)

// What a node does for its rooms, which see it through small interfaces, and what it does
// when its servers change.

// setServers follows a change of configuration.
func (n *Node) setServers(now time.Duration) {
	n.failures.ClearAll() // the settings may name servers that know what these did not
	n.loans = nil         // lent by the old list
	s := &n.set
	if n.upstream.Configure(now, upstream.Config{Servers: s.Servers, Fallback: s.Fallback, Routes: s.Routes, Rotate: s.Rotate}) {
		n.askAnew(now)
	}
}

// askAnew puts what is under way to the new servers: those before may be out of
// reach, and a lookup would wait for them to its deadline.
func (n *Node) askAnew(now time.Duration) {
	for _, p := range n.inOrder() {
		if why, under := n.fetch.Under(p.q); !under || why == fetch.Fallback {
			continue
		}
		n.fetch.Abandon(now, p.q)
		if len(p.waiters) > 0 {
			n.start(now, p.q, fetch.Demand)
		}
		n.drop(p)
	}
}

// serving is a node as the host of its DNS servers.
type serving struct{ n *Node }

func (h serving) After(now, d time.Duration, t upstream.Timer) {
	h.n.after(now, d, timer{kind: upstreamTimer, of: uint8(t.Due), key: uint64(t.ID), gen: t.Gen})
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
		n.goOnAll(now)
	case upstream.CutOff:
		n.askHelpers(now)
	case upstream.Back:
		n.failures.ClearAll()
		n.after(now, 0, timer{kind: goOnTimer}) // the reply that shows it may be what is waited for
	case upstream.AllDown:
		n.log(slog.LevelWarn, "upstream down: serving what this host and its group hold", "group", n.share.State())
		n.resolvePending(now)
	case upstream.SeenDown:
		n.resolvePending(now)
	case upstream.Over:
		n.failures.ClearAll()
		n.after(now, 0, timer{kind: askAgainTimer}) // the reply that shows it may be what is waited for
		n.recoverPopular(now)
	case upstream.Doubted:
		n.share.SayTwice(now)
	case upstream.News:
		n.share.SayNow(now)
	}
}

// outage is the number of the outage that goes on, or of the last one.
func (n *Node) outage() uint32 {
	number, _ := n.upstream.Outage()
	return number
}

// allDown reports whether all servers are.
func (n *Node) allDown() bool {
	_, down := n.upstream.Outage()
	return down
}
