package upstream

import (
	"time"

	"mcdns/gocore/dns"
)

// RootSOA is asked while nothing else is held.
var RootSOA = dns.Question{Name: ".", Type: dns.TypeSOA}

// ProbeListens is how long a reply to a probe counts: as long as a lookup may take by the
// default of resolv.conf. A server that needs three seconds for each answer was down for
// ever when probes listened no longer.
const ProbeListens = 10 * time.Second

// probe asks one server one question to learn whether it answers, unless it is
// being asked. It is another question than the one that made this host doubt:
// one slow zone must not look like a dead server.
func (u *Upstream) probe(now time.Duration, s *server, doubted dns.Question) {
	if !s.probing {
		u.sendProbe(now, s, doubted)
	}
}

// probeTwice probes while a server is judged: one lost datagram must not decide.
func (u *Upstream) probeTwice(now time.Duration, s *server) {
	u.probe(now, s, dns.Question{})
	u.host.After(now, judgeAfter/3, Timer{secondProbeDue, s.no, uint64(s.judge)})
}

func (u *Upstream) probeAgain(now time.Duration, s *server, t Timer) {
	if s.judging && s.judge == time.Duration(t.Gen) && s.success < s.judge {
		u.sendProbe(now, s, dns.Question{})
	}
}

func (u *Upstream) sendProbe(now time.Duration, s *server, doubted dns.Question) {
	q := RootSOA // a fallback server is not told what this host asks for
	switch {
	case s.domain != "":
		q = dns.Question{Name: s.domain, Type: dns.TypeSOA}
	case !s.fallback:
		q = u.host.ProbeQuestion(now, s.no, doubted)
	}
	u.putProbe(now, s, q)
}

// putProbe asks once.
func (u *Upstream) putProbe(now time.Duration, s *server, q dns.Question) {
	s.probing, s.looked = true, now
	wait := s.probeTimeout()
	u.host.After(now, wait, Timer{probeDue, s.no, 0})
	u.host.Ask(now, s.no, s.Server, q, wait)
}

// probeOver comes when the time for a reply to a probe is over.
func (u *Upstream) probeOver(_ time.Duration, s *server, _ Timer) { s.probing = false }

// LookWith lets a question that nobody holds be the probe of the first server of its list,
// once a second, beside a look at the others. A server process that is started again is
// then known in a second by whoever needs it; probes alone took up to 5 s.
func (u *Upstream) LookWith(now time.Duration, l List, q dns.Question) {
	if u.probed != 0 && now-u.probed < time.Second {
		return
	}
	u.probed = now
	for i, s := range l.servers {
		if i == 0 {
			u.putProbe(now, s, q)
		} else {
			u.probe(now, s, dns.Question{})
		}
	}
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
func (u *Upstream) keepProbing(now time.Duration, s *server) {
	s.looks = 0
	u.probeLater(now, s, uint64(now))
}

func (u *Upstream) probeLater(now time.Duration, s *server, since uint64) {
	wait := []time.Duration{time.Second, time.Second, 2 * time.Second, 5 * time.Second}[min(s.looks, 3)]
	if s.looks == 3 && u.serverRank(s, 2) == 1 {
		wait /= 2 // between the looks of the first, from then on
	}
	u.host.After(now, wait, Timer{downDue, s.no, since})
}

func (u *Upstream) probeDownAgain(now time.Duration, s *server, t Timer) {
	if s.state() != Down || s.since != time.Duration(t.Gen) {
		return
	}
	if s.fallback || u.serverRank(s, 2) < 2 {
		u.probe(now, s, dns.Question{})
	}
	s.looks++
	u.probeLater(now, s, t.Gen)
}

// Look is each host's own look at its servers, once per HELLO.
func (u *Upstream) Look(now time.Duration) {
	for _, s := range u.servers {
		if s.state() == Down || s.life == cutOff {
			u.probe(now, s, dns.Question{})
		}
	}
}
