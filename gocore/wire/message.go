package wire

import (
	"time"

	"mcdns/gocore/dns"
)

// MaxDatagram is the most bytes a sealed datagram may have (PROTOCOL 3.2): it
// passes every link unfragmented (RFC 8200 section 5, less IPv6 and UDP
// headers).
const MaxDatagram = 1232

// A Message is one datagram between hosts, opened and decoded. It is immutable
// once decoded: any number of (simulated) hosts may be handed the same one.
type Message struct {
	From Peer
	// Seq counts the datagrams of one epoch from 1.
	Seq uint64
	// Tag is what sealed it (trust.Tag), 0 if nothing did: no part of what is
	// encoded. Whoever opens a datagram notes it, and no two share it.
	Tag uint64
	// Sent is the sender's CLOCK_BOOTTIME when the datagram left, in whole
	// milliseconds.
	Sent time.Duration
	// Servers is how the sender's DNS servers do, at most MaxServers.
	Servers []ServerState
	Body    Body
}

// MaxServers bounds the server states in one datagram.
const MaxServers = 8

// Never is the age of something that did not happen.
const Never = time.Duration(1<<32-1) * time.Millisecond

// ServerState is what one host saw of one DNS server. The receiver judges by
// the youngest evidence of the whole group (PROTOCOL 3.8).
type ServerState struct {
	Server dns.ServerID
	// Success and Failure are the ages of the last of each, in whole
	// milliseconds, Never if there was none.
	Success, Failure time.Duration
	// Suspect asks those who hear it for their own evidence (PROTOCOL 5.7).
	Suspect bool
}

// Body is what a datagram says: one of the types below, a row each in the table of
// kinds.go.
type Body interface {
	Kind() Kind
	encode(*writer) *writer
}

// Hello says: I am here.
type Hello struct {
	Version string // of the sender's mcdnsd, at most 32 bytes
	Names   uint32 // answers held
	// Told counts the new answers that the sender announced in this epoch
	// (Announce.New): who heard fewer knows how many it lacks. It may wrap.
	Told uint32
	// Hears lists peers heard by multicast lately, at most MaxHears of them, in
	// rotation: a peer that never finds itself in it is not heard.
	Hears []Peer
	// Name is what the sender's host is called, as IsName has it; empty if it does
	// not say.
	Name string
}

// MaxHears bounds Hello.Hears: so many that a hello fits a datagram whatever else is
// in it, with 203 bytes left. A later version says more by fields, and a host that
// hears it must still know a full list from one that lacks it.
const MaxHears = 48

// Prove asks one peer: are you alive now? Proof answers with the nonce.
type Prove struct{ Nonce uint64 }

// Proof echoes the nonce of a Prove; its Sent ties the two clocks together.
type Proof struct{ Nonce uint64 }

// Announce carries answers that the sender, or a host it learnt them from, got
// from a DNS server.
type Announce struct {
	Answers []Aged
	// Long are answers that do not fit a datagram, to be pulled.
	Long []Long
	// New is how many of Answers the sender takes for news to the group: those
	// that Hello.Told counts.
	New uint8
}

// Aged is an answer and its age when the datagram (or stream record) left, in
// whole milliseconds, rounded up.
type Aged struct {
	*dns.Answer
	Age time.Duration
}

// AgedOf is an answer that is so old.
func AgedOf(a *dns.Answer, age time.Duration) Aged { return Aged{Answer: a, Age: RoundUp(age)} }

// Long stands for an announced answer that does not fit a datagram: a host that
// wants it pulls it over a stream (PROTOCOL 3.6).
type Long struct {
	Question dns.Question
	Birth    dns.Birth
	TTL      time.Duration
	Length   uint32
}

// LongOf is what stands for an answer.
func LongOf(a *dns.Answer) Long {
	return Long{Question: a.Question, Birth: a.Birth, TTL: a.TTL, Length: uint32(len(a.Packed))}
}

// Query asks the group: does anybody hold an answer to these?
type Query struct {
	// Nonce binds the Answer to this query: it proves the answerer's epoch.
	Nonce uint64
	// Wireless asks for unicast replies as well.
	Wireless bool
	Asked    []Asked
}

// Asked is a question, with the birth of the answer the asker holds (zero if
// none): only a younger one is wanted.
type Asked struct {
	Question dns.Question
	Held     dns.Birth
}

// Answer carries answers to a Query; Nonce is
// that of the query.
type Answer struct {
	Nonce   uint64
	Answers []Aged
}

// Ask wants one peer to resolve a question for a host whose own path to the
// servers is cut.
type Ask struct{ Question dns.Question }

// Bye says: I am leaving.
type Bye struct{}
