package help

import (
	"slices"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/group"
)

const (
	// askAgain is when the next helper is asked, helpTries how many: with two, and a
	// fifth of all datagrams lost, one name in eleven was not helped.
	askAgain  = 300 * time.Millisecond
	helpTries = 10
	// loneTries is how often the one peer is asked for a name: with a fifth of all datagrams
	// lost a try fails one time in three. It is the last that is asked, and a lookup takes
	// three seconds at most.
	loneTries = 8
)

// Ask asks the member ranked first for the name among those that have
// success with a server of this host, and while nothing comes the next one. no is the
// number of the question, never another's.
func (h *Helper) Ask(now time.Duration, no uint64, q dns.Question) {
	if h.order.Peers(q) {
		a := h.of(no, q)
		a.helpers = append(a.helpers, nil)
		h.askNext(now, no, a, len(a.helpers)-1)
	}
}

// askNext asks the next one of a row.
func (h *Helper) askNext(now time.Duration, no uint64, a *asked, row int) {
	asked := a.helpers[row]
	if !h.host.Waits(a.q) || len(asked) == helpTries {
		return
	}
	m := h.group.First(group.Hash(a.q.Name), func(m *group.Member) bool { return h.helps(m) && !slices.Contains(asked, m.Peer) })
	if m == nil && len(asked) > 0 {
		m = h.group.Get(asked[0]) // all have been asked: a datagram may be lost
	}
	if m == nil {
		return
	}
	h.share.AskMember(now, m, a.q)
	a.helpers[row] = append(asked, m.Peer)
	h.host.After(now, askAgain, Timer{Due: nextDue, Key: no, Gen: uint64(row)})
}

// helps reports whether a member's last evidence for the current server of this
// host, or one before it, is a success.
func (h *Helper) helps(m *group.Member) bool {
	return m.Addr().IsValid() && m.Reaches(h.order.Counts)
}

// AskClaimer puts a question that nobody holds to the one peer that claims success, and
// reports whether its answer is to be awaited.
func (h *Helper) AskClaimer(now time.Duration, no uint64, q dns.Question) bool {
	if a := h.asked[no]; a != nil && a.lone > 0 && now < a.loneAt+askAgain {
		return true
	}
	m := h.upstream.All().Claimer()
	if m == nil || !h.host.Waits(q) || !h.order.Peers(q) {
		return false
	}
	a := h.of(no, q)
	if a.lone == loneTries {
		return false
	}
	a.lone, a.loneAt = a.lone+1, now
	h.share.AskMember(now, m, q)
	h.host.After(now, askAgain, Timer{Due: claimerDue, Key: no})
	return true
}

func (h *Helper) claimerSilent(now time.Duration, a *asked) {
	if h.host.Waits(a.q) && !h.share.IsPut(a.q) {
		h.host.NobodyKnows(now, a.q)
	}
}
