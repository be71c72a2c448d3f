package node

import (
	"cmp"
	"log/slog"
	"slices"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/group"
)

// updateDown follows the servers' states: down means all of them.
func (n *Node) updateDown(now time.Duration) {
	down := len(n.servers) > 0
	for _, s := range n.servers {
		down = down && s.state() == Down
	}
	if down == n.down {
		return
	}
	n.down, n.since = down, now
	if down {
		n.outage++
		n.log(slog.LevelWarn, "upstream down: serving what this host and its group hold", "group", n.groupState())
		n.resolvePending(now)
		return
	}
	switch {
	case n.anyUp():
		n.log(slog.LevelInfo, "upstream up")
	case !n.cutOff(now): // which has said so itself
		n.log(slog.LevelInfo, "upstream suspect: its servers changed")
	}
	n.failures.clearAll()
	n.after(now, 0, n.askAgain) // the reply that shows it may be what is waited for
	n.recoverPopular(now)
}

// askAgain puts what programs wait for to the servers as soon as they are back: the
// time-outs have grown meanwhile, by up to two seconds in a silence of one.
func (n *Node) askAgain(now time.Duration) {
	if n.down {
		return
	}
	for _, p := range n.inOrder() {
		switch {
		case len(p.waiters) == 0:
		case p.fetch == nil || p.fetch.kind == viaFallback: // which are asked in outages only
			n.abandon(now, p)
			n.startFetch(now, p.q, demand)
		default:
			n.sendNext(now, p.fetch)
		}
	}
}

// resolvePending ends the waiting of all questions when an outage begins.
func (n *Node) resolvePending(now time.Duration) {
	for _, p := range n.inOrder() {
		if len(p.waiters) == 0 || !n.downFor(p.q) {
			continue
		}
		if f := p.fetch; f != nil {
			n.afterIf(now, f.began+lateAnswer-now, f.live, func(now time.Duration) { n.giveUp(now, f) })
		}
		n.resolveWhileDown(now, p)
	}
}

// lateAnswer is how long a question asked before the outage was known may still
// be answered by a server: names that a resolver must look up itself take it
// half a second and more, all at once after a quiet hour. Failed at once, each
// such hour began with a failed lookup. What is left of the three seconds that a
// lookup may take is the group's, and a busy machine's.
const lateAnswer = 3*time.Second - 5*queryWait

// young reports whether the outage has just begun. What a program asks for now may
// be answered late, as what it asked for a moment ago: a server that says nothing
// for a second, or a host that a busy machine did not run, is no outage to anybody
// without mcdns. A server that the network cannot reach is not waited for.
func (n *Node) young(now time.Duration, q dns.Question) bool {
	since, down := n.downSince(q)
	return down && now < since+lateAnswer
}

// yetToSpeak reports whether a server has said nothing to a host that knows no peer, for
// as long as a lookup may take since it has it, and the network says nothing against it.
// One that takes seconds looks like that, and the two questions of the first lookup, A and
// AAAA, both late, made a dead one of it: asked for within 0.5 s of the start, a name
// failed after 2.6 s where the server's 3.1 s were allowed.
func (n *Node) yetToSpeak(now time.Duration, s *server) bool {
	said := s.heard != group.Unseen || n.heardAnybody() || s.life == down
	return !said && now < s.made+probeListens
}

// giveUpNowhere ends a question of a young outage that reached no server, once the
// group has had its turn.
func (n *Node) giveUpNowhere(now time.Duration, f *fetch) {
	p := n.pending[f.q]
	since, _ := n.downSince(f.q)
	if p != nil && p.fetch == f && p.query == nil && f.kind == demand && f.began >= since && f.nowhere() && !n.byHearsay() {
		n.giveUp(now, f)
	}
}

func (n *Node) giveUp(now time.Duration, f *fetch) {
	if n.downFor(f.q) && !slices.ContainsFunc(n.serversFor(f.q), func(s *server) bool { return n.yetToSpeak(now, s) }) {
		n.fetchFailed(now, f)
	}
}

// inOrder lists the pending questions in order of arrival: the order of a map
// would make two runs of one seed differ.
func (n *Node) inOrder() []*pending {
	var all []*pending
	for _, p := range n.pending {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *pending) int { return cmp.Compare(a.made, b.made) })
	return all
}

// confirmations is how many own time-outs make hearsay this host's own view.
const confirmations = 2

// confirmDown: this host has now seen for itself what it knew by others' word.
func (n *Node) confirmDown(now time.Duration, s *server) {
	s.denied++
	if s.denied < confirmations {
		return
	}
	s.happens(now, confirmed)
	if n.down && !n.byHearsay() {
		n.resolvePending(now)
	}
}

// byHearsay reports whether some server may be up after all: a lost datagram
// can make a whole group's judgement wrong for one host.
func (n *Node) byHearsay() bool {
	return slices.ContainsFunc(n.servers, func(s *server) bool { return s.life == hearsay })
}

// doubtEarlier looks, beside the first lookup that a later server gets, at a server that
// is down by hearsay: it may be down for others alone.
func (n *Node) doubtEarlier(now time.Duration, q dns.Question) {
	for _, s := range n.serversFor(q) {
		if s.state() != Down {
			return
		}
		if s.life == hearsay && !s.doubted {
			s.doubted = true
			n.probe(now, s, dns.Question{})
		}
	}
}

// doubtsDown reports whether this host's own question should go beside its
// first lookup in an outage that it knows by hearsay (PROTOCOL 5.8).
func (n *Node) doubtsDown() bool {
	for _, s := range n.servers {
		if s.life == hearsay && !s.doubted {
			s.doubted = true
			return true
		}
	}
	return false
}
