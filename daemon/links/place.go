package links

import (
	"hash/fnv"
	"net/netip"
	"slices"

	"mcdns/gocore/node"
)

// Place is where this host is: what answers are learnt in and told to
// (PROTOCOL 2). The zero Place is nowhere.
type Place struct {
	// ID is a hash of the rest, 0 where nothing is known.
	ID    uint64
	links []int    // indexes
	parts []string // prefixes on the links and addresses of the servers, sorted
}

// Next is where the host is now, coming from p. A link that lost an address, or
// a host that lost a server, is still where it was, as long as no link lost its
// carrier: in a long outage leases and prefixes run out, and the group must not
// forget for it that it is one.
func (p Place) Next(all []Interface, chosen []node.Link, servers []netip.AddrPort) Place {
	now := Place{parts: parts(all, chosen, servers)}
	for _, l := range chosen {
		now.links = append(now.links, l.Index)
	}
	if p.ID != 0 && subset(p.links, now.links) && subset(now.parts, p.parts) {
		return p
	}
	now.ID = hash(now.parts)
	return now
}

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
