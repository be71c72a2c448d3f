package links

import (
	"hash/fnv"
	"net/netip"
	"slices"
	"strings"
	"time"

	"mcdns/gocore/node"
)

// Place is where this host is: what answers are learnt in and told to
// (PROTOCOL 2.9). The zero Place is nowhere.
type Place struct {
	// ID is a hash of the rest, 0 where nothing is known.
	ID    uint64
	links []int    // indexes
	parts []string // prefixes on the links and addresses of the servers, sorted
	since time.Duration
}

// settled is how long a place has stood that one packet does not end. While a
// network comes up its parts come one by one, and all of them make the place: it
// is to be the same after the next boot.
const settled = 10 * time.Minute

// Next is where the host is now, coming from p. A link that lost an address, or
// a host that lost a server, is still where it was, as long as no link lost its
// carrier: in a long outage leases and prefixes run out, and the group must not
// forget for it that it is one. Nor does it leave a settled place for what only
// comes to it.
func (p Place) Next(at time.Duration, all []Interface, chosen []node.Link, servers []netip.AddrPort) Place {
	now := Place{parts: parts(all, chosen, servers), since: at}
	for _, l := range chosen {
		now.links = append(now.links, l.Index)
	}
	if p.ID != 0 && subset(p.links, now.links) && subset(now.parts, p.parts) {
		return p
	}
	if p.ID != 0 && at-p.since >= settled && p.within(now) {
		return p
	}
	now.ID = hash(now.parts)
	return now
}

// within reports whether everything of p is there still, on the same links, beside
// new servers or IPv6 prefixes: a single Router Advertisement of somebody's laptop
// brings those to all hosts at once. What it brings does not become a part: where
// the rest of the place goes, the host has moved.
func (p Place) within(now Place) bool {
	return slices.ContainsFunc(p.parts, isPrefix) && subset(p.parts, now.parts) &&
		subset(p.links, now.links) && subset(now.links, p.links) &&
		!slices.ContainsFunc(now.parts, func(part string) bool {
			return isPrefix(part) && !strings.Contains(part, ":") && !slices.Contains(p.parts, part)
		})
}

// isPrefix tells a prefix from the address of a server.
func isPrefix(part string) bool { return strings.Contains(part, "/") }

// parts leaves link-local prefixes out: they are the same everywhere.
func parts(all []Interface, chosen []node.Link, servers []netip.AddrPort) []string {
	var out []string
	for _, i := range all {
		if !slices.ContainsFunc(chosen, func(l node.Link) bool { return l.Index == i.Index }) {
			continue
		}
		for _, a := range i.Addrs {
			if !a.Addr().IsLinkLocalUnicast() && !a.Tentative {
				out = append(out, a.Masked().String())
			}
		}
	}
	for _, s := range servers {
		if !s.Addr().IsLoopback() { // a stub is everywhere
			out = append(out, s.String())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func subset[T comparable](some, all []T) bool {
	return !slices.ContainsFunc(some, func(s T) bool { return !slices.Contains(all, s) })
}

func hash(parts []string) uint64 {
	if len(parts) == 0 {
		return 0
	}
	h := fnv.New64a()
	for _, p := range parts {
		h.Write([]byte(p + "\n"))
	}
	return max(h.Sum64(), 1)
}
