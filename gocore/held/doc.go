// Package held is the answers that a host holds, and which of them may be served: the cache,
// what later servers lend for a moment, and what is said of the room that all of it takes.
//
// Read held.go first, the door; then loan.go, what is lent, and memory.go, when the room is
// full. What an answer is worth is order's, which of two stands the cache's.
package held
