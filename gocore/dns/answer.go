package dns

import (
	"bytes"
	"time"
)

// Kind says what an answer amounts to.
type Kind uint8

const (
	// Positive: the final RRset of the question is there.
	Positive Kind = iota + 1
	// NoData: the name exists, the type does not (RFC 2308 section 2.2).
	NoData
	// NXDomain: the name (or the end of its CNAME chain) does not exist
	// (RFC 2308 section 2.1).
	NXDomain
)

// A Question is what an answer answers: a name and a type of class IN.
// Name is fully qualified, in presentation form, ASCII lower case, escaped as
// miekg/dns escapes it ("www.example.org."), so that two spellings of one name
// are one key. Make one with NewQuestion.
//
// A question with Flags is for this host alone: it is never put to peers nor
// saved, and no datagram or file has a place for its flags.
type Question struct {
	Name  string
	Type  uint16
	Flags Flags
}

// Flags are the wishes of a client that validates answers itself. They are part
// of the question, so that an answer fetched with one is never served to
// somebody who asked without (CoreDNS CVE-2024-0874).
type Flags uint8

const (
	// DO: signatures and proofs are wanted (RFC 3225).
	DO Flags = 1 << iota
	// CD: what fails validation upstream is wanted too (RFC 4035 section 3.2.2).
	CD
)

// Peer names one run of one host: the id is made at first start and kept, the
// epoch is made at every start (PROTOCOL 3.4). The zero Peer is nobody.
type Peer struct {
	ID    uint64
	Epoch uint64
}

// Birth is where and when an answer was fetched from a DNS server. Copies of
// one birth are one answer, however they travelled (PROTOCOL 2.1).
type Birth struct {
	Peer
	// Clock is CLOCK_BOOTTIME of the host that fetched it, in whole
	// milliseconds.
	Clock time.Duration
}

// ServerID is a hash of a server's address and port, 0 if it is unknown.
type ServerID uint64

// An Answer is the unit of everything: one question, the whole chain of
// CNAMEs and the final RRset (or the SOA of a negative), with one TTL and one
// birth. It is immutable once made and may be shared by any number of holders;
// each holder keeps its own age.
type Answer struct {
	Question Question
	Kind     Kind
	// TTL it came with: the lowest of its records, for a negative that of
	// RFC 2308 section 5.
	TTL    time.Duration
	Birth  Birth
	Server ServerID
	// Private: an address in it is not a public unicast one (private, loopback,
	// link-local, unspecified ...), SVCB hints included.
	Private bool
	// EDE is what the server said beside it, for clients of this host alone: it is
	// neither told nor saved.
	EDE EDE
	// Packed is a DNS message in wire format: header with the RCODE, the
	// question, the chain and RRset in the answer section, the SOA of a
	// negative in the authority section, nothing else. Owned by the Answer. With
	// the flag DO also their signatures and proofs, and owners stand in full.
	Packed []byte
}

// SameData reports whether two answers to one question say the same, whatever
// their births and TTLs.
func (a *Answer) SameData(b *Answer) bool {
	if a.Question.Flags != 0 {
		return a.Kind == b.Kind && bytes.Equal(a.Packed, b.Packed)
	}
	return a.Kind == b.Kind && sameRecords(a.Packed, b.Packed)
}

// Size is what the answer costs its holders in memory, in bytes.
func (a *Answer) Size() int {
	return answerOverhead + len(a.Question.Name) + len(a.Packed)
}

// answerOverhead is sizeof(Answer) rounded up to an allocation class.
const answerOverhead = 112
