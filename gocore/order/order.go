package order

import (
	"slices"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/names"
	"mcdns/gocore/upstream"
)

// Rules are what the administrator and the network say.
type Rules struct {
	// Servers are this host's, in order of preference; with Rotate all are as good as each
	// other.
	Servers []upstream.Server
	Rotate  bool
	// Lists are of names. StopRebinding holds back answers that lead a public name to an
	// address that is not public.
	names.Lists
	StopRebinding bool
	// Place is the network that the host is in.
	Place uint64
}

// Order is what a host decides by the order of its servers.
type Order struct {
	rules    Rules
	upstream *upstream.Upstream
}

// New makes one without rules.
func New(u *upstream.Upstream) *Order { return &Order{upstream: u} }

// Configure replaces the rules.
func (o *Order) Configure(r Rules) { o.rules = r }

// Copy is for simulators alone: see node.Copy.
func (o *Order) Copy(u *upstream.Upstream) *Order { return &Order{o.rules, u} }

// Reach says how far a question may travel. What only the site knows is asked
// of nobody where no DNS server stands on the site: a public server would learn
// what is looked up here and could only say no.
func (o *Order) Reach(q dns.Question) names.Reach {
	r := o.rules.Reach(q)
	if r == names.Site && !slices.ContainsFunc(o.rules.Servers, onSite) {
		return names.Here
	}
	return r
}

func onSite(s upstream.Server) bool { return names.OnSite(s.Addr.Addr()) }

// Servers lists those that may be asked a question.
func (o *Order) Servers(q dns.Question) upstream.List {
	return o.upstream.For(q, o.Reach(q) == names.Site)
}

// Asks reports whether a server is one of those this host asks a question.
func (o *Order) Asks(q dns.Question, id dns.ServerID) bool {
	list := o.upstream.For(q, false)
	return id != 0 && list.Number(id) < list.Len()
}

// Down reports whether all servers that may be asked a question are down, and since when.
func (o *Order) Down(q dns.Question) (since time.Duration, down bool) { return o.Servers(q).Down() }

// DownFor reports whether they are.
func (o *Order) DownFor(q dns.Question) bool {
	_, down := o.Down(q)
	return down
}

// Young reports whether the outage has just begun. What a program asks for now may
// be answered late, as what it asked for a moment ago: a server that says nothing
// for a second, or a host that a busy machine did not run, is no outage to anybody
// without mcdns. A server that the network cannot reach is not waited for.
func (o *Order) Young(now time.Duration, q dns.Question) bool {
	since, down := o.Down(q)
	return down && now < since+upstream.LateAnswer
}

// Fallback returns whether the fallback servers may be asked for a name:
// never for one under the host's own domains, which are nobody else's business.
func (o *Order) Fallback(q dns.Question) bool {
	list := o.upstream.Fallback()
	return !o.rules.Own(q.Name) && o.Reach(q) == names.Anywhere && list.Current() < list.Len()
}

// Peers reports whether peers may be asked to look up a name for this host.
func (o *Order) Peers(q dns.Question) bool {
	return !o.rules.Secret(q) && o.rules.Believed(q.Name) && !o.rules.Own(q.Name)
}

// Told reports whether this host may look a name up for peers, which are told.
func (o *Order) Told(q dns.Question) bool {
	return !o.rules.Kept(q.Name) && o.Reach(q) != names.Here
}

// Rebinds reports whether an answer would lead a public name to an address that
// is not public, so that a page of the Internet could make a browser speak to
// this site's own machines (DNS rebinding). The host's own domains may.
func (o *Order) Rebinds(a *dns.Answer) bool { return o.rules.StopRebinding && o.rules.Rebinds(a) }
