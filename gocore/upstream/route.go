package upstream

import (
	"slices"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/names"
)

// A route is a domain with servers of its own. An outage of these is none of
// upstream: it is said nowhere, and ends by this host's own looking.
type route struct {
	Route
	servers []*server
}

func (u *Upstream) setRoutes(now time.Duration, routes []Route) {
	old := u.routes
	u.routes = nil
	for _, r := range routes {
		var had []*server
		if i := slices.IndexFunc(old, func(o route) bool { return o.Domain == r.Domain }); i >= 0 {
			had = old[i].servers
		}
		servers := u.merge(now, had, r.Servers, true)
		for _, s := range servers {
			s.domain = r.Domain
		}
		u.routes = append(u.routes, route{r, servers})
	}
}

// routeFor returns the route with the longest domain that covers a question,
// nil if it goes to the servers for all.
func (u *Upstream) routeFor(q dns.Question) *route {
	var best *route
	for i := range u.routes {
		r := &u.routes[i]
		if names.Under(q.Name, r.Domain) && (best == nil || len(r.Domain) > len(best.Domain)) {
			best = r
		}
	}
	return best
}

// allServers lists every server this host knows, in a stable order.
func (u *Upstream) allServers() []*server {
	all := append(slices.Clone(u.servers), u.fallback...)
	for _, r := range u.routes {
		all = append(all, r.servers...)
	}
	return all
}
