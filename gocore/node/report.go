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
		Upstream: n.upstream.Best(), Since: now - since, Servers: servers, Group: n.groupState(),
		Peers: n.group.Hosts(), Entries: n.cache.Len(), Bytes: n.cache.Bytes(),
	}
	for m := range n.group.Members() {
		s.Proven++
		if n.deaf(m) {
			s.Deaf++
		}
	}
	n.cache.All(func(e cache.Entry) bool {
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
func (n *Node) Upstream() State { return n.upstream.Best() }

// Group is how sharing goes (Status.Group).
func (n *Node) Group() GroupState { return n.groupState() }

// Peers lists the peers in order of arrival.
func (n *Node) Peers(now time.Duration) []PeerStatus {
	var peers []PeerStatus
	for m := range n.group.Members() {
		notes := n.group.Noted(m)
		peers = append(peers, PeerStatus{
			Peer: m.Peer, Addr: m.Addr(), Version: m.Version(), Names: m.Names(),
			Since: now - m.First(), Last: now - m.Last(now), Proven: true,
			Deaf:    n.deaf(m),
			HearsUs: notes.HearsUs != 0 && notes.HearsUs >= now-n.group.Silence(),
			Told:    notes.Told, Contradicted: notes.Contradicted,
		})
	}
	return peers
}

// Entry returns what is held for a question.
func (n *Node) Entry(now time.Duration, q dns.Question) (Entry, bool) {
	e := n.cache.Get(now, q)
	if !e.Held() {
		return Entry{}, false
	}
	return entryOf(now, e), true
}

// Changes returns what changed since mark, and the mark for the next call: a
// driver saves it. Mark 0 is everything.
func (n *Node) Changes(now time.Duration, mark uint64) ([]Entry, uint64) {
	var changed []Entry
	if mark == 0 {
		changed = make([]Entry, 0, n.cache.Len()) // at once: a full cache has 12 MB of them
	}
	next := n.cache.Changed(mark, func(e cache.Entry) {
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
