// Outage proves that an outage costs nobody anything: on the lab, with real
// hosts, the real mcdnsd and the real module, a LAN loses its DNS server in
// every way a server can be lost, and its programs do not notice. Beside it, in
// the same minutes, hosts with other resolvers go through the same.
//
//	trial.go     one LAN, one way to lose the server: the chapters below
//	detect.go    a lookup every 200 ms while the LAN finds out
//	sweep.go     every host looks every name up, by a program and in the daemon
//	recovery.go  the server comes back
//	single.go    one host joins, one host is cut off
//	fallback.go  a fallback server stands in
//	multicast.go multicast does not arrive
//	first.go     the first of two servers that disagree is lost
//	rivals.go    the other resolvers
//	main.go      which cases; with -quick one that fails runs once more
//	report.go    figures and promises, for build/outage.json; table.go for people
//
// A LAN has a minute between learning its names and losing its server: hosts save
// what they know, and notice what lost frames kept from them, within that time.
//
// The whole run takes 35 minutes, nearly all of which it waits. A kernel with room for
// more neighbours (sysctl net.ipv4.neigh.default.gc_thresh3=8192) runs several cases at
// one time: make outage BESIDE=4 takes a third of that.
//
// Loss is that of every frame on its way to each host, multicast and unicast,
// the path to the DNS server included: that is what a bad link does, and peers
// and servers are reached by the same one. So with the server alive lookups are
// slower for everybody, which is why the first lookups of all systems stand
// beside each other in the table; once the server is dead, only the loss between
// peers counts.
package main
