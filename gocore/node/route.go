package node

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

func (n *Node) setRoutes(now time.Duration) {
	old := n.routes
	n.routes = nil
	for _, r := range n.set.Routes {
		var had []*server
		if i := slices.IndexFunc(old, func(o route) bool { return o.Domain == r.Domain }); i >= 0 {
			had = old[i].servers
		}
		servers := n.merge(now, had, r.Servers, true)
		for _, s := range servers {
			s.domain = r.Domain
		}
		n.routes = append(n.routes, route{r, servers})
	}
}

// routeFor returns the route with the longest domain that covers a question,
// nil if it goes to the servers for all.
func (n *Node) routeFor(q dns.Question) *route {
	var best *route
	for i := range n.routes {
		r := &n.routes[i]
		if names.Under(q.Name, r.Domain) && (best == nil || len(r.Domain) > len(best.Domain)) {
			best = r
		}
	}
	return best
}

// allServers lists every server this host knows, in a stable order.
func (n *Node) allServers() []*server {
	all := append(slices.Clone(n.servers), n.fallback...)
	for _, r := range n.routes {
		all = append(all, r.servers...)
	}
	return all
}

func (n *Node) routed(s *server) bool {
	return slices.ContainsFunc(n.routes, func(r route) bool { return slices.Contains(r.servers, s) })
}

// downFor reports whether all servers that may be asked a question are down.
func (n *Node) downFor(q dns.Question) bool {
	_, down := n.downSince(q)
	return down
}

// downSince says that too, and since when.
func (n *Node) downSince(q dns.Question) (since time.Duration, down bool) {
	list := n.serversFor(q)
	if len(list) == len(n.servers) && n.routeFor(q) == nil {
		return n.since, n.down
	}
	for _, s := range list {
		if s.state() != Down {
			return 0, false
		}
		since = max(since, s.since)
	}
	return since, true
}
