package host

import (
	"net/netip"
	"slices"
	"strings"

	"mcdns/daemon/config"
	"mcdns/daemon/resolvconf"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// maxLinkRoutes: each is looked at for every question.
const maxLinkRoutes = 64

// followLinks takes from the system's links what the configuration leaves to the
// system: with servers of the administrator's own for all names it leaves nothing.
func (v *view) followLinks(machine resolvconf.Machine) {
	v.routes = v.config.Routes
	if len(v.config.Servers) > 0 {
		return
	}
	all := machine.Links(notOurs(v.conf.Servers, v.ours))
	if servers := defaults(all); len(servers) > 0 {
		v.conf.Servers, v.conf.Problem = servers, ""
	}
	v.conf.Search = withSearch(v.conf.Search, all)
	v.routes = withLinks(v.config.Routes, all, v.conf.Servers)
}

// defaults are the servers of the links that are for all names.
func defaults(all []resolvconf.Link) (servers []netip.AddrPort) {
	for _, l := range all {
		if l.Default {
			servers = add(servers, l.Servers)
		}
	}
	return servers
}

// withSearch adds the links' search domains to those of resolv.conf.
func withSearch(search []string, all []resolvconf.Link) []string {
	search = slices.Clone(search)
	for _, l := range all {
		for _, d := range l.Search {
			d = strings.TrimSuffix(d, ".")
			has := slices.ContainsFunc(search, func(s string) bool { return strings.EqualFold(s, d) })
			if !has && len(search) < resolvconf.MaxSearch {
				search = append(search, d)
			}
		}
	}
	return search
}

// withLinks adds the links' domains to the configured routes, which count first.
// Links that agree on a domain serve it together. Where a link's servers include
// all those that are asked anyway, as on most LANs, its domains are no routes: an
// outage of a route's servers is none of the group's business.
func withLinks(routes []config.Route, all []resolvconf.Link, servers []netip.AddrPort) []config.Route {
	own := len(routes)
	out := slices.Clone(routes)
	for _, l := range all {
		if len(servers) > 0 && includes(l.Servers, servers) {
			continue
		}
		for _, d := range slices.Concat(l.Search, l.Routes) {
			i := slices.IndexFunc(out, func(r config.Route) bool { return r.Domain == d })
			switch {
			case i >= own:
				out[i].Servers = add(out[i].Servers, l.Servers)
			case i < 0 && len(out) < own+maxLinkRoutes:
				out = append(out, config.Route{Domain: d, Servers: slices.Clone(l.Servers)})
			}
		}
	}
	return out
}

// add appends the servers that are new, up to the number a node takes.
func add(servers, more []netip.AddrPort) []netip.AddrPort {
	for _, s := range more {
		if len(servers) < wire.MaxServers && !slices.Contains(servers, s) {
			servers = append(servers, s)
		}
	}
	return servers
}

// includes compares without zones: fe80::1%2 and fe80::1%eth0 may be the same.
func includes(all, some []netip.AddrPort) bool {
	return !slices.ContainsFunc(some, func(s netip.AddrPort) bool {
		return !slices.ContainsFunc(all, func(a netip.AddrPort) bool {
			return a.Port() == s.Port() && a.Addr().WithZone("") == s.Addr().WithZone("")
		})
	})
}

// nodeRoutes gives domains their servers as the node knows servers.
func nodeRoutes(machine resolvconf.Machine, routes []config.Route, ours []netip.AddrPort) (out []node.Route) {
	for _, r := range routes {
		out = append(out, node.Route{Domain: r.Domain, Servers: machine.Servers(notOurs(r.Servers, ours))})
	}
	return out
}

func domains(all []config.Route) (out []string) {
	for _, r := range all {
		out = append(out, r.Domain)
	}
	return out
}
