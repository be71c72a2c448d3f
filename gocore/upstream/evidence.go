package upstream

import (
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// Heard weighs what a proven peer says of the servers; at is when it
// said it, on this host's clock.
func (u *Upstream) Heard(now time.Duration, m *group.Member, states []wire.ServerState, at time.Duration) {
	m.SaysServers(states)
	for _, st := range states {
		for _, s := range u.servers {
			if s.ID == st.Server && s.ID != 0 {
				s.note(sayerOf(m), st, at)
				s.weigh(now, st, at)
				s.heardDenial(now)
			}
		}
	}
}

func (s *server) weigh(now time.Duration, st wire.ServerState, at time.Duration) {
	if success := ago(at, st.Success); success > s.peerSuccess {
		s.peerSuccess = success
		if s.state() == Down && success > s.since && !s.looking && !s.alone() {
			s.looking = true
			s.after(now, s.lookTurn(), lookDue, 0)
		}
	}
	switch {
	case !st.Suspect || s.judging || s.state() == Down:
	case s.clearedLately(now):
		s.lookAgain(now)
	default:
		s.hearSuspicion(now)
	}
}

// lookAgain looks for a peer that doubts what the group has just found to be
// well: left without an answer, a host whose own path is cut says "down" for a
// server that answers everybody else. It does so no more often than a doubt would
// make it. A doubt that nobody has answered in time is one after all: the server
// may have died just now, and a host that takes itself for cut off would do so for
// half a minute.
func (s *server) lookAgain(now time.Duration) {
	s.awaitAnswer(now)
	if now < s.again {
		return
	}
	s.again = now + recent
	if s.serverRank(electedToProbe) < electedToProbe {
		s.owed = now + judgeAfter
		s.probe(now, dns.Question{})
	}
}

// awaitAnswer makes a doubt one if nobody answers it. Where this host's last look is
// less than two seconds ago others may not look either, and their time is awaited; a
// host that is cut off has nothing to lose by doubting, and everything by waiting.
func (s *server) awaitAnswer(now time.Duration) {
	if s.unanswered {
		return
	}
	s.unanswered = true
	wait := judgeAfter
	if s.life != cutOff {
		wait = max(wait, s.again-now)
	}
	s.after(now, wait, answerDue, uint64(now))
}

func (s *server) doubtUnanswered(now time.Duration, t Timer) {
	s.unanswered = false
	if max(s.success, s.peerSuccess) < time.Duration(t.Gen) && s.state() != Down && !s.judging {
		s.hearSuspicion(now)
	}
}

// hearSuspicion joins a peer's doubt: those ranked first for the server look,
// whatever success they had before, and a success is said. It must be younger
// than the doubt: a server that answered two seconds ago may be dead now.
func (s *server) hearSuspicion(now time.Duration) {
	s.happens(now, peerDoubts)
	least := time.Duration(0)
	if s.hasNext() {
		least = Turn
	}
	s.startJudging(now, now, least)
	if s.serverRank(electedToProbe) < electedToProbe {
		s.probeTwice(now)
	}
}

// clearedLately reports whether the group found a moment ago that the server is
// well: a peer that goes on doubting, or lies, must not make five hosts probe
// three times a second.
func (s *server) clearedLately(now time.Duration) bool {
	return now-s.judge < recent && max(s.success, s.peerSuccess) >= s.judge
}

// lookAfter is when a look is repeated: one may be lost, and a kernel that looks
// for the server's address does so once a second. Taken for cut off until then,
// hosts asked for each name again and again, all at once when the address was found.
const lookAfter = time.Second + 100*time.Millisecond

// lookTurn is when this host looks: one after another, by rank.
func (s *server) lookTurn() time.Duration {
	users := s.u.host.Members()
	slot := lookWithin / time.Duration(users)
	return time.Duration(s.serverRank(users)%users)*slot + s.u.host.Jitter(slot)
}

func (s *server) probeIfDown(now time.Duration, _ Timer) {
	s.looking = false
	if s.state() != Down {
		return
	}
	if now-s.looked >= judgeAfter { // each peer that is back says so, and one look is enough
		s.probe(now, dns.Question{})
	}
	s.after(now, lookAfter, lookAgainDue, uint64(s.since))
	s.after(now, lookAfter+2*s.probeTimeout(), downHereDue, uint64(s.since))
}

// downHere reports whether a server is down since then, and a peer has had success since.
func (s *server) downHere(since uint64) bool {
	return s.state() == Down && uint64(s.since) == since && s.peerSuccess > s.since
}

func (s *server) probeIfStillDown(now time.Duration, t Timer) {
	if s.downHere(t.Gen) {
		s.probe(now, dns.Question{})
	}
}

// downForMeAlone: a peer reaches the server after all, and this host does not. It
// is cut off, and asks; or its probe was lost, and its next question ends that.
func (s *server) downForMeAlone(now time.Duration, t Timer) {
	if !s.downHere(t.Gen) || s.lookedInVain() {
		return
	}
	s.failure, s.judge = now, now
	s.noteCutOff(now)
	s.u.updateDown(now)
}

// ago is the time of something that was age old at a time.
func ago(at, age time.Duration) time.Duration {
	if age >= wire.Never {
		return group.Unseen
	}
	return at - age
}

// States is what this host says of its servers in every datagram.
func (u *Upstream) States(now time.Duration) []wire.ServerState {
	var states []wire.ServerState
	for _, s := range u.servers {
		if s.ID == 0 || len(states) == wire.MaxServers {
			continue
		}
		states = append(states, wire.ServerState{
			Server: s.ID, Success: ageOf(now, s.success), Failure: ageOf(now, s.failure),
			Suspect: s.judging && s.failure >= s.judge-recent,
		})
	}
	return states
}

// ageOf is the age of a time in whole milliseconds, rounded up, for the wire.
func ageOf(now, at time.Duration) time.Duration {
	if at == group.Unseen {
		return wire.Never
	}
	return min(wire.Never, wire.RoundUp(now-at))
}
