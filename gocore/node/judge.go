package node

import (
	"log/slog"
	"slices"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/group"
)

// Evidence that a server failed, and how much of it makes it suspect
// (PROTOCOL 5.5).
const (
	lostLimit    = 2 // questions timed out, and a probe lost, which may be one of them
	refusalLimit = 3 // names refused, however long that takes
	judgeAfter   = 300 * time.Millisecond
	// recent own failure: this host did not doubt by a peer's word alone.
	recent = 2 * time.Second
	// electedToProbe hosts look when a peer suspects a server.
	electedToProbe = 5
	// lookWithin is when hosts that are down look at a server that answers a peer,
	// each at its own time.
	lookWithin = 2 * time.Second
)

// timedOut notes that a server did not answer a question in its usual time. If
// it has answered another one since, a datagram was lost and no server: a probe
// for each would double the questions on a bad link.
func (n *Node) timedOut(now time.Duration, a *ask) {
	s, f := a.server, a.fetch
	s.failure = now
	if s.success > a.sent {
		return
	}
	if s.silent <= s.success {
		s.silent = a.sent
	}
	if f.kind == probe {
		if s.passOver(now) {
			n.probe(now, s, f.q)
			return
		}
		s.probeLost = true
	}
	if len(s.lostFor) < lostLimit && !slices.Contains(s.lostFor, f.q) {
		s.lostFor = append(s.lostFor, f.q)
	}
	if f.kind != probe && s.state() != Down {
		n.probe(now, s, f.q)
	}
	if s.life == hearsay && f.kind != probe && !n.yetToSpeak(now, s) {
		n.confirmDown(now, s)
	}
	if s.probeLost && (len(s.lostFor) >= lostLimit || s.success == group.Unseen) {
		n.suspect(now, s)
	}
}

// passOver reports whether a lost probe is to be repeated before it counts: the
// first one since an answer of the last two seconds. Where a fifth of all frames
// is lost, one question in three is; every other second some host doubted, and
// peers that look for one do not look for the next: of 2000 lookups of a host that
// was really cut off 190 found no help, now 5. Where replies take long it would
// take too long to find out.
func (s *server) passOver(now time.Duration) bool {
	if s.passed || s.state() != Up || s.judging || now-s.success >= recent || s.probeTimeout() > judgeAfter {
		return false
	}
	s.passed = true
	return true
}

// lost notes an error of the network itself: stronger than a time-out.
func (n *Node) lost(now time.Duration, s *server) {
	s.failure = now
	if s.life == hearsay {
		s.denied = confirmations - 1
		n.confirmDown(now, s)
	}
	n.suspect(now, s)
}

// refusedBy notes an answer such as SERVFAIL. A resolver without uplink gives
// it to every name; a broken zone only to its own.
func (n *Node) refusedBy(now time.Duration, s *server, q dns.Question) {
	s.failure = now
	if !slices.Contains(s.refusals, q.Name) && len(s.refusals) < refusalLimit {
		s.refusals = append(s.refusals, q.Name)
	}
	if len(s.refusals) >= refusalLimit {
		n.suspect(now, s)
	}
}

// suspect doubts a server and asks the group, once.
func (n *Node) suspect(now time.Duration, s *server) {
	if s.state() == Down || s.judging || s.cut(now) {
		return
	}
	if s.fallback {
		n.suspectAlone(now, s)
		return
	}
	s.happens(now, failed)
	n.startJudging(now, s, n.turnLeft(now, s))
	n.lookAtOthers(now)
	n.sayTwice(now)
	// Its own probe may save an innocent server: a host without peers would
	// else call it down for three names of one broken zone.
	n.probeTwice(now, s)
}

// suspectAlone is that of a server that nobody else is asked about.
func (n *Node) suspectAlone(now time.Duration, s *server) {
	if left := n.turnLeft(now, s); left > 0 {
		s.judging = true
		n.after(now, left, func(later time.Duration) {
			if s.judging = false; s.success < now && n.uses(s) {
				n.suspectAlone(later, s)
			}
		})
		return
	}
	s.happens(now, failedAlone)
	n.keepProbing(now, s, now, 0)
	n.goOnAll(now)
}

// turnLeft is how long a server that another would stand in for must have been silent
// before it is judged. One that takes 0.8 s for everything is not to be overtaken.
func (n *Node) turnLeft(now time.Duration, s *server) time.Duration {
	if !n.hasNext(s) || s.silent <= s.success {
		return 0
	}
	return s.silent + turn - now
}

// lookAtOthers looks at the servers that nobody asks while the first one is well: what
// fails is mostly the way to all of them, and the outage is to be known as soon as with
// one server.
func (n *Node) lookAtOthers(began time.Duration) {
	for _, o := range n.servers {
		if o.state() == Down || o.judging || began-o.success < recent {
			continue
		}
		n.probe(began, o, dns.Question{})
		n.after(began, judgeAfter, func(now time.Duration) {
			if o.success < began && n.uses(o) {
				n.suspect(now, o)
			}
		})
	}
}

