package node

import (
	"slices"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/fetch"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// A host is cut off when its own path to the servers is broken while peers
// have success with them: it asks such a peer to ask for it (PROTOCOL 3.14).

const (
	// askAgain is when the next helper is asked, helpTries how many: with two, and a
	// fifth of all datagrams lost, one name in eleven was not helped.
	askAgain  = 300 * time.Millisecond
	helpTries = 10
	// What a helper does for one asker and for one name, a second.
	helpPerAsker = 20
	helpPerName  = 2
	helpInAll    = 100 // a hostile member makes as many epochs as it likes
)

// askHelper asks the member ranked first for the name among those that have
// success with a server of this host, and while nothing comes the next one.
func (n *Node) askHelper(now time.Duration, p *pending) {
	if n.order.Peers(p.q) {
		p.helpers = append(p.helpers, nil)
		n.askNextHelper(now, p, len(p.helpers)-1)
	}
}

func (n *Node) askHelperAgain(now time.Duration, p *pending, t timer) {
	n.askNextHelper(now, p, int(t.gen))
}

// askNextHelper asks the next one of a row.
func (n *Node) askNextHelper(now time.Duration, p *pending, row int) {
	asked := p.helpers[row]
	if len(p.waiters) == 0 || len(asked) == helpTries {
		return
	}
	m := n.group.First(group.Hash(p.q.Name), func(m *group.Member) bool { return n.helps(m) && !slices.Contains(asked, m.Peer) })
	if m == nil && len(asked) > 0 {
		m = n.group.Get(asked[0]) // all have been asked: a datagram may be lost
	}
	if m == nil {
		return
	}
	n.share.AskMember(now, m, p.q)
	p.helpers[row] = append(asked, m.Peer)
	n.after(now, askAgain, timer{kind: helperTimer, key: p.made, gen: uint64(row)})
}

// askHelpers puts everything that waits to helpers, when this host learns that
// it is cut off.
func (n *Node) askHelpers(now time.Duration) {
	if !n.upstream.CutOff(now) {
		return
	}
	for _, p := range n.inOrder() {
		if len(p.waiters) > 0 {
			n.askHelper(now, p)
		}
	}
}

// helps reports whether a member's last evidence for the current server of this
// host, or one before it, is a success.
func (n *Node) helps(m *group.Member) bool {
	return m.Addr().IsValid() && m.Reaches(n.order.Counts)
}

// heardAsk helps a peer: from a fresh answer or this host's own servers, never
// by asking on. The answer goes to the whole group as any other.
func (n *Node) heardAsk(now time.Duration, m *group.Member, q dns.Question) {
	if n.upstream.Best() != Up || !n.order.Told(q) ||
		!n.help.allow(now, m.Peer, q.Name) {
		return
	}
	e := n.usable(now, q)
	if !e.Held() || !e.Fresh(now) {
		n.start(now, q, fetch.Demand)
		return
	}
	n.share.Tell(now, e)
}

// helped counts what was done for whom in this second.
type helped struct {
	second time.Duration
	total  int
	asker  map[wire.Peer]int
	name   map[string]int
}

func (h *helped) allow(now time.Duration, p wire.Peer, name string) bool {
	if second := now.Truncate(time.Second); h.asker == nil || second != h.second {
		*h = helped{second: second, asker: map[wire.Peer]int{}, name: map[string]int{}}
	}
	h.total++
	if h.total > helpInAll {
		return false
	}
	h.asker[p]++
	h.name[name]++
	// Both address families of a name are one.
	return h.asker[p] <= helpPerAsker && h.name[name] <= 2*helpPerName
}

// loneTries is how often the one peer is asked for a name: with a fifth of all datagrams
// lost a try fails one time in three. It is the last that is asked, and a lookup takes
// three seconds at most.
const loneTries = 8

// askClaimer puts a question that nobody holds to the one peer that claims success, and
// reports whether its answer is to be awaited.
func (n *Node) askClaimer(now time.Duration, p *pending) bool {
	if p.lone > 0 && now < p.loneAt+askAgain {
		return true
	}
	m := n.upstream.Claimer()
	if m == nil || p.lone == loneTries || len(p.waiters) == 0 || !n.order.Peers(p.q) {
		return false
	}
	p.lone, p.loneAt = p.lone+1, now
	n.share.AskMember(now, m, p.q)
	n.after(now, askAgain, timer{kind: claimerTimer, key: p.made})
	return true
}

func (n *Node) claimerSilent(now time.Duration, p *pending, _ timer) {
	if len(p.waiters) > 0 && !n.share.Asking(p.q) {
		n.nobodyKnows(now, p)
	}
}
