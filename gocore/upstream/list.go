package upstream

import (
	"slices"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/names"
)

// The servers of a list are not equal: the first may know names that the second
// denies. Here is which of them a question goes to, and which is current (PROTOCOL 2.6,
// 5.3). What their answers are worth is in order/standing.go.

// An ID names a server of this host, and never another one.
type ID uint64

// A List is servers in order: those that a question goes to, or all.
type List struct {
	u       *Upstream
	servers []*server
	all     bool // that are not for one domain alone
}

// For lists the servers that may be asked a question, of those for all names only those
// on the site if it may travel no further.
func (u *Upstream) For(q dns.Question, site bool) List {
	if r := u.routeFor(q); r != nil {
		return List{u: u, servers: r.servers}
	}
	if !site {
		return u.All()
	}
	var near []*server
	for _, s := range u.servers {
		if names.OnSite(s.Addr.Addr()) {
			near = append(near, s)
		}
	}
	if len(near) == len(u.servers) {
		return u.All()
	}
	return List{u: u, servers: near}
}

// All lists the servers for all names.
func (u *Upstream) All() List { return List{u, u.servers, true} }

// Fallback lists those that are asked only while all of these are down.
func (u *Upstream) Fallback() List { return List{u: u, servers: u.fallback} }

// Len is how many there are.
func (l List) Len() int { return len(l.servers) }

// At is the nth.
func (l List) At(nth int) (ID, Server) { return l.servers[nth].no, l.servers[nth].Server }

// Current is the number of the server that counts now: the first that is not down, the
// length of the list if all are. One that this host is cut off from is not down: its
// answers are there, for peers.
func (l List) Current() int {
	for i, s := range l.servers {
		if s.state() != Down {
			return i
		}
	}
	return len(l.servers)
}

// Number is that of the first server with a hash, the length of the list if there is none.
func (l List) Number(id dns.ServerID) int {
	return l.number(func(s *server) bool { return s.ID == id })
}

// Place is the number of a server, the length of the list if it is not in it.
func (l List) Place(id ID) int { return l.number(func(s *server) bool { return s.no == id }) }

func (l List) number(is func(*server) bool) int {
	if i := slices.IndexFunc(l.servers, is); i >= 0 {
		return i
	}
	return len(l.servers)
}

// Down reports whether all servers are down, and since when.
func (l List) Down() (since time.Duration, down bool) {
	if l.all {
		return l.u.since, l.u.down
	}
	for _, s := range l.servers {
		if s.state() != Down {
			return 0, false
		}
		since = max(since, s.since)
	}
	return since, true
}

// Best is the best state of any server: one that works is enough.
func (l List) Best() State {
	state := Down
	for _, s := range l.servers {
		state = min(state, s.state())
	}
	if len(l.servers) == 0 {
		state = Suspect
	}
	return state
}

// CutOff reports whether no server answers this host, but some answer peers.
func (l List) CutOff(now time.Duration) bool {
	cut := false
	for _, s := range l.servers {
		if s.state() == Up {
			return false
		}
		cut = cut || s.cut(now)
	}
	return cut
}

// YetToSpeak reports whether some server is.
func (l List) YetToSpeak(now time.Duration) bool {
	return slices.ContainsFunc(l.servers, func(s *server) bool { return s.yetToSpeak(now) })
}

// One is one server; it may be none of this host's any more.
type One struct{ s *server }

// Server finds one.
func (u *Upstream) Server(id ID) One { return One{u.numbered(id)} }

// State is how it does: Down, if it is no longer one of this host's.
func (o One) State() State {
	if o.s == nil {
		return Down
	}
	return o.s.state()
}

// Askable reports whether it is worth a question: one that this host is cut off
// from counts as down for asking.
func (o One) Askable(now time.Duration) bool {
	return o.s != nil && o.s.state() != Down && !o.s.cut(now)
}

// Spoke reports whether it has said anything after a time.
func (o One) Spoke(since time.Duration) bool { return o.s != nil && o.s.heard > since }
