package node

import (
	"cmp"
	"log/slog"
	"slices"
	"time"

	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// A server is a DNS server and what this host knows of it.
type server struct {
	Server
	state State
	since time.Duration
	rtt   rtt
	// success and failure are when this host last had each, peerSuccess when
	// some peer last had success (group.Unseen if never).
	success, failure, peerSuccess time.Duration
	// lostFor are the questions that timed out since the last success, two at
	// most; refusals the names it refused, three at most.
	lostFor  []wire.Question
	refusals []string
	// probing: a probe is out; probeLost: it had no reply in time.
	probing, probeLost bool
	// judge: when this host or a peer last asked the group for evidence;
	// judging: its time to object is not over.
	judge   time.Duration
	judging bool
	// looking: a peer has success, a probe is timed.
	looking bool
	// A peer that doubts waits for this host's success until owed; no other is
	// looked for until again.
	owed, again time.Duration
	// back is when the server came back from being down. What was asked before says
	// nothing about its speed: the kernel looks for its address once a second, and
	// replies that came a second late made the next outage known a second late.
	back time.Duration
	// cutOff is when the group's judgement was that the fault is this host's.
	cutOff time.Duration
	// hearsay: down by others' word alone; doubted once this host has asked.
	hearsay, doubted bool
	// denied counts own time-outs while down by hearsay.
	denied int
	// fallback: none of the group's business, neither said nor judged there.
	fallback bool
	// domain is that of a server for one domain alone; it is a fallback too.
	domain string
}

// setServers follows a change of configuration: servers that stay keep what is
// known of them.
func (n *Node) setServers(now time.Duration) {
	before := n.servers
	n.servers = n.merge(now, n.servers, n.set.Servers, false)
	n.fallback = n.merge(now, n.fallback, n.set.Fallback, true)
	n.setRoutes(now)
	if !slices.Equal(before, n.servers) {
		n.askAnew(now)
	}
	n.updateDown(now)
}

// firstLook is how soon a new server is probed: after what was saved is loaded,
// before programs ask. In an outage a restarted host then knows of it after half
// a second; without, each lookup of that time waited 250 ms.
const firstLook = 20 * time.Millisecond

func (n *Node) lookFirst(now time.Duration, s *server) {
	if n.uses(s) && !s.fallback && s.success == group.Unseen {
		n.probe(now, s, wire.Question{})
	}
}

// askAnew puts what is under way to the new servers: those before may be out of
// reach, and a lookup would wait for them to its deadline.
func (n *Node) askAnew(now time.Duration) {
	for _, p := range n.inOrder() {
		if p.fetch == nil || p.fetch.kind == viaFallback {
			continue
		}
		n.abandon(now, p)
		if len(p.waiters) > 0 {
			n.startFetch(now, p.q, demand)
		}
		n.drop(p)
	}
}

// uses reports whether the server is still one of this host's.
func (n *Node) uses(s *server) bool {
	return slices.Contains(n.servers, s) || slices.Contains(n.fallback, s) || n.routed(s)
}

// forgetEvidence drops what was counted against the servers before this host
// slept: questions that went unanswered meanwhile say nothing about them.
func (n *Node) forgetEvidence(now time.Duration) {
	for _, a := range n.asks {
		a.over = true
	}
	for _, s := range n.allServers() {
		s.lostFor, s.refusals, s.probeLost, s.judging = nil, nil, false, false
		if s.state == Up {
			s.state, s.since = Suspect, now
		}
	}
}

func (n *Node) merge(now time.Duration, old []*server, want []Server, fallback bool) []*server {
	var servers []*server
	for _, w := range want {
		i := slices.IndexFunc(old, func(s *server) bool { return s.Server == w })
		if i >= 0 {
			servers = append(servers, old[i])
			continue
		}
		s := newServer(now, w, fallback)
		servers = append(servers, s)
		n.after(now, firstLook, func(now time.Duration) { n.lookFirst(now, s) })
	}
	return servers
}

// newServer is suspect: at boot, nothing is known (PROTOCOL 5).
func newServer(now time.Duration, s Server, fallback bool) *server {
	return &server{
		Server: s, state: Suspect, since: now, fallback: fallback,
		success: group.Unseen, failure: group.Unseen, peerSuccess: group.Unseen, judge: group.Unseen,
	}
}

func (n *Node) anyUp() bool {
	return slices.ContainsFunc(n.servers, func(s *server) bool { return s.state == Up })
}

// Evidence that a server failed, and how much of it makes it suspect
// (PROTOCOL 5).
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
	if f.kind == probe {
		s.probeLost = true
	}
	if len(s.lostFor) < lostLimit && !slices.Contains(s.lostFor, f.q) {
		s.lostFor = append(s.lostFor, f.q)
	}
	if f.kind != probe && s.state != Down {
		n.probe(now, s, f.q)
	}
	if s.hearsay && s.state == Down && f.kind != probe {
		n.confirmDown(now, s)
	}
	if s.probeLost && (len(s.lostFor) >= lostLimit || s.success == group.Unseen) {
		n.suspect(now, s)
	}
}

