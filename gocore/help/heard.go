package help

import (
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/fetch"
	"mcdns/gocore/group"
	"mcdns/gocore/upstream"
	"mcdns/gocore/wire"
)

const (
	// What a helper does for one asker and for one name, a second.
	perAsker = 20
	perName  = 2
	inAll    = 100 // a hostile member makes as many epochs as it likes
)

// Heard helps a peer: from a fresh answer or this host's own servers, never
// by asking on. The answer goes to the whole group as any other.
func (h *Helper) Heard(now time.Duration, m *group.Member, q dns.Question) {
	if h.upstream.All().Best() != upstream.Up || !h.order.Told(q) || !h.done.allow(now, m.Peer, q.Name) {
		return
	}
	e := h.host.Usable(now, q)
	if !e.Held() || !e.Fresh(now) {
		h.host.Start(now, q, fetch.Demand)
		return
	}
	h.share.Tell(now, e)
}

// done counts what was done for whom in this second.
type done struct {
	second time.Duration
	total  int
	asker  map[wire.Peer]int
	name   map[string]int
}

func (d *done) allow(now time.Duration, p wire.Peer, name string) bool {
	if second := now.Truncate(time.Second); d.asker == nil || second != d.second {
		*d = done{second: second, asker: map[wire.Peer]int{}, name: map[string]int{}}
	}
	d.total++
	if d.total > inAll {
		return false
	}
	d.asker[p]++
	d.name[name]++
	// Both address families of a name are one.
	return d.asker[p] <= perAsker && d.name[name] <= 2*perName
}
