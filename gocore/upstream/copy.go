// For simulators alone: see node.Copy.

package upstream

import "slices"

// Copy is another host's, with servers of its own of which as much is known.
func (u *Upstream) Copy(h Host) *Upstream {
	c := *u
	c.host, c.servers, c.fallback, c.routes = h, c.copies(u.servers), c.copies(u.fallback), slices.Clone(u.routes)
	for i := range c.routes {
		c.routes[i].servers = c.copies(u.routes[i].servers)
	}
	return &c
}

func (u *Upstream) copies(servers []*server) []*server {
	out := slices.Clone(servers)
	for i, s := range servers {
		one := *s
		one.u = u
		one.lostFor, one.refusals = slices.Clone(s.lostFor), slices.Clone(s.refusals)
		out[i] = &one
	}
	return out
}

// Warm reads what is looked at when a message comes. See node.Warm.
func (u *Upstream) Warm() uint64 {
	if len(u.servers) == 0 {
		return 0
	}
	return uint64(u.servers[0].peerSuccess)
}
