package node

import (
	"time"

	"mcdns/gocore/dns"
)

// probe asks one server one question to learn whether it answers, unless it is
// being asked. It is another question than the one that made this host doubt:
// one slow zone must not look like a dead server.
func (u *upstream) probe(now time.Duration, s *server, doubted dns.Question) {
	if !s.probing {
		u.sendProbe(now, s, doubted)
	}
}

// probeTwice probes while a server is judged: one lost datagram must not decide.
func (u *upstream) probeTwice(now time.Duration, s *server) {
	u.probe(now, s, dns.Question{})
	u.host.after(now, judgeAfter/3, timer{kind: secondProbeTimer, key: s.no, gen: uint64(s.judge)})
}

func (u *upstream) probeAgain(now time.Duration, s *server, t timer) {
	if s.judging && s.judge == time.Duration(t.gen) && s.success < s.judge {
		u.sendProbe(now, s, dns.Question{})
	}
}

func (u *upstream) sendProbe(now time.Duration, s *server, doubted dns.Question) {
	q := rootSOA // a fallback server is not told what this host asks for
	switch {
	case s.domain != "":
		q = dns.Question{Name: s.domain, Type: dns.TypeSOA}
	case !s.fallback:
		q = u.host.probeQuestion(now, s, doubted)
	}
	u.putProbe(now, s, q)
}

// putProbe asks once.
func (u *upstream) putProbe(now time.Duration, s *server, q dns.Question) {
	s.probing, s.looked = true, now
	u.host.askProbe(now, s, q)
}

// probeOver says that the time for a reply to a probe is over.
func (u *upstream) probeOver(no uint64) {
	if s := u.numbered(no); s != nil {
		s.probing = false
	}
}

// letsProbe reports, once a second, whether a question that nobody holds may be a probe.
func (u *upstream) letsProbe(now time.Duration) bool {
	if u.probed != 0 && now-u.probed < time.Second {
		return false
	}
	u.probed = now
	return true
}

// probeTimeout is how long a probe waits for its reply. While nothing is known of
// the server it is what a lookup waits before it is served stale.
func (s *server) probeTimeout() time.Duration {
	if !s.rtt.known {
		return 250 * time.Millisecond
	}
	return max(100*time.Millisecond, s.timeout(1))
}

// keepProbing looks after a server that is down: every host once per own HELLO
// interval, the two ranked first also after 1, 2, 4 and then every 5 s
// (PROTOCOL 5.9).
func (u *upstream) keepProbing(now time.Duration, s *server) {
	s.looks = 0
	u.probeLater(now, s, uint64(now))
}

func (u *upstream) probeLater(now time.Duration, s *server, since uint64) {
	wait := []time.Duration{time.Second, time.Second, 2 * time.Second, 5 * time.Second}[min(s.looks, 3)]
	if s.looks == 3 && u.serverRank(s, 2) == 1 {
		wait /= 2 // between the looks of the first, from then on
	}
	u.host.after(now, wait, timer{kind: downTimer, key: s.no, gen: since})
}

func (u *upstream) probeDownAgain(now time.Duration, s *server, t timer) {
	if s.state() != Down || s.since != time.Duration(t.gen) {
		return
	}
	if s.fallback || u.serverRank(s, 2) < 2 {
		u.probe(now, s, dns.Question{})
	}
	s.looks++
	u.probeLater(now, s, t.gen)
}

// probeDown is each host's own look at its servers, once per HELLO.
func (u *upstream) probeDown(now time.Duration) {
	for _, s := range u.servers {
		if s.state() == Down || s.life == cutOff {
			u.probe(now, s, dns.Question{})
		}
	}
}
