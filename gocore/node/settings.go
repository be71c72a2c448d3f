package node

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// Config is what a node is made with and keeps.
type Config struct {
	// Self is this host's id and the epoch of this run.
	Self wire.Peer
	// Rand is the only randomness there is; a simulator seeds it.
	Rand *rand.Rand
	// Secret are random bits that no peer can guess: the key of the tables of names
	// and of peers. What a node does is the same with any.
	Secret [2]uint64
	// Version is said in HELLO.
	Version string
}

// Settings may change while the node runs.
type Settings struct {
	// Servers are the DNS servers in order of preference; Fallback those asked
	// only while all of Servers are down.
	Servers, Fallback []Server
	// Routes are domains that have servers of their own; the longest that covers
	// a name counts. They are among Search as well.
	Routes []Route
	// Timeout and Attempts are those of resolv.conf (5 s, 2).
	Timeout  time.Duration
	Attempts int
	// Rotate spreads questions over Servers.
	Rotate bool
	// Search are the host's search and routing domains, as names with a final
	// dot: out-of-scope answers are never used below them.
	Search []string
	// NoShare are names never told to nor asked of peers, LocalOnly names never
	// believed from peers; each covers what lies below it.
	NoShare, LocalOnly []string
	// Forward are special-use names that go to the servers all the same, "." for
	// single labels (names.Policy).
	Forward []string
	// FetchAhead asks for what an answer will be followed by (fetchAhead).
	FetchAhead bool
	// StopRebinding holds back answers that lead a public name to an address that
	// is not public, but for PrivateNames and what lies below them.
	StopRebinding bool
	PrivateNames  []string
	// Shares is true with a group key; without one the node is solo.
	Shares bool
	// Links are the interfaces to share on.
	Links []Link
	// Place is a hash of what makes this network this one (on-link prefixes,
	// servers): answers are shared only in the place they were learnt in.
	Place uint64
	// CacheBytes is the room for answers.
	CacheBytes int
	// MaxTTL, NegativeTTL and MinTTL bound own answers, MaxStale the time past
	// the TTL.
	MaxTTL, NegativeTTL, MinTTL, MaxStale time.Duration
}

// Route sends the questions for a domain, a name with a final dot, and all
// names below it to Servers alone.
type Route struct {
	Domain  string
	Servers []Server
}

// Server is a DNS server. ID is the hash peers compare; 0 for a loopback stub
// whose servers are unknown.
type Server struct {
	Addr netip.AddrPort
	ID   dns.ServerID
}

// Link is an interface that takes part.
type Link struct {
	Index    int
	Name     string
	IPv4     bool // has an IPv4 address
	IPv6     bool // has a link-local IPv6 address
	Wireless bool
}

// Entry is one held answer as it is saved and listed.
type Entry struct {
	Answer *dns.Answer
	// Age is how old the answer is now.
	Age time.Duration
	// From is who told it; the zero Peer if this host fetched it.
	From wire.Peer
	// Place is Settings.Place when it was learnt.
	Place uint64
	// Asked counts this host's queries for it.
	Asked uint32
	// Worn is how long hosts were up while the answer was past its TTL: what
	// MaxStale counts (PROTOCOL 1.4).
	Worn time.Duration
}
