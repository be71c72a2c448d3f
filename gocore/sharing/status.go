package sharing

import (
	"net/netip"
	"strconv"
	"time"

	"mcdns/gocore/group"
	"mcdns/gocore/query"
	"mcdns/gocore/wire"
)

// State is how sharing goes: the number of peers heard, or Solo.
type State int

const (
	// Solo: there is no key, so nothing is shared.
	Solo State = -1
	// Isolated: with a key, but nobody is heard.
	Isolated State = 0
)

// String gives the words used everywhere: solo, isolated or N peers.
func (g State) String() string {
	switch g {
	case Solo:
		return "solo"
	case Isolated:
		return "isolated"
	case 1:
		return "1 peer"
	}
	return strconv.Itoa(int(g)) + " peers"
}

// PeerStatus is one peer.
type PeerStatus struct {
	Peer    wire.Peer
	Addr    netip.AddrPort
	Version string
	// Name is what it calls itself, empty if it does not say; others may say the same.
	Name  string
	Names uint32
	// Since is the age of the first, Last of the last datagram heard.
	Since, Last time.Duration
	Proven      bool
	// HearsUs: the peer lists this host among those it hears by multicast. Deaf: it
	// does not, again and again. Neither is known of a peer that has just come.
	HearsUs, Deaf bool
	// IPv4 and IPv6 are whether it was heard by multicast lately, by each family. Of one
	// that is New that says nothing: its next HELLO may not be due yet.
	IPv4, IPv6, New bool
	// Told counts answers taken from it, Contradicted those that this host's
	// own fetches disagreed with in a way that is not rotation (PROTOCOL 7.3).
	Told, Contradicted uint64
}

// State is how sharing goes.
func (s *Sharing) State() State {
	if !s.set.Shares {
		return Solo
	}
	return State(s.group.Hosts())
}

// Peers lists the peers in order of arrival.
func (s *Sharing) Peers(now time.Duration) []PeerStatus {
	var peers []PeerStatus
	for m := range s.group.Members() {
		notes := s.group.Noted(m)
		four, six := m.Multicast(now, now-s.group.Silence())
		peers = append(peers, PeerStatus{
			Peer: m.Peer, IPv4: four, IPv6: six, New: now-m.First() < s.group.Silence(),
			Addr: m.Addr(), Version: m.Version(), Name: m.Name(), Names: m.Names(),
			Since: now - m.First(), Last: now - m.Last(now), Proven: true,
			Deaf:    s.deaf(m),
			HearsUs: notes.HearsUs != 0 && notes.HearsUs >= now-s.group.Silence(),
			Told:    notes.Told, Contradicted: notes.Contradicted,
		})
	}
	return peers
}

// Deaf counts the members that do not hear this host's multicast.
func (s *Sharing) Deaf() (deaf int) {
	for m := range s.group.Members() {
		if s.deaf(m) {
			deaf++
		}
	}
	return deaf
}

// Held is how much is under way: all of it is bounded.
type Held struct {
	Announcements, Heap      int // answers that wait to be told, places in their queue
	Pulls, CatchUps, Exports int // streams, what some of them are for, those of peers
	Queries                  query.Held
	group.Held               // of the prover
	// Hosts is as one of how many this host speaks, each as often as HelloInterval.
	Hosts         int
	HelloInterval time.Duration
}

// Held counts it.
func (s *Sharing) Held() Held {
	h := Held{
		Announcements: len(s.announcer.queued), Heap: len(s.announcer.heap),
		Queries: s.queries.Held(), Held: s.prover.Held(),
		Hosts: s.prover.Hosts(), HelloInterval: s.helloInterval(),
	}
	h.Pulls, h.CatchUps, h.Exports = s.streams.Held()
	return h
}
