package node

import "time"

// agreed are the options of all who wait.
func (p *pending) agreed() (own Options) {
	for i, w := range p.waiters {
		if i > 0 && w.own != own {
			return Options{}
		}
		own = w.own
	}
	return own
}

func (n *Node) longest(p *pending, servers int) time.Duration {
	most := n.fetch.Allowed(Options{}, servers)
	for _, w := range p.waiters {
		most = max(most, n.fetch.Allowed(w.own, servers))
	}
	return most
}

// rememberFailure keeps a question from being asked again at once, unless it was asked
// in a way that others do not ask.
func (n *Node) rememberFailure(now time.Duration, p *pending) {
	if !p.apart {
		n.failures.Remember(now, p.q, p.said)
	}
}
