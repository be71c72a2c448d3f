package node

import (
	"time"

	"mcdns/gocore/group"
)

// A repairer notices that a peer holds much that this host does not: after a
// partition, or where announcements were lost. It pulls, as a joiner does.
type repairer struct {
	timed bool
	pulls bool          // the catch-up under way is a repair
	next  time.Duration // not before
	wait  time.Duration // until the one after; longer while repairs bring nothing
}

const (
	repairLack   = 20 // answers, and two in a hundred, that are worth a pull
	repairSpread = time.Minute
	repairWait   = 10 * time.Minute
	repairMost   = 24 * time.Hour
)

// noteNames compares what a peer says it holds with what this host does. Numbers
// differ for good reasons too (room, names that are not shared), so repairs that
// bring little become rare.
func (n *Node) noteNames(now time.Duration, m *group.Member) {
	r := &n.repair
	if r.timed || !n.caught || len(n.pulls) > 0 || now < r.next || !n.lacks(m) {
		return
	}
	r.timed = true
	n.after(now, n.jitter(repairSpread), func(now time.Duration) {
		r.timed = false
		if n.set.Shares && n.lacks(m) && n.group.Get(m.Peer) == m && n.cache.Bytes() < n.set.CacheBytes*9/10 {
			r.pulls = true
			r.wait = max(r.wait, repairWait)
			r.next = now + r.wait
			n.pullFrom(now, m, &pull{whole: true})
		}
	})
}

func (n *Node) lacks(m *group.Member) bool {
	held := n.cache.Len()
	return m.Proven && m.Addr.IsValid() && int(m.Names) > held+held/50+repairLack
}

// repaired judges a catch-up that came through whole.
func (n *Node) repaired(p *pull) {
	r := &n.repair
	if !r.pulls {
		return
	}
	r.pulls = false
	if p.taken < repairLack {
		r.wait = min(repairMost, 2*r.wait)
	} else {
		r.wait = repairWait
	}
}
