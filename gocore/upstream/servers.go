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
	life life
	// since is when its state became another, entered when its life did.
	since, entered time.Duration
	made           time.Duration // when this host began to use it
	rtt            rtt
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
	// probing: a probe is out; probeLost: it had no reply in time.
	probing, probeLost bool
	looked             time.Duration // when it was last probed
	looks              int           // how often since it is down
	nextLook           time.Duration // how long after the last, while this host is cut off from it
	// passed: a lost probe was passed over since the last success.
	passed bool
	// judge: when this host or a peer last asked the group for evidence;
	// judging: its time to object is not over.
	judge   time.Duration
	judging bool
	// looking: a peer has success, a probe is timed.
	looking bool
	// A peer that doubts waits for this host's success until owed; no other is
	// looked for until again. unanswered: the time to answer its doubt is not over.
	owed, again time.Duration
	unanswered  bool
	// back is when the server came back from being down. What was asked before says
	// nothing about its speed: the kernel looks for its address once a second, and
	// replies that came a second late made the next outage known a second late.
	back   time.Duration
	claims claims
	// apart: that was logged, and the end of it was not yet.
	apart bool
	// doubted: this host has asked itself since the server is down by hearsay.
	doubted bool
	// denied counts own time-outs while down by hearsay.
	denied int
	// fallback: none of the group's business, neither said nor judged there.
	fallback bool
	// domain is that of a server for one domain alone; it is a fallback too.
	domain string
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

func (u *Upstream) lookFirst(now time.Duration, s *server, _ Timer) {
	if !s.fallback && s.success == group.Unseen {
		u.probe(now, s, dns.Question{})
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
		s := newServer(now, w, fallback)
		u.made++
		s.no = ID(u.made)
		servers = append(servers, s)
		u.host.After(now, firstLook, Timer{firstLookDue, s.no, 0})
	}
	return servers
}

// newServer is suspect: at boot, nothing is known (PROTOCOL 5.1).
func newServer(now time.Duration, s Server, fallback bool) *server {
	return &server{
		Server: s, since: now, made: now, fallback: fallback,
		success: group.Unseen, failure: group.Unseen, peerSuccess: group.Unseen, judge: group.Unseen, heard: group.Unseen, silent: group.Unseen,
	}
}

// cut reports whether the group judged lately that the fault is this host's.
func (s *server) cut(now time.Duration) bool { return s.life == cutOff && now-s.entered < cutOffFor }

// hasNext reports whether another server would stand in for one.
func (u *Upstream) hasNext(s *server) bool {
	if u.rotate {
		return false
	}
	before := func(list []*server) bool {
		i := slices.Index(list, s)
		return i >= 0 && i < len(list)-1
	}
	return before(u.servers) || slices.ContainsFunc(u.routes, func(r route) bool { return before(r.servers) })
}
