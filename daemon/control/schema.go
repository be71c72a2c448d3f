package control

import "strings"

// The schemas of what the control socket says. A change that breaks a reader
// gets the next number.
const (
	StatusSchema = "mcdns.status/2"
	PeersSchema  = "mcdns.peers/2"
	AnswerSchema = "mcdns.answer/1"
	CacheSchema  = "mcdns.cache/1"
	DrillSchema  = "mcdns.drill/1"
	ReachSchema  = "mcdns.reach/1"
)

// Status is the daemon at a glance. Ages are in seconds; null is never.
type Status struct {
	Schema  string  `json:"schema"`
	Version string  `json:"version"`
	Host    string  `json:"host"`
	UptimeS float64 `json:"uptime_s"`
	// Upstream is how the servers together do, UpstreamS for how long.
	Upstream  State   `json:"upstream"`
	UpstreamS float64 `json:"upstream_s"`
	// Outage is the one that is, or else the last; null: none since the start.
	Outage     *Outage    `json:"outage"`
	Servers    []Server   `json:"servers"`
	Group      Group      `json:"group"`
	Cache      Cache      `json:"cache"`
	Saved      Saved      `json:"saved"`
	Process    Process    `json:"process"`
	Namespaces Namespaces `json:"namespaces"`
	// Counters since the start, by name.
	Counters map[string]uint64 `json:"counters"`
	// NSS is how programs get to mcdnsd.
	NSS NSS `json:"nss"`
	// Troubles are what keeps this host from its group, the disk or its programs.
	Troubles []Trouble `json:"troubles"`
	// Warnings about the configuration, with file and line, and resolv.conf.
	Warnings []string `json:"warnings"`
}

// Outage is what became of lookups while no DNS server answered.
type Outage struct {
	// OverS is how long ago it ended; null while it lasts.
	OverS   *float64 `json:"over_s"`
	LastedS float64  `json:"lasted_s"`
	// Own counts the lookups that this host's memory answered with what it fetched, Peers
	// those with what a peer told, before or then, Servers those of a fallback.
	Own     uint64 `json:"own"`
	Peers   uint64 `json:"peers"`
	Servers uint64 `json:"servers"`
	Failed  uint64 `json:"failed"`
}

// NSS is how programs of this machine get to mcdnsd.
type NSS struct {
	// Line is the hosts line of nsswitch.conf, Module the file that glibc loads; "" for none.
	Line   string `json:"line"`
	Module string `json:"module"`
	// AgeS is how long ago they were read: at once, unless the disk hangs. Null: never yet.
	AgeS *float64 `json:"age_s"`
}

// Trouble is something that is not as it should be, and the next step.
type Trouble struct {
	Kind   TroubleKind `json:"kind"`
	What   string      `json:"what"`
	Remedy string      `json:"remedy"`
}

// Server is a DNS server as this host sees it.
type Server struct {
	Addr     string `json:"addr"`
	State    State  `json:"state"`
	Fallback bool   `json:"fallback"`
	// Domain is the only one that it is asked for, "" for a server for all.
	Domain string `json:"domain,omitempty"`
	// CutOff: peers reach it, this host does not.
	CutOff       bool     `json:"cut_off,omitempty"`
	LastSuccessS *float64 `json:"last_success_s"`
	LastFailureS *float64 `json:"last_failure_s"`
}

// Group is how sharing goes.
type Group struct {
	State GroupState `json:"state"`
	// StateS is for how long.
	StateS float64 `json:"state_s"`
	Peers  int     `json:"peers"`
	// Proven counts runs of theirs: a host that was killed and came back is two until
	// the silence of the first is noticed.
	Proven int `json:"proven"`
	// Deaf peers do not hear this host's multicast.
	Deaf int `json:"deaf"`
	// Problem says why a host that has a key file does not share.
	Problem    string   `json:"problem,omitempty"`
	KeyFile    string   `json:"key_file"`
	KeyIDs     []string `json:"key_ids"`
	IPv4       string   `json:"ipv4"`
	IPv6       string   `json:"ipv6"`
	Port       uint16   `json:"port"`
	Interfaces []string `json:"interfaces"`
}

// Cache is what is held.
type Cache struct {
	Entries  int `json:"entries"`
	Stale    int `json:"stale"`
	Negative int `json:"negative"`
	Bytes    int `json:"bytes"`
	Limit    int `json:"limit"`
}

// Saved is how what is held gets to the disk.
type Saved struct {
	State SavedState `json:"state"`
	// Problem says why it fails.
	Problem string `json:"problem,omitempty"`
}

// Process is what mcdnsd itself takes, as nothing outside of it can see: beside
// Cache.Bytes it tells a full cache from a leak.
type Process struct {
	Goroutines int `json:"goroutines"`
	// HeapBytes were in use when the garbage was last collected.
	HeapBytes uint64 `json:"heap_bytes"`
}

// Peers is everybody heard lately.
type Peers struct {
	Schema string     `json:"schema"`
	Self   string     `json:"self"`
	State  GroupState `json:"state"`
	Peers  []Peer     `json:"peers"`
	// Lost are no members any more, for a day, the latest first.
	Lost []Lost `json:"lost"`
	// Refused sent what this host does not take in the last hour, the latest first. Anybody
	// on the link can, under any address.
	Refused []Refused `json:"refused"`
}

// Lost is a peer that is gone.
type Lost struct {
	ID      string   `json:"id"`
	Addr    string   `json:"addr"`
	Version string   `json:"version"`
	LastS   float64  `json:"last_s"`
	Why     Farewell `json:"why"`
}

