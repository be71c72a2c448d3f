package node

import (
	"net/netip"
	"time"

	"mcdns/gocore/catchup"
	"mcdns/gocore/fetch"
	"mcdns/gocore/group"
	"mcdns/gocore/lookup"
)

// An Input is what happens to a node: one of the types of this file. A driver
// that has nothing to say but the time hands in Wake.
type Input interface{ input() }

// Wake says only what time it is. Early or twice does no harm.
type Wake struct{}

// Configure replaces the settings; the first one makes the node start.
type Configure struct{ Settings Settings }

// Restore hands in what an earlier run saved, in one piece or more: right after
// Configure, or later where a disk hung; what was learnt meanwhile stands. Ages are
// what the driver made of them (PROTOCOL 1.2).
type Restore struct{ Entries []Entry }

// Itself is the node as an asker: of what it looks up before anybody asks, and of probes.
const Itself = fetch.Itself

// Lookup is a question of this host's programs. Exactly one Respond effect with
// the same ID follows, in this or a later call.
type Lookup lookup.Lookup

// Options are what a program wants otherwise than resolv.conf has it.
type Options = fetch.Options

// Forget says that nobody waits for the Lookup any more (its client left): no
// Respond follows, what was begun for it goes on.
type Forget struct{ ID uint64 }

// Received is a datagram that opened under a key of this group.
type Received group.Datagram

// Replied is what became of an Ask effect.
type Replied fetch.Replied

// Failure is why a server gave no answer.
type Failure = fetch.Failure

// The failures.
const (
	Silent      = fetch.Silent
	Unreachable = fetch.Unreachable
	Refused     = fetch.Refused
)

// Pulled is one record of a stream that a Pull effect opened.
type Pulled catchup.Pulled

// PageWanted asks for the next record of an outbound stream that a peer opened
// with this host. The node answers with one Page effect.
type PageWanted struct {
	Stream uint64 // chosen by the driver, one for each inbound connection
	// Only on the first PageWanted of a stream:
	Want Want
}

// Want says what a host that opens a stream asks for.
type Want = catchup.Want

// StreamClosed says that an inbound stream ended, for whatever reason.
type StreamClosed struct{ Stream uint64 }

// Paused says that the wall clock went on without CLOCK_BOOTTIME, as in a virtual
// machine that was paused: every answer held is older by that much (PROTOCOL 1.3).
type Paused struct{ By time.Duration }

// Prove has a PROVE sent, for a person who wants to know whether a peer answers. Who drives
// the node hears its PROOF; to the node that means no more than any datagram does.
type Prove struct {
	To    netip.AddrPort
	Nonce uint64
}

// Stop makes the node say BYE; nothing is to be handed in after it.
type Stop struct{}

func (Wake) input()         {}
func (Configure) input()    {}
func (Restore) input()      {}
func (Lookup) input()       {}
func (Forget) input()       {}
func (Received) input()     {}
func (Replied) input()      {}
func (Pulled) input()       {}
func (PageWanted) input()   {}
func (StreamClosed) input() {}
func (Paused) input()       {}
func (Prove) input()        {}
func (Stop) input()         {}