// lost notes an error of the network itself: stronger than a time-out.
func (n *Node) lost(now time.Duration, s *server) {
	s.failure = now
	if s.hearsay && s.state == Down {
		s.denied = confirmations - 1
		n.confirmDown(now, s)
	}
	n.suspect(now, s)
}

// refusedBy notes an answer such as SERVFAIL. A resolver without uplink gives
// it to every name; a broken zone only to its own.
func (n *Node) refusedBy(now time.Duration, s *server, q wire.Question) {
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
	if s.state == Down || s.judging || s.cutOff != 0 && now-s.cutOff < cutOffFor {
		return
	}
	if s.fallback {
		s.state, s.since = Down, now // nobody is asked about those
		n.keepProbing(now, s, now, 0)
		return
	}
	if s.state == Up {
		s.state, s.since = Suspect, now
	}
	n.startJudging(now, s)
	n.sayTwice(now)
	// Its own probe may save an innocent server: a host without peers would
	// else call it down for three names of one broken zone.
	n.probeTwice(now, s)
}

// startJudging gives the group its time to object.
func (n *Node) startJudging(now time.Duration, s *server) {
	if s.judging {
		return
	}
	s.judging, s.judge = true, now
	wait := judgeAfter
	if s.rtt.known { // a slow line must not look like a dead server
		wait = min(time.Second, max(wait, s.timeout(1)))
	}
	began := now
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
	if s.state != Suspect || s.success >= s.judge {
		return
	}
	if s.peerSuccess >= s.judge {
		n.noteCutOff(now, s)
		return
	}
	// A server that never answered since this host started may be slow to be reached
	// at boot (a port that is not forwarding yet, a busy machine): what only its
	// silence to a probe says is little better than hearsay.
	n.setDown(now, s, s.failure < s.judge-recent || s.success == group.Unseen)
}

// noteCutOff: peers have success, so the fault is on this host's own path. It
// never says "down" for that.
func (n *Node) noteCutOff(now time.Duration, s *server) {
	if s.failure < s.judge-recent {
		s.state, s.since = Up, now // it was a peer's doubt alone
		return
	}
	s.cutOff = now
	n.log(slog.LevelWarn, "cut off: peers reach the server, this host does not; asking peers", "server", s.Addr.String())
	n.askHelpers(now)
}

func (n *Node) setDown(now time.Duration, s *server, hearsay bool) {
	s.state, s.since, s.hearsay, s.doubted, s.denied = Down, now, hearsay, false, 0
	n.log(slog.LevelWarn, "server down", "server", s.Addr.String())
	n.keepProbing(now, s, now, 0)
	n.updateDown(now)
}

