// Package renewal says what is asked of the DNS servers before anybody waits for it: an
// answer in use that is about to expire, what an answer will be followed by, and after an
// outage what became stale in it. The hosts of a group take turns, so that mostly one asks.
//
// Read renewal.go first, what goes in and comes out; then refresh.go, whose turn it is;
// recovery.go, after an outage; ahead.go, what programs ask for next.
package renewal
