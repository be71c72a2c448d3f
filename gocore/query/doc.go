// Package query is the question to the group, a QUERY, and the ANSWER to it: what this
// host puts to the group because no DNS server answers, and what it tells when peers do.
//
// Read host.go first: what this room needs of the one around it. Then query.go, what comes
// in; own.go, the QUERYs of this host; others.go, the turns to answer those of peers, within
// what allowance.go lets them cause.
//
// What an ANSWER says, and whether it is believed, is the business of gocore/sharing.
package query
