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
func (s *server) probe(now time.Duration, doubted dns.Question) {
	if !s.probing {
		s.sendProbe(now, doubted)
	}
}

// probeTwice probes while a server is judged: one lost datagram must not decide.
func (s *server) probeTwice(now time.Duration) {
	s.probe(now, dns.Question{})
	s.after(now, judgeAfter/3, secondProbeDue, uint64(s.judge))
}

func (s *server) probeAgain(now time.Duration, t Timer) {
	if s.judging && s.judge == time.Duration(t.Gen) && s.success < s.judge {
		s.sendProbe(now, dns.Question{})
	}
}

func (s *server) sendProbe(now time.Duration, doubted dns.Question) {
	q := RootSOA // a fallback server is not told what this host asks for
	switch {
	case s.domain != "":
		q = dns.Question{Name: s.domain, Type: dns.TypeSOA}
	case !s.fallback:
		q = s.u.host.ProbeQuestion(now, s.no, doubted)
	}
	s.putProbe(now, q)
}

// putProbe asks once.
func (s *server) putProbe(now time.Duration, q dns.Question) {
	s.probing, s.looked = true, now
	wait := s.probeTimeout()
	s.after(now, wait, probeDue, 0)
	s.u.host.Ask(now, s.no, s.Server, q, wait)
}

// probeOver comes when the time for a reply to a probe is over.
func (s *server) probeOver(_ time.Duration, _ Timer) { s.probing = false }

// LookWith lets a question that nobody holds be the probe of the first server of its list,
// once a second, beside a look at the others. A server process that is started again is
// then known in a second by whoever needs it; probes alone took up to 5 s.
func (l List) LookWith(now time.Duration, q dns.Question) {
	if l.u.probed != 0 && now-l.u.probed < time.Second {
		return
	}
	l.u.probed = now
	for i, s := range l.servers {
		if i == 0 {
			s.putProbe(now, q)
		} else {
			s.probe(now, dns.Question{})
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
func (s *server) keepProbing(now time.Duration) {
	s.downLooks = 0
	s.probeLater(now, uint64(now))
}

func (s *server) probeLater(now time.Duration, since uint64) {
	wait := []time.Duration{time.Second, time.Second, 2 * time.Second, 5 * time.Second}[min(s.downLooks, 3)]
	if s.downLooks == 3 && s.serverRank(2) == 1 {
		wait /= 2 // between the looks of the first, from then on
	}
	s.after(now, wait, downDue, since)
}

func (s *server) probeDownAgain(now time.Duration, t Timer) {
	if s.state() != Down || s.since != time.Duration(t.Gen) {
		return
	}
	if s.fallback || s.serverRank(2) < 2 {
		s.probe(now, dns.Question{})
	}
	s.downLooks++
	s.probeLater(now, t.Gen)
}

// Look is each host's own look at its servers, once per HELLO.
func (l List) Look(now time.Duration) {
	for _, s := range l.servers {
		if s.state() == Down || s.life == cutOff {
			s.probe(now, dns.Question{})
		}
	}
}
