package node

import (
	"net/netip"
	"strconv"
	"time"

	"mcdns/gocore/upstream"
	"mcdns/gocore/wire"
)

// State is how a DNS server does, as this host sees it.
type State = upstream.State

// The states of a server.
const (
	Up      = upstream.Up
	Suspect = upstream.Suspect
	Down    = upstream.Down
)

// GroupState is how sharing goes: the number of peers heard, or Solo.
type GroupState int

const (
	// Solo: there is no key, so nothing is shared.
	Solo GroupState = -1
	// Isolated: with a key, but nobody is heard.
	Isolated GroupState = 0
)

// String gives the words used everywhere: solo, isolated or N peers.
func (g GroupState) String() string {
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

// Status is the node at a glance. Durations are ages.
type Status struct {
	Upstream State // down only if all servers are
	Since    time.Duration
	Servers  []ServerStatus
	Group    GroupState
	// Peers heard lately; Proven are those of them tied to this host's clock, Deaf
	// those that do not hear this host's multicast.
	Peers, Proven, Deaf int
	// Entries held: all, past their TTL, negative; Bytes they take.
	Entries, Stale, Negative int
	Bytes                    int
}

// ServerStatus is one DNS server as this host sees it.
type ServerStatus = upstream.Status

// PeerStatus is one peer.
type PeerStatus struct {
	Peer    wire.Peer
	Addr    netip.AddrPort
	Version string
	Names   uint32
	// Since is the age of the first, Last of the last datagram heard.
	Since, Last time.Duration
	Proven      bool
	// HearsUs: the peer lists this host among those it hears by multicast. Deaf: it
	// does not, again and again. Neither is known of a peer that has just come.
	HearsUs, Deaf bool
	// Told counts answers taken from it, Contradicted those that this host's
	// own fetches disagreed with in a way that is not rotation (PROTOCOL 7.3).
	Told, Contradicted uint64
}
