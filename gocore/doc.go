// Package gocore is the protocol of mcdns as a state machine with no I/O: no
// sockets, no clock, no goroutines, no locks, no hidden randomness. mcdnsd
// drives one node with sockets and the real clock, the simulator thousands of
// the same with a virtual network and a virtual clock; so every bug replays
// from a seed, and a figure of the simulator is a figure of the shipped code.
//
// # The map
//
// Each room uses rooms above it alone.
//
//	labels/   bytes of DNS <-> names
//	dns/      bytes of DNS <-> questions, answers; the only user of miekg/dns
//	request/  what programs that speak DNS ask, and the reply to them
//	wire/     bytes <-> messages between hosts
//	cache/    answers with their ages; which of two answers stands; eviction
//	names/    special-use names, the administrator's lists, how far a question may travel
//	trust/    sealing, what was heard before, clocks of peers, what a flood costs
//	limit/    how often something is done
//	timers/   what is to be done later, as plain data; one order for all rooms of a node
//	group/    who is on the LAN, who of those heard is proven, how often to speak, whose turn it is (rank)
//	catchup/  what was missed, by streams
//	query/    the question to the group, QUERY, and the ANSWER to it
//	sharing/  what the group hears and says: HELLO, ANNOUNCE, and what becomes of each message
//	upstream/ the DNS servers: which is up, suspect or down, and whose turn it is
//	order/    which servers a question goes to, and whose answer counts
//	held/     the answers that are held, and which of them may be served
//	failures/ questions that nobody could answer a moment ago
//	fetch/    a question put to the DNS servers until one answers
//	help/     what hosts ask for each other, when one is cut off
//	renewal/  what is asked before anybody waits
//	lookup/   who waits for what, and what ends the waiting
//	node/     the front door, which joins them: Handle(now, Input) []Effect, NextWake(now)
//
// Read node/input.go and node/effect.go first: they are everything that goes
// in and comes out. Then lookup/lookup.go (a lookup), lookup/ending.go (what ends a wait),
// fetch/send.go (which server is asked), order/standing.go (whose answer counts), held/held.go
// (what may be served), renewal/recovery.go (what is asked when an outage ends). Of peers:
// sharing/hears.go.
//
// Each room sees the node through a small interface, its Host. node/host.go, node/fetch.go,
// node/lookups.go and node/share.go have what the node does for them. The states of a server
// stand in upstream/life.go, and what makes it suspect and down in upstream/judge.go. By which
// transport one is asked stands in daemon/upstream/transport.go.
//
//	program -> libnss_mcdns.so.2 -> daemon/nsssock -> daemon/glibc --Lookup--> node --Ask-->  daemon/upstream -> DNS server
//	                                                         ^             | ^                 |
//	                                                         +---Respond---+ +----Replied------+
//	other hosts <- daemon/links <--Send-- node <--Received-- daemon/links <- other hosts
//
// daemon/loop hands the inputs to the node, and daemon/host wires the rest: the listener,
// the control socket, the streams and the store.
//
// DESIGN.md in this directory has the decisions, by topic, and the tests that hold
// them; PROTOCOL.md the rules of the protocol: "PROTOCOL 3.8" in a comment is its
// subsection 3.8.
//
// # Glossary
//
// One word per thing, in code, log, command and manual alike. Messages are written in
// capitals.
//
//	host      a machine that runs mcdnsd
//	group     all hosts with one key on one link
//	peer      another host, in one run: id and epoch
//	proven    said of a peer that has shown to be alive now; stranger: a peer that has not
//	member    a proven peer that was heard lately
//	deaf      said of a peer that does not hear this host's multicast, and of nothing else
//	solo      without a key; isolated: with one, but nobody is heard
//
//	question  name, type and flags: what a lookup, a fetch and a QUERY are about
//	lookup    a program's question to its host (it comes in as node.Lookup)
//	fetch     the question put to DNS servers until one answers (each time as node.Ask)
//	probe     a question put to a DNS server to learn whether it answers
//	QUERY     the question put to the group, when no server answers and nothing is held
//	ANSWER    what a peer says to a QUERY (wire.Answer)
//	ASK       the request that a peer fetch, from a host that is cut off
//	ANNOUNCE  what tells the group what a server just answered
//
//	server    a DNS server of this host; fallback: one asked only while all others are down
//	upstream  the servers together
//	up        said of a server whose last news is an answer; suspect: it failed, or is new, and
//	          the group is being asked; down: nobody believed has success with it; hearsay:
//	          down, and this host has hardly asked it or never heard it
//	cut off   said of a host whose peers reach a server that it does not reach itself
//	outage    the time in which upstream is down
//	current   said of the first server of a list that is not down; those behind it are later
//	good      said of an answer of the current server or of one before it
//
//	answer    the unit of the cache: one question, its whole CNAME chain and records, one age
//	birth     which host fetched an answer, and when
//	age       the time since the birth, as far as it is known
//	fresh     within the TTL; stale: past it, served while no server answers in time, or
//	          another stands in for the one that gave it
//	worn      how long an answer has been stale while this host was up; max-stale bounds it
//	          (the setting cache.stale)
//	negative  an answer that says that there is none: NXDOMAIN or no data; positive: any other
//	failure   nobody could answer; remembered for a short time
//	lent      said of a later server's answer, which is in no cache
//	rank      a host's place among all for a name: whose turn it is, without a message
//	field     what a later version may add to a message: type, length, value; skipped if not known
//	place     the network an answer was learnt in
package gocore
