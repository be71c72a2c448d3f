// Package links is where datagrams of the group come in and go out: which
// interfaces take part, followed as they come and go, the multicast sockets on
// them, and what stands between a socket and the node. It never gives up for
// lack of a network: a machine boots before its cables do.
//
// Read lan.go first: what is open while there is a key. Then receive.go (the
// table of floods, open, decode) and send.go (encode, seal), with read.go,
// write.go and sockets.go below them. refusals.go has who sent what is not taken. choose.go, follow.go, place.go and way.go
// are about the machine's interfaces: which to share on, what changed, where this
// host is, how packets leave.
package links
