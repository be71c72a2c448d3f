package node

import (
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
)

// Status is the node at a glance.
func (n *Node) Status(now time.Duration) Status {
	since, servers := n.upstream.Report(now)
	s := Status{
		Upstream: n.upstream.All().Best(), Since: now - since, Servers: servers, Group: n.share.State(),
		Peers: n.group.Hosts(), Entries: n.held.Len(), Bytes: n.held.Bytes(),
	}
	s.Proven, s.Deaf = n.group.N()-1, n.share.Deaf()
	n.held.All(func(e cache.Entry) bool {
		if !e.Fresh(now) {
			s.Stale++
		}
		if e.Answer.Kind != dns.Positive {
			s.Negative++
		}
		return true
	})
	return s
}

// Upstream is the state of the servers together, Group the group's in words: what
// Status says, without its walk over all entries.
func (n *Node) Upstream() State { return n.upstream.All().Best() }

// Group is how sharing goes (Status.Group).
func (n *Node) Group() GroupState { return n.share.State() }

// Peers lists the peers in order of arrival.
func (n *Node) Peers(now time.Duration) []PeerStatus { return n.share.Peers(now) }

// Entry returns what is held for a question.
func (n *Node) Entry(now time.Duration, q dns.Question) (Entry, bool) {
	e := n.held.Get(now, q)
	if !e.Held() {
		return Entry{}, false
	}
	return entryOf(now, e), true
}

// SavedMark is a driver's first mark where it has all that it restored in its file.
const SavedMark = cache.SavedMark

// Changes returns what changed since mark, and the mark for the next call: a
// driver saves it. Mark 0 is everything, SavedMark what is new since this run began.
func (n *Node) Changes(now time.Duration, mark uint64) ([]Entry, uint64) {
	var changed []Entry
	if mark == 0 {
		changed = make([]Entry, 0, n.held.Len()) // at once: a full cache has 12 MB of them
	}
	next := n.held.Changed(mark, func(e cache.Entry) {
		if e.Answer.Question.Flags == 0 { // the file has no place for them
			changed = append(changed, entryOf(now, e))
		}
	})
	return changed, next
}

func entryOf(now time.Duration, e cache.Entry) Entry {
	return Entry{
		Answer: e.Answer, Age: e.Age(now), From: e.From, Place: e.Place,
		Asked: e.Asked, Worn: e.Worn(now),
	}
}
