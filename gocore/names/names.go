// Package names knows the names that mean something to no DNS server of the
// Internet, and says where a question about one may go: a query for one that
// leaves tells strangers what happens here, is answered by whoever owns the
// name by accident, and loads the root and AS112 servers (RFC 6761, RFC 6303).
//
// Read names.go first, then lists.go, what the administrator says of names.
package names

import (
	"net/netip"
	"strings"

	"mcdns/gocore/dns"
)

// Reach is how far a question may travel.
type Reach uint8

const (
	// Anywhere: an ordinary name.
	Anywhere Reach = iota
	// Site: asked only of DNS servers that stand on this site, and of peers: the
	// administrator's own servers are meant to know it, nobody else's do.
	Site
	// Here: answered on this host (Answer), nobody is asked.
	Here
)

// Reach says how far a question may travel under these lists.
func (l *Lists) Reach(q dns.Question) Reach {
	z := find(q)
	if z == nil {
		return Anywhere
	}
	if z.use == always || !l.exempt(q.Name, z) {
		if z.use == site {
			return Site
		}
		return Here
	}
	return Anywhere
}

// exempt reports whether the administrator's own servers are said to know the
// name.
func (l *Lists) exempt(name string, z *zone) bool {
	for _, f := range l.Forward {
		if f == "." && z.name == "." || f != "." && Under(name, f) {
			return true
		}
	}
	return z.use != never && l.Own(name)
}

// OnSite reports whether a DNS server's address shows that it stands on this
// site: private, link-local or this host's own.
func OnSite(server netip.Addr) bool {
	server = server.Unmap()
	return server.IsPrivate() || server.IsLoopback() || server.IsLinkLocalUnicast()
}

// Under reports whether name is zone or lies below it. Both are lower-case
// names with a final dot; the root has everything below it, what is no name nothing.
func Under(name, zone string) bool {
	if zone == "." || name == zone {
		return true
	}
	at := len(name) - len(zone)
	return zone != "" && at > 0 && strings.HasSuffix(name, zone) && divides(name, at-1)
}

// divides reports whether the byte at i is a dot between labels, not one
// within a label ("\.").
func divides(name string, i int) bool {
	if name[i] != '.' {
		return false
	}
	escapes := 0
	for i--; i >= 0 && name[i] == '\\'; i-- {
		escapes++
	}
	return escapes%2 == 0
}

// find returns the zone of the table that a question lies in, nil if none.
func find(q dns.Question) *zone {
	for i := range q.Name {
		if i == 0 || divides(q.Name, i-1) {
			if z := byName[q.Name[i:]]; z != nil {
				return z
			}
		}
	}
	if isSingle(q) {
		return &single
	}
	return nil
}

// isSingle: one label, asked for as a host. Other types of a top-level domain
// (DS, DNSKEY, NS, SOA ...) are a resolver's own business and pass.
func isSingle(q dns.Question) bool {
	switch q.Type {
	case dns.TypeA, dns.TypeAAAA, dns.TypeHTTPS, dns.TypeSVCB:
	default:
		return false
	}
	for i := range q.Name[:len(q.Name)-1] {
		if divides(q.Name, i) {
			return false
		}
	}
	return q.Name != "."
}
