package fetch

import (
	"net/netip"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
)

// A Host is what fetching needs of the one around it.
type Host interface {
	// After hands t to Fire once d has passed.
	After(now, d time.Duration, t Timer)
	// ID gives out the numbers of what is asked.
	ID() uint64
	// Ask puts a question to a server. What becomes of it comes by Replied.
	Ask(why Purpose, a Ask)

	// Waits reports whether a program waits for a question, and Wanted what those who do
	// want: the options they agree on, and the longest time that any allows it with so many
	// servers.
	Waits(q dns.Question) bool
	Wanted(q dns.Question, servers int) (Options, time.Duration)
	// IsPut reports whether a question is put to the group; Patience is how long that takes.
	IsPut(q dns.Question) bool
	Patience() time.Duration

	// Answered, HeldBack or Failed comes when a fetch is over, unless it was abandoned.
	Answered(now time.Duration, g Got)
	// HeldBack: the answer would lead a public name to an address that is not public.
	HeldBack(now time.Duration, q dns.Question)
	Failed(now time.Duration, f Failed)
	// Renewed comes when a fetch for Renewing ends, however it does.
	Renewed(q dns.Question)
}

// Purpose is why a question goes to the DNS servers.
type Purpose uint8

const (
	Demand   Purpose = iota // a program waits
	Renewing                // an answer in use is about to expire
	Probe                   // to learn whether a server answers
	Fallback                // all servers are down
	Ahead                   // a program will ask for it next
	Purposes                // how many there are
)

// Itself is the host as an asker: of what it looks up before anybody asks, and of probes.
const Itself = 1<<32 - 1

// Ask asks a DNS server. TCP after truncation, EDNS fall-back, ports and ids
// are the driver's; how often and whom is the node's.
type Ask struct {
	ID       uint64
	Server   netip.AddrPort
	Question dns.Question
	Asker    uint32 // Lookup.Asker of the first who asked, or Itself
	// Patience is how long a reply is still of use; longer than the node waits
	// before it asks again, because a late answer is an answer.
	Patience time.Duration
	// TCP: whoever waits wants no UDP.
	TCP bool
}

// Replied is what became of an Ask effect. A driver sends at most one for each
// Ask, and need not send one at all: the node keeps its own time.
type Replied struct {
	Ask    uint64      // Ask.ID
	Answer *dns.Answer // nil if it failed; Birth and Server are the node's to set
	// Failure says why there is no answer.
	Failure Failure
	// Said is the RCODE that came in place of one, zero if nothing came.
	Said dns.RcodeError
}

// Failure is why a server gave no answer.
type Failure uint8

const (
	// Silent: nothing came within Ask.Patience.
	Silent Failure = iota + 1
	// Unreachable: sending failed, or an ICMP error came back.
	Unreachable
	// Refused: a reply with RCODE SERVFAIL, REFUSED or any other that is no
	// answer.
	Refused
)

// Got is an answer of a server.
type Got struct {
	Question dns.Question
	Answer   *dns.Answer
	Server   dns.ServerID
	Why      Purpose
	Stands   cache.Standing // what it is worth
	Rotates  bool           // it is theirs alone who want any server's
}

// Failed says that a fetch brought no answer.
type Failed struct {
	Question dns.Question
	Why      Purpose
	Said     dns.RcodeError // by the server that last said something
	Apart    bool           // it went a way of its askers' own
}
