// Package gocore is the protocol of mcdns as a state machine with no I/O: no
// sockets, no clock, no goroutines, no locks, no hidden randomness. mcdnsd
// drives one node with sockets and the real clock, the simulator thousands of
// the same with a virtual network and a virtual clock; so every bug replays
// from a seed, and a figure of the simulator is a figure of the shipped code.
//
// # The map
//
//	wire/   bytes <-> questions, answers, messages; the only user of miekg/dns
//	cache/  answers with their ages; which of two answers stands; eviction
//	group/  who is on the LAN, how often to speak, whose turn it is (rank)
//	names/  special-use names, and how far a question may travel
//	trust/  sealing, replay windows, clocks of peers, what a peer may say
//	node/   joins them: Handle(now, Input) []Effect, NextWake(now)
//
// Read node/input.go and node/effect.go first: they are everything that goes
// in and comes out. Then node/lookup.go (a query), node/fetch.go and
// node/order.go, servers.go, judge.go and down.go (the DNS servers and outages),
// node/receive.go (peers).
//
//	program -> libnss_mcdns.so.2 -> daemon/nsssock --Query-->  node --Ask-->  daemon/upstream -> DNS server
//	                                     ^                      | ^                 |
//	                                     +------Respond---------+ +----Replied------+
//	other hosts <- daemon/links <--Send-- node <--Received-- daemon/links <- other hosts
//
// DESIGN.md in this directory has the decisions, by topic, and the tests that hold
// them; PROTOCOL.md the rules of the protocol: "PROTOCOL 3.8" in a comment is its
// subsection 3.8.
//
// # Glossary
//
// One word per thing, in code, log, command and manual alike.
//
//	host      a machine that runs mcdnsd
//	peer      another host, in one run: id and epoch
//	group     all hosts with one key on one link
//	member    a peer that was heard lately
//	proven    said of a peer that has shown to be alive now
//	server    a DNS server of this host; fallback: one asked only while all others are down
//	current   said of the first server of a list that is not down; those behind it are later
//	good      said of an answer of the current server or of one before it
//	upstream  the servers together: up, suspect or down
//	answer    the unit of the cache: one question, its whole CNAME chain and records, one age
//	birth     which host fetched an answer, and when
//	fresh     within the TTL; stale: past it, served only while no server answers in time
//	negative  an answer that says that there is none: NXDOMAIN or no data
//	failure   nobody could answer; remembered for a short time
//	announce  tell the group what a server just answered
//	query     ask the group for what nobody else answers; also: a program's question to its node
//	rank      a host's place among all for a name: whose turn it is, without a message
//	place     the network an answer was learnt in
//	outage    the time in which upstream is down
//	loop      the goroutine that runs a daemon's node
//	owner     of a record: the name it is for, as in RFC 9499
//	solo      without a key; isolated: with one, but nobody is heard
package gocore
