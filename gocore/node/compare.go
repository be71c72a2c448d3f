package node

import (
	"log/slog"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/names"
)

// compare notes when this host's own fetch contradicts what a peer had told of the
// same server (PROTOCOL 7.3). An administrator decides what it means.
func (n *Node) compare(held cache.Entry, fetched *dns.Answer) {
	if !held.Held() || held.Own() || held.Answer.Server != fetched.Server {
		return
	}
	m := n.group.Get(held.From)
	if m == nil || !names.Contradict(held.Answer, fetched) {
		return
	}
	notes := n.group.Notes(m)
	notes.Contradicted++
	n.count(AnswersContradicted)
	if notes.Contradicted == 1 {
		n.log(slog.LevelWarn, "a peer's answer was contradicted by a DNS server; see mcdns peers", "peer", m.Addr().Addr().String())
	}
}
