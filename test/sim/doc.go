// Package sim runs the shipped node on a virtual LAN: any number of hosts, a
// virtual clock, virtual links, DNS servers and disks, all from one seed.
//
// A World is an event queue and what the events happen to. Time jumps from one
// event to the next; nothing sleeps and nothing reads a clock. The same seed
// gives the same run, digest by digest, on one core or on many: a datagram to
// the group is one event, and only its deliveries, which touch one host each,
// are spread over the cores; what the hosts then want done is carried out in
// the order of the hosts.
//
// In reading order: world.go (time), host.go (a host and its clock, disk and
// node), effects.go (what a node wants done), net.go (the LAN and its faults),
// server.go and zone.go (the DNS), stream.go (catching up), load.go (what the
// programs of the hosts ask), check*.go (what must hold in every run),
// script.go (transcripts), soak.go (trouble at random), day.go (hosts that come and
// go for a day) and tables.go (what others keep of them), branch.go (one warm state,
// many cases). Below it: figures (the set of cases and its report), cases (the table that
// the lab runs too).
package sim