// startJudging gives the group its time to object, and the server a least time.
func (n *Node) startJudging(now time.Duration, s *server, least time.Duration) {
	if s.judging {
		return
	}
	s.judging, s.judge, s.claims = true, now, claims{denier: s.claims.denier}
	n.judgeLater(now, s, least)
}

// judgeLater judges when the time for objections is over.
func (n *Node) judgeLater(now time.Duration, s *server, least time.Duration) {
	wait := judgeAfter
	if s.rtt.known { // a slow line must not look like a dead server
		wait = max(wait, s.timeout(1))
	}
	wait = max(wait, least)
	began := s.judge
	n.after(now, wait, func(now time.Duration) {
		if s.judging && s.judge == began && n.uses(s) {
			n.judgeServer(now, s)
		}
	})
}

// judgeServer decides: own success wins, a peer's success means that the fault
// is this host's, nobody's means that the server is down.
func (n *Node) judgeServer(now time.Duration, s *server) {
	s.judging = false
	if s.state() != Suspect || s.success >= s.judge {
		return
	}
	if n.contested(s) && s.looked < s.judge { // who has not looked itself has no word in this
		s.judging = true
		n.probeTwice(now, s)
		n.judgeLater(now, s, 0)
		return
	}
	if s.peerSuccess >= s.judge && !n.lookedInVain(s) {
		n.noteCutOff(now, s)
		return
	}
	// A server that never answered since this host started may be slow to be reached
	// at boot (a port that is not forwarding yet, a busy machine): what only its
	// silence to a probe says is little better than hearsay.
	why := nobody
	if s.failure < s.judge-recent || s.success == group.Unseen {
		why = unsure
	}
	n.setDown(now, s, why)
}

// noteCutOff: peers have success, so the fault is on this host's own path. It
// never says "down" for that.
func (n *Node) noteCutOff(now time.Duration, s *server) {
	if !s.failed() {
		s.happens(now, cleared) // it was a peer's doubt alone
		return
	}
	s.happens(now, refuted)
	if !s.apart {
		s.apart = true
		n.log(slog.LevelWarn, "cut off: peers reach the server, this host does not; asking peers", "server", s.Addr.String())
	}
	n.askHelpers(now)
	n.goOnAll(now)
	n.lookOn(now, s, time.Second)
}

// lookOn looks at the server again after a second, after two more and after four:
// a lost probe must not leave this host cut off from a server that is back.
func (n *Node) lookOn(now time.Duration, s *server, wait time.Duration) {
	began := s.entered
	n.after(now, wait, func(now time.Duration) {
		if s.life != cutOff || s.entered != began || !n.uses(s) {
			return
		}
		n.probe(now, s, dns.Question{})
		if wait < 4*time.Second {
			n.lookOn(now, s, 2*wait)
		}
	})
}

// setDown takes a server for down; why is nobody or unsure.
func (n *Node) setDown(now time.Duration, s *server, why event) {
	s.happens(now, why)
	s.doubted, s.denied, s.apart = false, 0, false
	n.log(slog.LevelWarn, "server down", "server", s.Addr.String())
	n.keepProbing(now, s, now, 0)
	n.updateDown(now)
	n.goOnAll(now)
}

// succeeded notes a reply. One's own success always wins.
func (n *Node) succeeded(now time.Duration, s *server, took time.Duration) {
	was := s.state()
	n.timeReply(now, s, took)
	s.success, s.passed = now, false
	s.lostFor, s.refusals, s.probeLost, s.claims = nil, nil, false, claims{}
	if s.apart {
		s.apart = false
		n.log(slog.LevelInfo, "no longer cut off: the server answers this host", "server", s.Addr.String())
	}
	if now < s.owed {
		s.owed = 0
		n.sayNow(now)
	}
	if was == Up {
		return
	}
	downSince := s.since
	s.happens(now, replied)
	if was == Down {
		n.failures.clearAll()
		n.after(now, 0, n.goOnAll) // the reply that shows it may be what is waited for
	}
	if s.fallback {
		return
	}
	if was == Down {
		n.log(slog.LevelInfo, "server up", "server", s.Addr.String())
	}
	if was == Suspect && s.judging && n.isNews(s, s.judge) || was == Down && n.isNews(s, downSince) {
		n.sayNow(now)
	}
	n.updateDown(now)
}

// serverRank is this host's place for a server among those that use it, or most:
// the others neither look nor know.
func (n *Node) serverRank(s *server, most int) int {
	return n.group.RankAmong(uint64(s.ID), most, func(m *group.Member) bool {
		return m.Uses(s.ID)
	})
}

// isNews reports whether this host's success is to be said at once: the first
// since a time is, and those of the hosts ranked first, lest a lost datagram cost
// seconds; if all said it, 1000 hosts would at the same moment (PROTOCOL 5.13).
func (n *Node) isNews(s *server, since time.Duration) bool {
	return s.peerSuccess <= since || n.serverRank(s, electedToProbe) < electedToProbe
}
