package node

import (
	"log/slog"
	"net/netip"
	"time"

	"mcdns/gocore/catchup"
	"mcdns/gocore/dns"
	"mcdns/gocore/fetch"
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
type Result struct {
	// Answer is nil if nobody can say now.
	Answer *dns.Answer
	// Said is what a server said in place of an answer. It is zero if there is one, if
	// the servers were silent, and in an outage, whatever they say then.
	Said dns.RcodeError
	// Age is how old the answer is on this host.
	Age time.Duration
	// TTL is what programs may keep it for, in whole seconds.
	TTL time.Duration
	// Life is how long it counts as fresh from its birth on: at most what it came with.
	Life time.Duration
	// Stale: past its TTL, served because no DNS server answers in time.
	Stale bool
	// Source is where this host has it from.
	Source Source
	// Peer is who told it, if Source is FromPeer.
	Peer wire.Peer
}

// Held reports whether others have had this very answer: the same records in one
// order, which the server would have changed between them.
func (r *Result) Held() bool { return r.Source == FromCache || r.Source == FromPeer }

// Source is where an answer came from.
type Source uint8

const (
	// FromNobody: there is no answer.
	FromNobody Source = iota
	// FromCache: held since this host fetched it itself.
	FromCache
	// FromServer: fetched from a DNS server for this query.
	FromServer
	// FromPeer: another host of the group said it.
	FromPeer
	// FromHere: a special-use name that only this host may answer for.
	FromHere
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
