package upstream

import (
	"slices"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/group"
)

// A server is a DNS server and what this host knows of it.
type server struct {
	Server
	no   ID // no other of this run has it
	u    *Upstream
	life life
	// since is when its state became another, entered when its life did.
	since, entered time.Duration
	made           time.Duration // when this host began to use it
	// back is when the server came back from being down. What was asked before says
	// nothing about its speed: the kernel looks for its address once a second, and
	// replies that came a second late made the next outage known a second late.
	back time.Duration
	rtt  rtt
	record
	looks
	verdict
	claims claims
	// fallback: none of the group's business, neither said nor judged there.
	fallback bool
	// domain is that of a server for one domain alone; it is a fallback too.
	domain string
}

// A record is what became of this host's questions.
type record struct {
	// success and failure are when this host last had each, peerSuccess when
	// some peer last had success (group.Unseen if never).
	success, failure, peerSuccess time.Duration
	// heard is when it last said anything, be it a failure.
	heard time.Duration
	// silent is when the first question left that timed out since the last success.
	silent time.Duration
	// lostFor are the questions that timed out since the last success, two at
	// most; refusals the names it refused, three at most.
	lostFor  []dns.Question
	refusals []string
}

// looks are those at a server by probes.
type looks struct {
	// probing: a probe is out; probeLost: it had no reply in time.
	probing, probeLost bool
	looked             time.Duration // when it was last probed
	downLooks          int           // how often since it is down
	nextLook           time.Duration // how long after the last, while this host is cut off from it
	// passed: a lost probe was passed over since the last success.
	passed bool
	// looking: a peer has success, a probe is timed.
	looking bool
}

// A verdict is how far the group is with judging a server.
type verdict struct {
	// judge: when this host or a peer last asked the group for evidence;
	// judging: its time to object is not over.
	judge   time.Duration
	judging bool
	// A peer that doubts waits for this host's success until owed; no other is
	// looked for until again. unanswered: the time to answer its doubt is not over.
	owed, again time.Duration
	unanswered  bool
	// apart: that was logged, and the end of it was not yet.
	apart bool
	// doubted: this host has asked itself since the server is down by hearsay.
	doubted bool
	// denied counts own time-outs while down by hearsay.
	denied int
}

// Configure takes the servers of new settings: those that stay keep what is known of
// them. It reports whether there are others than before.
func (u *Upstream) Configure(now time.Duration, c Config) (changed bool) {
	if !u.begun {
		u.begun, u.since = true, now
	}
	before := u.allServers()
	u.rotate = c.Rotate
	u.servers = u.merge(now, u.servers, c.Servers, false)
	u.fallback = u.merge(now, u.fallback, c.Fallback, true)
	u.setRoutes(now, c.Routes)
	changed = !slices.Equal(before, u.allServers())
	u.updateDown(now)
	return changed
}

// firstLook is how soon a new server is probed: after what was saved is loaded,
// before programs ask. In an outage a restarted host then knows of it after half
// a second; without, each lookup of that time waited 250 ms.
const firstLook = 20 * time.Millisecond

func (s *server) lookFirst(now time.Duration, _ Timer) {
	if !s.fallback && s.success == group.Unseen {
		s.probe(now, dns.Question{})
	}
}

// numbered is the server of a number, nil if it is no longer one of this host's.
func (u *Upstream) numbered(no ID) *server {
	is := func(s *server) bool { return s.no == no }
	lists := [...][]*server{u.servers, u.fallback}
	for _, list := range lists {
		if i := slices.IndexFunc(list, is); i >= 0 {
			return list[i]
		}
	}
	for _, r := range u.routes {
		if i := slices.IndexFunc(r.servers, is); i >= 0 {
			return r.servers[i]
		}
	}
	return nil
}

// Slept drops what was counted against the servers before this host
// slept: questions that went unanswered meanwhile say nothing about them.
func (u *Upstream) Slept(now time.Duration) {
	for _, s := range u.allServers() {
		s.lostFor, s.refusals, s.probeLost, s.judging = nil, nil, false, false
		s.happens(now, slept)
	}
}

func (u *Upstream) merge(now time.Duration, old []*server, want []Server, fallback bool) []*server {
	var servers []*server
	for _, w := range want {
		i := slices.IndexFunc(old, func(s *server) bool { return s.Server == w })
		if i >= 0 {
			servers = append(servers, old[i])
			continue
		}
		u.made++
		s := u.newServer(now, w, fallback)
		servers = append(servers, s)
		s.after(now, firstLook, firstLookDue, 0)
	}
	return servers
}

// newServer is suspect: at boot, nothing is known (PROTOCOL 5.1).
func (u *Upstream) newServer(now time.Duration, s Server, fallback bool) *server {
	return &server{
		Server: s, u: u, no: ID(u.made), since: now, made: now, fallback: fallback,
		record: record{
			success: group.Unseen, failure: group.Unseen, peerSuccess: group.Unseen, heard: group.Unseen, silent: group.Unseen,
		},
		verdict: verdict{judge: group.Unseen},
	}
}

// cut reports whether the group judged lately that the fault is this host's.
func (s *server) cut(now time.Duration) bool { return s.life == cutOff && now-s.entered < cutOffFor }

// hasNext reports whether another server would stand in for one.
func (s *server) hasNext() bool {
	if s.u.rotate {
		return false
	}
	before := func(list []*server) bool {
		i := slices.Index(list, s)
		return i >= 0 && i < len(list)-1
	}
	return before(s.u.servers) || slices.ContainsFunc(s.u.routes, func(r route) bool { return before(r.servers) })
}
