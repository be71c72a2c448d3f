// Package trust decides what of the network's bytes this host lets in: it seals
// and opens datagrams and streams under the group key, refuses what was heard
// before, ties the clocks of peers to this host's, and slows floods down. Which
// answers a peer's word is good for is said by names.Lists.
//
// What each type holds against whom (PROTOCOL 1.2, 3.5, 3.7, 7.4):
//
//	Floods   anybody on the link: forged datagrams beyond a rate are dropped before any cryptography,
//	         and those under the addresses of hosts do not silence the hosts
//	Ring     whoever lacks the key: cannot read, forge or change a datagram
//	Once     whoever recorded datagrams of a living peer: each passes once
//	Offset   whoever holds datagrams back: at most MaxTransit passes for fresh
//	Stream   whoever recorded a stream, or cuts, reflects or reorders one
//
// Read ring.go first, the keys and datagrams, then flood.go and stream.go.
//
// A host without a key has no Ring and hears nobody. A member with root on its
// host can lie about names that are in none of the lists: the README says so.
//
// Everything is pure: nonces, times and seeds come in as arguments, nothing is
// kept in the background. The types are not safe for concurrent use unless
// they say so.
package trust
