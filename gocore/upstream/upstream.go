package upstream

import (
	"log/slog"
	"math"
	"net/netip"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// Upstream is the DNS servers of a host. It is not safe for concurrent use.
type Upstream struct {
	host     Host
	rotate   bool   // no order counts (Config.Rotate)
	begun    bool   // Configure was called
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

// New makes one without servers.
func New(h Host) *Upstream { return &Upstream{host: h} }

// A Host is what Upstream needs of the one around it.
type Host interface {
	// After hands t to Fire once d has passed.
	After(now, d time.Duration, t Timer)
	// Jitter is a random duration in [0, d).
	Jitter(d time.Duration) time.Duration
	Log(level slog.Level, text string, args ...any)

	// Rank is this host's place for a server among those of the group that use it, or most.
	Rank(id dns.ServerID, most int) int
	// Members is how many hosts the group has, this one among them.
	Members() int
	// Member is a member of the group, nil if it is none.
	Member(p wire.Peer) *group.Member

	// ProbeQuestion is what to ask a server in order to learn whether it answers; doubted
	// is not to be asked.
	ProbeQuestion(now time.Duration, id ID, doubted dns.Question) dns.Question
	// Ask asks a server once. What becomes of it comes by Replied, Silent after wait.
	Ask(now time.Duration, id ID, to Server, q dns.Question, wait time.Duration)
	// Happened says what the host has to follow.
	Happened(now time.Duration, e Event)
}

// An Event is what changed.
type Event uint8

const (
	Judged   Event = iota // a server was: what waits may go on with another
	CutOff                // this host is, from a server that peers reach
	Back                  // a server that was down answers
	AllDown               // an outage begins
	SeenDown              // this host has seen for itself what it knew by others' word
	Over                  // an outage ends
	Doubted               // a server is: the group is to be asked, twice
	News                  // how a server does is news to the group
)

// Config is what the administrator and the network say of servers.
type Config struct {
	// Servers are in order of preference; Fallback are asked only while all of them are down.
	Servers, Fallback []Server
	// Routes are domains that have servers of their own; the longest that covers a name
	// counts.
	Routes []Route
	// Rotate: all of Servers are as good as each other.
	Rotate bool
}

// Server is a DNS server. ID is the hash peers compare; 0 for a loopback stub
// whose servers are unknown.
type Server struct {
	Addr netip.AddrPort
	ID   dns.ServerID
}

// Route sends the questions for a domain, a name with a final dot, and all
// names below it to Servers alone.
type Route struct {
	Domain  string
	Servers []Server
}

// State is how a DNS server does, as this host sees it.
type State uint8

const (
	// Up: it answers.
	Up State = iota + 1
	// Suspect: it is new, it failed somebody and the group is being asked, or this host
	// is cut off from it.
	Suspect
	// Down: nobody in the group has success with it that is believed.
	Down
)

// String gives the word used everywhere: up, suspect or down.
func (s State) String() string {
	switch s {
	case Up:
		return "up"
	case Suspect:
		return "suspect"
	case Down:
		return "down"
	}
	return "unknown"
}

// An Outcome is what became of a question to a server.
type Outcome uint8

const (
	Answered    Outcome = iota // be it that there is nothing
	Refused                    // it said that it has no answer
	Unreachable                // the network says so
	Silent                     // for longer than it usually takes
)

// A Reply says what became of a question.
type Reply struct {
	Outcome  Outcome
	Question dns.Question
	Sent     time.Duration // when it left
	Began    time.Duration // when this server was first asked it
	Probe    bool
}

// Replied takes in what became of a question. That of a server which is no longer one of
// this host's counts for nothing.
func (u *Upstream) Replied(now time.Duration, id ID, r Reply) {
	s := u.numbered(id)
	if s == nil {
		return
	}
	switch r.Outcome {
	case Answered:
		s.heard = now
		s.succeeded(now, now-r.Sent)
		s.noteReply(now, r.Sent, r.Began)
	case Refused:
		s.heard = now
		s.refusedBy(now, r.Question)
	case Unreachable:
		s.lost(now)
	case Silent:
		s.timedOut(now, r)
	}
}

// stateSince is when that state began. Doubts of a moment, which a server clears
// itself, interrupt nothing; to be cut off from it does.
func (u *Upstream) stateSince() time.Duration {
	since := u.since
	switch u.All().Best() {
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

// Status is one DNS server as this host sees it. Success and Failure are ages,
// wire.Never if there was none.
type Status struct {
	Addr             netip.AddrPort
	State            State
	Success, Failure time.Duration
	Fallback         bool
	// CutOff: suspect, but peers reach it; the fault is this host's path.
	CutOff bool
	// Domain is the one that the server is asked for alone, "" if for all.
	Domain string
}

// Report lists every server, and says since when the best one does as it does.
func (u *Upstream) Report(now time.Duration) (since time.Duration, all []Status) {
	for _, s := range u.allServers() {
		all = append(all, Status{
			Addr: s.Addr, State: s.state(), Fallback: s.fallback && s.domain == "", Domain: s.domain,
			Success: ageOf(now, s.success), Failure: ageOf(now, s.failure), CutOff: s.life == cutOff,
		})
	}
	return u.stateSince(), all
}

// Outage reports whether all servers are down, and the number of that outage, or of the
// last one, counted from 1.
func (u *Upstream) Outage() (number uint32, now bool) { return u.outage, u.down }
