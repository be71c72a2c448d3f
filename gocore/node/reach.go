package node

import (
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/names"
)

// answerHere answers a question that may not leave this host.
func (n *Node) answerHere(now time.Duration, in Lookup) bool {
	if n.order.Reach(in.Question) != names.Here {
		return false
	}
	a := names.Answer(in.Question)
	n.respond(now, in.ID, LookupHere, Result{Answer: a, TTL: a.TTL, Life: a.TTL, Source: FromHere})
	return true
}

// holdBack answers those who wait for a rebinding answer that the name has no
// such record. It is neither kept nor shared: the rule is this host's own.
func (n *Node) holdBack(now time.Duration, q dns.Question) {
	n.count(RebindingStopped)
	p := n.pending[q]
	if p == nil {
		return
	}
	none, err := dns.ParseAnswer(q, dns.RcodeSuccess, nil)
	if err != nil {
		n.end(now, p, outcome{})
		return
	}
	n.end(now, p, outcome{fetched: none})
}
