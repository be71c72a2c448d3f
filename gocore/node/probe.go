package node

import (
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
)

// probe asks one server one question to learn whether it answers, unless it is
// being asked. It is another question than the one that made this host doubt:
// one slow zone must not look like a dead server.
func (n *Node) probe(now time.Duration, s *server, doubted dns.Question) {
	if !s.probing {
		n.sendProbe(now, s, doubted)
	}
}

// probeTwice probes while a server is judged: one lost datagram must not decide.
func (n *Node) probeTwice(now time.Duration, s *server) {
	n.probe(now, s, dns.Question{})
	began := s.judge
	n.after(now, judgeAfter/3, func(now time.Duration) {
		if s.judging && s.judge == began && s.success < began {
			n.sendProbe(now, s, dns.Question{})
		}
	})
}

// probeWith lets a question that nobody holds be the probe of the first server, once a
// second, beside a look at the others. A server process that is started again is then
// known in a second by whoever needs it; probes alone took up to 5 s.
func (n *Node) probeWith(now time.Duration, q dns.Question) {
	if n.probed != 0 && now-n.probed < time.Second || n.young(now, q) {
		return
	}
	n.probed = now
	for i, s := range n.serversFor(q) {
		if i == 0 {
			n.putProbe(now, s, q)
		} else {
			n.probe(now, s, dns.Question{})
		}
	}
}

func (n *Node) sendProbe(now time.Duration, s *server, doubted dns.Question) {
	q := rootSOA // a fallback server is not told what this host asks for
	switch {
	case s.domain != "":
		q = dns.Question{Name: s.domain, Type: dns.TypeSOA}
	case !s.fallback:
		q = n.probeQuestion(now, s, doubted)
	}
	n.putProbe(now, s, q)
}

// probeListens is how long a reply to a probe counts: as long as a lookup may take by the
// default of resolv.conf. A server that needs three seconds for each answer was down for
// ever when probes listened no longer.
const probeListens = 10 * time.Second

// putProbe asks once.
func (n *Node) putProbe(now time.Duration, s *server, q dns.Question) {
	s.probing, s.looked = true, now
	f := &fetch{q: q, kind: probe, began: now, deadline: now + probeListens, tries: []try{{server: s, sent: maxTries}}, sends: 1}
	id := n.id()
	f.asks = []uint64{id}
	f.at, f.last = s, id
	n.asks[id] = &ask{fetch: f, server: s, sent: now}
	n.countAsk(probe)
	n.emit(Ask{ID: id, Server: s.Addr, Question: q, Asker: Itself, Patience: f.deadline - now})
	n.after(now, s.probeTimeout(), func(now time.Duration) {
		s.probing = false
		n.overdue(now, id)
	})
	n.after(now, f.deadline-now, func(now time.Duration) { n.fetchFailed(now, f) })
}

// probeTimeout is how long a probe waits for its reply. While nothing is known of
// the server it is what a lookup waits before it is served stale.
func (s *server) probeTimeout() time.Duration {
	if !s.rtt.known {
		return 250 * time.Millisecond
	}
	return max(100*time.Millisecond, s.timeout(1))
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

// keepProbing looks after a server that is down: every host once per own HELLO
// interval, the two ranked first also after 1, 2, 4 and then every 5 s
// (PROTOCOL 5.9).
func (n *Node) keepProbing(now time.Duration, s *server, began time.Duration, step int) {
	wait := []time.Duration{time.Second, time.Second, 2 * time.Second, 5 * time.Second}[min(step, 3)]
	if step == 3 && n.serverRank(s, 2) == 1 {
		wait /= 2 // between the looks of the first, from then on
	}
	n.after(now, wait, func(now time.Duration) {
		if s.state() != Down || s.since != began || !n.uses(s) {
			return
		}
		if s.fallback || n.serverRank(s, 2) < 2 {
			n.probe(now, s, dns.Question{})
		}
		n.keepProbing(now, s, began, step+1)
	})
}

// probeDown is each host's own look at its servers, once per HELLO.
func (n *Node) probeDown(now time.Duration) {
	for _, s := range n.servers {
		if s.state() == Down || s.life == cutOff {
			n.probe(now, s, dns.Question{})
		}
	}
}
