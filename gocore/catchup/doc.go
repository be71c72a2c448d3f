// Package catchup brings a host what the group knows and it missed: while it was away,
// because datagrams were lost, or because an answer is too long for one.
//
// Read host.go first, what this room needs and makes others do; then catchup.go, how
// streams are opened and looked after; repair.go, when it is worth while; export.go, what
// a peer that opens one is given.
package catchup
