package upstream

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
	// cutOffFor is how long a judgement "the fault is mine" stands before this
	// host doubts the server anew.
	cutOffFor = 30 * time.Second
)

// timedOut notes that a server did not answer a question in its usual time. If
// it has answered another one since, a datagram was lost and no server: a probe
// for each would double the questions on a bad link.
func (s *server) timedOut(now time.Duration, r Reply) {
	s.failure = now
	if s.success > r.Sent {
		return
	}
	if s.silent <= s.success {
		s.silent = r.Sent
	}
	if r.Probe {
		if s.passOver(now) {
			s.probe(now, r.Question)
			return
		}
		s.probeLost = true
	}
	if len(s.lostFor) < lostLimit && !slices.Contains(s.lostFor, r.Question) {
		s.lostFor = append(s.lostFor, r.Question)
	}
	if !r.Probe && s.state() != Down {
		s.probe(now, r.Question)
	}
	if s.life == hearsay && !r.Probe && !s.yetToSpeak(now) {
		s.confirmDown(now)
	}
	if s.probeLost && (len(s.lostFor) >= lostLimit || s.success == group.Unseen) {
		s.suspect(now)
	}
}

// yetToSpeak reports whether a server has said nothing to a host that knows no peer, for
// as long as a lookup may take since it has it, and the network says nothing against it.
// One that takes seconds looks like that, and the two questions of the first lookup, A and
// AAAA, both late, made a dead one of it: asked for within 0.5 s of the start, a name
// failed after 2.6 s where the server's 3.1 s were allowed.
func (s *server) yetToSpeak(now time.Duration) bool {
	said := s.heard != group.Unseen || s.u.host.Members() > 1 || s.life == down
	return !said && now < s.made+ProbeListens
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
func (s *server) lost(now time.Duration) {
	s.failure = now
	if s.life == hearsay {
		s.denied = confirmations - 1
		s.confirmDown(now)
	}
	s.suspect(now)
}

// refusedBy notes an answer such as SERVFAIL. A resolver without uplink gives
// it to every name; a broken zone only to its own.
func (s *server) refusedBy(now time.Duration, q dns.Question) {
	s.failure = now
	if !slices.Contains(s.refusals, q.Name) && len(s.refusals) < refusalLimit {
		s.refusals = append(s.refusals, q.Name)
	}
	if len(s.refusals) >= refusalLimit {
		s.suspect(now)
	}
}

// suspect doubts a server and asks the group, once.
func (s *server) suspect(now time.Duration) {
	if s.state() == Down || s.judging || s.cut(now) {
		return
	}
	if s.fallback {
		s.suspectAlone(now)
		return
	}
	s.happens(now, failed)
	s.startJudging(now, now-s.leeway(now), s.turnLeft(now))
	s.u.lookAtOthers(now)
	s.u.host.Happened(now, Doubted)
	// Its own probe may save an innocent server: a host without peers would
	// else call it down for three names of one broken zone.
	s.probeTwice(now)
}

// leeway is how much older than a doubt a success may be that speaks against it. What made
// this host doubt is that a question stayed without a reply for at least that long, while
// a peer's clock is known no better. Without it hosts that were all busy when they met took
// every "up here" for one of before the doubt: of 10 new names of a host that was cut off
// up to 9 failed. An error of the network tells of now.
func (s *server) leeway(now time.Duration) time.Duration {
	if s.silent <= s.success || now-s.silent < minRTO {
		return 0
	}
	return minRTO
}

// suspectAlone is that of a server that nobody else is asked about.
func (s *server) suspectAlone(now time.Duration) {
	if left := s.turnLeft(now); left > 0 {
		s.judging = true
		s.after(now, left, aloneDue, uint64(now))
		return
	}
	s.happens(now, failedAlone)
	s.keepProbing(now)
	s.u.host.Happened(now, Judged)
}

func (s *server) suspectAloneAgain(now time.Duration, t Timer) {
	if s.judging = false; s.success < time.Duration(t.Gen) {
		s.suspectAlone(now)
	}
}

// turnLeft is how long a server that another would stand in for must have been silent
// before it is judged. One that takes 0.8 s for everything is not to be overtaken.
func (s *server) turnLeft(now time.Duration) time.Duration {
	if !s.hasNext() || s.silent <= s.success {
		return 0
	}
	return s.silent + Turn - now
}

// lookAtOthers looks at the servers that nobody asks while the first one is well: what
// fails is mostly the way to all of them, and the outage is to be known as soon as with
// one server.
func (u *Upstream) lookAtOthers(began time.Duration) {
	for _, o := range u.servers {
		if o.state() == Down || o.judging || began-o.success < recent {
			continue
		}
		o.probe(began, dns.Question{})
		o.after(began, judgeAfter, otherDue, uint64(began))
	}
}

func (o *server) otherSilent(now time.Duration, t Timer) {
	if o.success < time.Duration(t.Gen) {
		o.suspect(now)
	}
}

// startJudging gives the group its time to object, and the server a least time.
// A success since a time speaks against the doubt.
func (s *server) startJudging(now, since, least time.Duration) {
	if s.judging {
		return
	}
	s.judging, s.judge, s.claims = true, since, claims{denier: s.claims.denier}
	s.judgeLater(now, least)
}

// judgeLater judges when the time for objections is over.
func (s *server) judgeLater(now time.Duration, least time.Duration) {
	wait := judgeAfter
	if s.rtt.known { // a slow line must not look like a dead server
		wait = max(wait, s.timeout(1))
	}
	wait = max(wait, least)
	s.after(now, wait, judgeDue, uint64(s.judge))
}

func (s *server) judgeNow(now time.Duration, t Timer) {
	if s.judging && s.judge == time.Duration(t.Gen) {
		s.judgeServer(now)
	}
}

// judgeServer decides: own success wins, a peer's success means that the fault
// is this host's, nobody's means that the server is down.
func (s *server) judgeServer(now time.Duration) {
	s.judging = false
	if s.state() != Suspect || s.success >= s.judge {
		return
	}
	if s.contested() && s.looked < s.judge { // who has not looked itself has no word in this
		s.judging = true
		s.probeTwice(now)
		s.judgeLater(now, 0)
		return
	}
	if s.peerSuccess >= s.judge && !s.lookedInVain() {
		s.noteCutOff(now)
		return
	}
	// A server that never answered since this host started may be slow to be reached
	// at boot (a port that is not forwarding yet, a busy machine): what only its
	// silence to a probe says is little better than hearsay.
	why := nobody
	if s.failure < s.judge-recent || s.success == group.Unseen {
		why = unsure
	}
	s.setDown(now, why)
}

// noteCutOff: peers have success, so the fault is on this host's own path. It
// never says "down" for that.
func (s *server) noteCutOff(now time.Duration) {
	if !s.failed() {
		s.happens(now, cleared) // it was a peer's doubt alone
		return
	}
	s.happens(now, refuted)
	if !s.apart {
		s.apart = true
		s.u.host.Log(slog.LevelWarn, "cut off: peers reach the server, this host does not; asking peers", "server", s.Addr.String())
	}
	s.u.host.Happened(now, CutOff)
	s.u.host.Happened(now, Judged)
	s.lookLater(now, time.Second)
}

// lookOn looks at the server again after a second, after two more and after four:
// a lost probe must not leave this host cut off from a server that is back.
func (s *server) lookOn(now time.Duration, t Timer) {
	if s.life != cutOff || s.entered != time.Duration(t.Gen) {
		return
	}
	s.probe(now, dns.Question{})
	if s.nextLook < 4*time.Second {
		s.lookLater(now, 2*s.nextLook)
	}
}

func (s *server) lookLater(now time.Duration, wait time.Duration) {
	s.nextLook = wait
	s.after(now, wait, cutOffDue, uint64(s.entered))
}

// setDown takes a server for down; why is nobody or unsure.
func (s *server) setDown(now time.Duration, why event) {
	s.happens(now, why)
	s.doubted, s.denied, s.apart = false, 0, false
	s.u.host.Log(slog.LevelWarn, "server down", "server", s.Addr.String())
	s.keepProbing(now)
	s.u.updateDown(now)
	s.u.host.Happened(now, Judged)
}

// succeeded notes a reply. One's own success always wins.
func (s *server) succeeded(now time.Duration, took time.Duration) {
	was := s.state()
	s.timeReply(now, took)
	s.success, s.passed = now, false
	s.lostFor, s.refusals, s.probeLost, s.claims = nil, nil, false, claims{}
	if s.apart {
		s.apart = false
		s.u.host.Log(slog.LevelInfo, "no longer cut off: the server answers this host", "server", s.Addr.String())
	}
	if now < s.owed {
		s.owed = 0
		s.u.host.Happened(now, News)
	}
	if was == Up {
		return
	}
	downSince := s.since
	s.happens(now, replied)
	if was == Down {
		s.u.host.Happened(now, Back)
	}
	if s.fallback {
		return
	}
	if was == Down {
		s.u.host.Log(slog.LevelInfo, "server up", "server", s.Addr.String())
	}
	if was == Suspect && s.judging && s.isNews(s.judge) || was == Down && s.isNews(downSince) {
		s.u.host.Happened(now, News)
	}
	s.u.updateDown(now)
}

// serverRank is this host's place for a server among those that use it, or most:
// the others neither look nor know.
func (s *server) serverRank(most int) int {
	return s.u.host.Rank(s.ID, most)
}

// isNews reports whether this host's success is to be said at once: the first
// since a time is, and those of the hosts ranked first, lest a lost datagram cost
// seconds; if all said it, 1000 hosts would at the same moment (PROTOCOL 5.13).
func (s *server) isNews(since time.Duration) bool {
	return s.peerSuccess <= since || s.serverRank(electedToProbe) < electedToProbe
}