// Refused is an address of which datagrams are not taken.
type Refused struct {
	Addr string  `json:"addr"`
	Why  Refusal `json:"why"`
	// KeyID is that of another group's key.
	KeyID string  `json:"key_id,omitempty"`
	LastS float64 `json:"last_s"`
	// Noted counts the datagrams that were looked at: of a flood not all are.
	Noted uint64 `json:"noted"`
}

// Peer is another host.
type Peer struct {
	ID      string `json:"id"`
	Addr    string `json:"addr"`
	Version string `json:"version"`
	// Name is what it calls itself, "" if it does not say; another may say the same.
	Name   string  `json:"name"`
	Names  uint32  `json:"names"`
	SinceS float64 `json:"since_s"`
	LastS  float64 `json:"last_s"`
	Proven bool    `json:"proven"`
	// HearsUs is whether it hears this host's multicast; null while that is not known.
	HearsUs *bool `json:"hears_us"`
	// RTTMS is how long the last round trip took, from node to node; null if there was none.
	RTTMS *float64 `json:"rtt_ms"`
	Told  uint64   `json:"told"`
	// Contradicted counts what a DNS server said otherwise.
	Contradicted uint64 `json:"contradicted"`
}

// Reach is how the ways to peers are, tried just now.
type Reach struct {
	Schema string     `json:"schema"`
	Self   string     `json:"self"`
	State  GroupState `json:"state"`
	IPv4   string     `json:"ipv4"`
	IPv6   string     `json:"ipv6"`
	Port   uint16     `json:"port"`
	Links  []Link     `json:"links"`
	// Sends is false where this machine lets nothing out to the group.
	Sends bool      `json:"sends"`
	Peers []Reached `json:"peers"`
	// More counts peers that were not tried: so many at one time are enough.
	More int `json:"more"`
}

// Link is an interface on which the host shares, and by which families.
type Link struct {
	Name string `json:"name"`
	MTU  int    `json:"mtu"`
	IPv4 bool   `json:"ipv4"`
	IPv6 bool   `json:"ipv6"`
}

// Reached is how the ways to a peer are.
type Reached struct {
	ID      string `json:"id"`
	Addr    string `json:"addr"`
	Version string `json:"version"`
	// UDP is by unicast, to each address that the peer is known by.
	UDP []UDP `json:"udp"`
	TCP TCP   `json:"tcp"`
	// It was heard by multicast lately; HearsUs: it says that it hears this host so, null
	// while that is not known.
	HeardIPv4 bool `json:"heard_ipv4"`
	HeardIPv6 bool `json:"heard_ipv6"`
	// New: it came so lately that it need not have been heard by multicast yet.
	New     bool  `json:"new"`
	HearsUs *bool `json:"hears_us"`
}

// UDP is how many datagrams to an address were answered; RTTMS is the shortest round trip.
type UDP struct {
	Addr     string   `json:"addr"`
	Sent     int      `json:"sent"`
	Answered int      `json:"answered"`
	RTTMS    *float64 `json:"rtt_ms"`
}

// TCP is whether a stream could be opened and the peer has the group's key.
type TCP struct {
	Open    bool     `json:"open"`
	TookMS  *float64 `json:"took_ms"`
	Problem string   `json:"problem,omitempty"`
	// MTU is that of the way, as the kernel knows it; 0 if it does not.
	MTU int `json:"mtu"`
}

// Answer is what a lookup came to.
type Answer struct {
	Schema string  `json:"schema"`
	Name   string  `json:"name"`
	Status Outcome `json:"status"`
	// Upstream says how the DNS servers do: the reason of a "no answer".
	Upstream   State    `json:"upstream"`
	DurationMS float64  `json:"duration_ms"`
	Results    []Result `json:"results"`
	// Withheld: the asker is neither root nor in the group mcdns, so the results
	// have no Origin and their records no time to live.
	Withheld bool `json:"withheld,omitempty"`
}

// withhold leaves out what tells who looked the name up, and when: the records'
// times to live too, which a resolver's own count dates.
func (a *Answer) withhold() {
	a.Withheld = true
	for i := range a.Results {
		r := &a.Results[i]
		if r.Origin == nil || r.Source == FromHere {
			continue // nobody ever looked it up elsewhere
		}
		r.Origin = nil
		for j, record := range r.Records {
			if f := strings.SplitN(record, "\t", 3); len(f) == 3 {
				r.Records[j] = f[0] + "\t" + f[2]
			}
		}
	}
}

// Result is one type's.
type Result struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Kind    Kind     `json:"kind"`
	Records []string `json:"records"`
	// Values are the addresses or names alone.
	Values []string `json:"values"`
	*Origin
	// Renewed is what asking the servers anew changed, where that was wanted.
	Renewed *Renewed `json:"renewed,omitempty"`
}

// Renewed is what asking the servers anew changed.
type Renewed struct {
	Change Change `json:"change"`
	// What was held before; no WasKind if nothing was.
	WasKind    Kind     `json:"was_kind,omitempty"`
	WasValues  []string `json:"was_values,omitempty"`
	WasRecords []string `json:"was_records,omitempty"`
	WasAgeS    float64  `json:"was_age_s,omitempty"`
}

// Origin is where a result is from.
type Origin struct {
	// TTLs is what programs may keep it for, LifeS how long it counts as fresh from its
	// birth on, OriginalTTLs what it came with.
	TTLs         float64 `json:"ttl_s"`
	LifeS        float64 `json:"life_s"`
	OriginalTTLs float64 `json:"original_ttl_s"`
	AgeS         float64 `json:"age_s"`
	Stale        bool    `json:"stale"`
	// Peer and PeerAddr are the id and address of the peer that it is from, Server the DNS server that gave it, "" if unknown.
	Source   Source `json:"source"`
	Peer     string `json:"peer,omitempty"`
	PeerAddr string `json:"peer_addr,omitempty"`
	Server   string `json:"server,omitempty"`
}
