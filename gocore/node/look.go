package node

import (
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/upstream"
)

// What a probe asks.

// Ask asks once.
func (h serving) Ask(now time.Duration, id upstream.ID, to upstream.Server, q dns.Question, wait time.Duration) {
	h.n.fetch.Probe(now, id, to, q, wait)
}

// probeWith lets a question that nobody holds be a probe, if the outage is old.
func (n *Node) probeWith(now time.Duration, q dns.Question) {
	if !n.order.Young(now, q) {
		n.upstream.LookWith(now, n.order.Servers(q), q)
	}
}

// probeLook is how many answers a probe's question is chosen among, the latest
// used: with a full cache each probe would else hold up lookups for milliseconds.
const probeLook = 1000

// ProbeQuestion is the most asked answer that is past its TTL, so that a probe
// is a refresh too, and so that a resolver without uplink cannot answer from
// its own cache (PROTOCOL 5.6). A server that is not current is asked only for what
// it gave itself: a public one would learn the site's names else.
func (h serving) ProbeQuestion(now time.Duration, id upstream.ID, doubted dns.Question) dns.Question {
	n := h.n
	var best cache.Entry
	n.cache.Recent(probeLook, func(e cache.Entry) {
		if e.Answer.Question != doubted && betterProbe(now, e, best) && n.order.MayProbe(id, e) {
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
