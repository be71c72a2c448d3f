package node

import (
	"log/slog"
	"math"
	"slices"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// The upstream is the DNS servers together and what is known of them. What happens to
// them comes in by its methods: asked and replied (fetch.go), what peers say, a change of
// settings. It writes all of its own state, and touches the rest of a node only through
// host. It is a room within the package; its files are upstream.go, servers.go, life.go,
// judge.go, evidence.go, claims.go, down.go, probe.go, rtt.go and route.go.
type upstream struct {
	host     host
	rotate   bool   // no order counts (Settings.Rotate)
	made     uint64 // servers of this run
	servers  []*server
	fallback []*server
	routes   []route
	replies  ring // times of the last replies of all servers
	down     bool // all servers are
	since    time.Duration
	outage   uint32 // counts outages from 1
	// probed is when a question that nobody held was last the probe.
	probed time.Duration
}

// A host is what upstream needs of the node around it.
type host interface {
	after(now, d time.Duration, t timer)
	jitter(d time.Duration) time.Duration
	log(level slog.Level, text string, args ...any)

	// Of the group.
	rankOf(id dns.ServerID, most int) int
	groupSize() int
	groupState() GroupState
	member(p wire.Peer) *group.Member
	heardAnybody() bool
	sayNow(now time.Duration)
	sayTwice(now time.Duration)

	// Of what is asked and waits.
	probeQuestion(now time.Duration, s *server, doubted dns.Question) dns.Question
	askProbe(now time.Duration, s *server, q dns.Question)
	goOnAll(now time.Duration)        // a server was judged
	askHelpers(now time.Duration)     // this host is cut off from one
	serverIsBack(now time.Duration)   // one that was down answers
	resolvePending(now time.Duration) // all are down
	outageIsOver(now time.Duration)   // not all are
}

// best is the best state of any server: one that works is enough.
func (u *upstream) best() State {
	state := Down
	for _, s := range u.servers {
		state = min(state, s.state())
	}
	if len(u.servers) == 0 {
		state = Suspect
	}
	return state
}

// stateSince is when that state began. Doubts of a moment, which a server clears
// itself, interrupt nothing; to be cut off from it does.
func (u *upstream) stateSince() time.Duration {
	since := u.since
	switch u.best() {
	case Up:
		since = time.Duration(math.MaxInt64)
		for _, s := range u.servers {
			if s.state() == Up {
				since = min(since, max(u.since, s.back))
			}
		}
	case Suspect:
		for _, s := range u.servers {
			if s.state() == Suspect {
				since = max(since, s.since)
			}
		}
	}
	return since
}

// status lists every server.
func (u *upstream) status(now time.Duration) []ServerStatus {
	var all []ServerStatus
	for _, s := range u.allServers() {
		all = append(all, ServerStatus{
			Addr: s.Addr, State: s.state(), Fallback: s.fallback && s.domain == "", Domain: s.domain,
			Success: ageOf(now, s.success), Failure: ageOf(now, s.failure), CutOff: s.life == cutOff,
		})
	}
	return all
}

// cutOff reports whether no server answers this host, but some answer peers.
func (u *upstream) cutOff(now time.Duration) bool {
	cut := false
	for _, s := range u.servers {
		if s.state() == Up {
			return false
		}
		cut = cut || s.cut(now)
	}
	return cut
}

// p99 is how long answers take, 0 while none has come.
func (u *upstream) p99() time.Duration { return u.replies.p99() }

// fallbackUp reports whether a fallback server is not down.
func (u *upstream) fallbackUp() bool {
	return slices.ContainsFunc(u.fallback, func(s *server) bool { return s.state() != Down })
}

// begin says since when there are servers to ask.
func (u *upstream) begin(now time.Duration) { u.since = now }
