package node

import (
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
)

// What a probe asks, and how it is a fetch.

// probeListens is how long a reply to a probe counts: as long as a lookup may take by the
// default of resolv.conf. A server that needs three seconds for each answer was down for
// ever when probes listened no longer.
const probeListens = 10 * time.Second

// askProbe asks once.
func (n *Node) askProbe(now time.Duration, s *server, q dns.Question) {
	f := &fetch{q: q, kind: probe, began: now, deadline: now + probeListens, tries: []try{{server: s, sent: maxTries}}, sends: 1}
	f.no = n.fetches.add(f)
	id := n.id()
	f.asks = []uint64{id}
	f.at, f.last = s, id
	n.asks[id] = &ask{fetch: f, server: s, sent: now}
	n.countAsk(probe)
	n.emit(Ask{ID: id, Server: s.Addr, Question: q, Asker: Itself, Patience: f.deadline - now})
	n.after(now, s.probeTimeout(), timer{kind: probeTimer, key: id, gen: s.no})
	n.after(now, f.deadline-now, timer{kind: fetchTimer, key: f.no})
}

func (n *Node) probeOverdue(now time.Duration, t timer) {
	n.upstream.probeOver(t.gen)
	n.overdue(now, t)
}

// probeWith lets a question that nobody holds be the probe of the first server, once a
// second, beside a look at the others. A server process that is started again is then
// known in a second by whoever needs it; probes alone took up to 5 s.
func (n *Node) probeWith(now time.Duration, q dns.Question) {
	if n.young(now, q) || !n.upstream.letsProbe(now) {
		return
	}
	for i, s := range n.serversFor(q) {
		if i == 0 {
			n.upstream.putProbe(now, s, q)
		} else {
			n.upstream.probe(now, s, dns.Question{})
		}
	}
}

// probeLook is how many answers a probe's question is chosen among, the latest
// used: with a full cache each probe would else hold up lookups for milliseconds.
const probeLook = 1000

// rootSOA is asked while nothing else is held.
var rootSOA = dns.Question{Name: ".", Type: 6}

// probeQuestion is the most asked answer that is past its TTL, so that a probe
// is a refresh too, and so that a resolver without uplink cannot answer from
// its own cache (PROTOCOL 5.6). A server that is not current is asked only for what
// it gave itself: a public one would learn the site's names else.
func (n *Node) probeQuestion(now time.Duration, s *server, doubted dns.Question) dns.Question {
	var best cache.Entry
	n.cache.Recent(probeLook, func(e cache.Entry) {
		if e.Answer.Question != doubted && betterProbe(now, e, best) && n.mayProbe(s, e) {
			best = e
		}
	})
	if !best.Held() {
		return rootSOA
	}
	return best.Answer.Question
}

func (n *Node) mayProbe(s *server, e cache.Entry) bool {
	list := n.serversFor(e.Answer.Question)
	nth := numberOf(list, func(o *server) bool { return o == s })
	if nth == len(list) || !n.mine(e) {
		return false
	}
	return n.set.Rotate || nth == current(list) || s.ID != 0 && s.ID == e.Answer.Server
}

func betterProbe(now time.Duration, e, best cache.Entry) bool {
	if !best.Held() || e.Fresh(now) != best.Fresh(now) {
		return !best.Held() || best.Fresh(now)
	}
	return e.Asked > best.Asked
}
