package node

import (
	"time"

	"mcdns/gocore/sharing"
	"mcdns/gocore/upstream"
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
type GroupState = sharing.State

const (
	// Solo: there is no key, so nothing is shared.
	Solo = sharing.Solo
	// Isolated: with a key, but nobody is heard.
	Isolated = sharing.Isolated
)

// PeerStatus is one peer.
type PeerStatus = sharing.PeerStatus

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
