package node

import (
	"math/rand/v2"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/names"
	"mcdns/gocore/sharing"
	"mcdns/gocore/upstream"
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
	// Lists are the administrator's and the network's lists of names.
	names.Lists
	// FetchAhead asks for what an answer will be followed by (fetchAhead).
	FetchAhead bool
	// StopRebinding holds back answers that lead a public name to an address that
	// is not public, but for PrivateNames.
	StopRebinding bool
	// Shares is true with a group key; without one the node is solo.
	Shares bool
	// Name is what HELLO calls this host, empty if it is not to say.
	Name string
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

// Defaults are the settings of who says nothing (resolv.conf(5), mcdnsd.conf(5)).
func Defaults() Settings {
	return Settings{
		Timeout: 5 * time.Second, Attempts: 2, FetchAhead: true,
		CacheBytes: 64 << 20, MaxTTL: 24 * time.Hour, NegativeTTL: 15 * time.Minute, MaxStale: 72 * time.Hour,
	}
}

// Server is a DNS server, Route a domain that has servers of its own.
type (
	Server = upstream.Server
	Route  = upstream.Route
)

// Link is an interface that takes part.
type Link = sharing.Link

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
	// Saved: the driver restores it from the file that it goes on writing changes to. As it
	// came it is no change.
	Saved bool
	// Worn is how long hosts were up while the answer was past its TTL: what
	// MaxStale counts (PROTOCOL 1.4).
	Worn time.Duration
}
