package node

import (
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/names"
	"mcdns/gocore/upstream"
)

// reach says how far a question may travel. What only the site knows is asked
// of nobody where no DNS server stands on the site: a public server would learn
// what is looked up here and could only say no.
func (n *Node) reach(q dns.Question) names.Reach {
	r := n.set.Reach(q)
	if r == names.Site && !anyOnSite(n.set.Servers) {
		return names.Here
	}
	return r
}

func anyOnSite(servers []Server) bool {
	for _, s := range servers {
		if names.OnSite(s.Addr.Addr()) {
			return true
		}
	}
	return false
}

// answerHere answers a question that may not leave this host.
func (n *Node) answerHere(now time.Duration, in Lookup) bool {
	if n.reach(in.Question) != names.Here {
		return false
	}
	a := names.Answer(in.Question)
	n.respond(now, in.ID, LookupHere, Result{Answer: a, TTL: a.TTL, Life: a.TTL, Source: FromHere})
	return true
}

// serversFor lists the servers that may be asked a question.
func (n *Node) serversFor(q dns.Question) upstream.List {
	return n.upstream.For(q, n.reach(q) == names.Site)
}

// rebinds reports whether an answer would lead a public name to an address that
// is not public, so that a page of the Internet could make a browser speak to
// this site's own machines (DNS rebinding). The host's own domains may.
func (n *Node) rebinds(a *dns.Answer) bool {
	return n.set.StopRebinding && n.set.Rebinds(a)
}

// holdBack answers those who wait for a rebinding answer that the name has no
// such record. It is neither kept nor shared: the rule is this host's own.
func (n *Node) holdBack(now time.Duration, f *fetch) {
	n.endFetch(f)
	n.count(RebindingStopped)
	p := n.pending[f.q]
	if p == nil {
		return
	}
	none, err := dns.ParseAnswer(f.q, dns.RcodeSuccess, nil)
	if err != nil {
		n.end(now, p, outcome{})
		return
	}
	n.end(now, p, outcome{fetched: none})
}
