package node

import (
	"log/slog"
	"net/netip"

	"mcdns/gocore/catchup"
	"mcdns/gocore/fetch"
	"mcdns/gocore/lookup"
	"mcdns/gocore/sharing"
	"mcdns/gocore/wire"
)

// An Effect is what the node wants done: one of the types of this file. The
// driver does them in order. Nothing else leaves the core.
type Effect interface{ effect() }

// Send sends a message, sealed once: to To alone if it is valid, else to the
// group by each of Ways.
type Send struct {
	Message *wire.Message
	To      netip.AddrPort
	Ways    []Way
}

// Way is one link and one address family by which the group is reached.
type Way = sharing.Way

// Ask asks a DNS server; Replied says what became of it.
type Ask fetch.Ask

// Respond answers a Lookup.
type Respond struct {
	ID     uint64 // Lookup.ID
	Result Result
}

// Result is the outcome of a Lookup.
type Result = lookup.Result

// Source is where an answer came from.
type Source = lookup.Source

// The sources.
const (
	FromNobody = lookup.FromNobody
	FromCache  = lookup.FromCache
	FromServer = lookup.FromServer
	FromPeer   = lookup.FromPeer
	FromHere   = lookup.FromHere
)

// Pull opens a stream to a peer and asks it for what Want says. Pulled inputs
// follow, the last with Done.
type Pull struct {
	ID   uint64
	Addr netip.AddrPort // the peer's unicast address and port
	Want Want
}

// Page is the next record of an inbound stream.
type Page catchup.Page

// Log is a line for the administrator, one for each change of state.
type Log struct {
	Level slog.Level
	Text  string // lower case, names no question
	Args  []any  // slog key-value pairs
}

// Count adds one to a counter.
type Count struct{ Counter Counter }

func (Send) effect()    {}
func (Ask) effect()     {}
func (Respond) effect() {}
func (Pull) effect()    {}
func (Page) effect()    {}
func (Log) effect()     {}
func (Count) effect()   {}