// succeeded notes a reply. One's own success always wins.
func (n *Node) succeeded(now time.Duration, s *server, took time.Duration) {
	was := s.state
	if was == Down {
		s.back = now
	}
	if now-took >= s.back {
		s.rtt.add(took)
		n.replies.add(took)
	}
	s.success = now
	s.lostFor, s.refusals, s.probeLost, s.hearsay, s.cutOff = nil, nil, false, false, 0
	if now < s.owed {
		s.owed = 0
		n.sayNow(now)
	}
	if was == Up {
		return
	}
	downSince := s.since
	s.state, s.since = Up, now
	if was == Down {
		n.failures.clearAll()
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

// serverRank is this host's place for a server among those that use it: the
// others neither look nor know.
func (n *Node) serverRank(s *server) int {
	return n.group.RankAmong(uint64(s.ID), func(m *group.Member) bool {
		return slices.ContainsFunc(m.Servers, func(e group.Evidence) bool { return e.Server == s.ID })
	})
}

// isNews reports whether this host's success is to be said at once: the first
// since a time is, and those of the hosts ranked first, lest a lost datagram cost
// seconds; if all said it, 1000 hosts would at the same moment (PROTOCOL 5).
func (n *Node) isNews(s *server, since time.Duration) bool {
	return s.peerSuccess <= since || n.serverRank(s) < electedToProbe
}

// updateDown follows the servers' states: down means all of them.
func (n *Node) updateDown(now time.Duration) {
	down := len(n.servers) > 0
	for _, s := range n.servers {
		down = down && s.state == Down
	}
	if down == n.down {
		return
	}
	n.down, n.since = down, now
	if down {
		n.outage++
		n.log(slog.LevelWarn, "upstream down: serving what this host and its group hold", "group", n.groupWord())
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
	n.recoverPopular(now)
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
// such hour began with a failed lookup.
const lateAnswer = 3*time.Second - 3*queryWait

func (n *Node) giveUp(now time.Duration, f *fetch) {
	if n.down {
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
	s.hearsay = false
	if n.down && !n.byHearsay() {
		n.resolvePending(now)
	}
}

// byHearsay reports whether some server may be up after all: a lost datagram
// can make a whole group's judgement wrong for one host.
func (n *Node) byHearsay() bool {
	return slices.ContainsFunc(n.servers, func(s *server) bool { return s.hearsay })
}

// doubtsDown reports whether this host's own question should go beside its
// first lookup in an outage that it knows by hearsay (PROTOCOL 5).
func (n *Node) doubtsDown() bool {
	for _, s := range n.servers {
		if s.hearsay && !s.doubted {
			s.doubted = true
			return true
		}
	}
	return false
}

// heardEvidence weighs what a proven peer says of the servers; at is when it
// said it, on this host's clock.
func (n *Node) heardEvidence(now time.Duration, m *group.Member, states []wire.ServerState, at time.Duration) {
	m.Servers = m.Servers[:0]
	for _, st := range states {
		m.Servers = append(m.Servers, group.Evidence{
			Server: st.Server, Success: ago(at, st.Success), Failure: ago(at, st.Failure),
		})
		for _, s := range n.servers {
			if s.ID == st.Server && s.ID != 0 {
				n.weigh(now, s, st, at)
			}
		}
	}
}

func (n *Node) weigh(now time.Duration, s *server, st wire.ServerState, at time.Duration) {
	if success := ago(at, st.Success); success > s.peerSuccess {
		s.peerSuccess = success
		if s.state == Down && success > s.since && !s.looking {
			s.looking = true
			n.after(now, n.jitter(lookWithin), func(now time.Duration) { n.probeIfDown(now, s) })
		}
	}
	switch {
	case !st.Suspect || s.judging || s.state == Down:
	case n.clearedLately(now, s):
		n.lookAgain(now, s)
	default:
		n.hearSuspicion(now, s)
	}
}

// lookAgain looks for a peer that doubts what the group has just found to be
// well: left without an answer, a host whose own path is cut says "down" for a
// server that answers everybody else. It does so no more often than a doubt would
// make it.
func (n *Node) lookAgain(now time.Duration, s *server) {
	if now < s.again || n.serverRank(s) >= electedToProbe {
		return
	}
	s.owed, s.again = now+judgeAfter, now+recent
	n.probe(now, s, wire.Question{})
}

// hearSuspicion joins a peer's doubt: those ranked first for the server look,
// whatever success they had before, and a success is said. It must be younger
// than the doubt: a server that answered two seconds ago may be dead now.
func (n *Node) hearSuspicion(now time.Duration, s *server) {
	s.cutOff = 0
	if s.state == Up {
		s.state, s.since = Suspect, now
	}
	n.startJudging(now, s)
	if n.serverRank(s) < electedToProbe {
		n.probeTwice(now, s)
	}
}

// clearedLately reports whether the group found a moment ago that the server is
// well: a peer that goes on doubting, or lies, must not make five hosts probe
// three times a second.
func (n *Node) clearedLately(now time.Duration, s *server) bool {
	return now-s.judge < recent && max(s.success, s.peerSuccess) >= s.judge
}

func (n *Node) probeIfDown(now time.Duration, s *server) {
	s.looking = false
	if s.state != Down {
		return
	}
	n.probe(now, s, wire.Question{})
	since := s.since
	n.after(now, 2*s.probeTimeout(), func(now time.Duration) {
		if s.state == Down && s.since == since && s.peerSuccess > since && n.uses(s) {
			n.downForMeAlone(now, s)
		}
	})
}

// downForMeAlone: a peer reaches the server after all, and this host does not. It
// is cut off, and asks; or its probe was lost, and its next question ends that.
func (n *Node) downForMeAlone(now time.Duration, s *server) {
	s.state, s.since, s.hearsay, s.failure = Suspect, now, false, now
	s.judge = now
	n.noteCutOff(now, s)
	n.updateDown(now)
}

// ago is the time of something that was age old at a time.
func ago(at, age time.Duration) time.Duration {
	if age >= wire.Never {
		return group.Unseen
	}
	return at - age
}

// states is what this host says of its servers in every datagram.
func (n *Node) states(now time.Duration) []wire.ServerState {
	var states []wire.ServerState
	for _, s := range n.servers {
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
	return min(wire.Never, roundUp(now-at))
}

func roundUp(d time.Duration) time.Duration {
	return (d + time.Millisecond - 1).Truncate(time.Millisecond)
}
