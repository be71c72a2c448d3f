// Package failures remembers questions that nobody could answer, so that they are not asked
// again at once (RFC 9520): for 1 s, doubling to 5 min. What peers asked in vain counts for
// the shortest time alone.
//
// Read failures.go: Remember and Active are what this host saw itself, Hear and InVain what
// it hears of others.
package failures
