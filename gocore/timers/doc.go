// Package timers is what is to be done later, as plain data: when, of which room, for what.
// A node that waits can so be copied, printed and compared.
//
// Read timers.go first, what a room sets; then heap.go, where a node keeps those of all its
// rooms in one order.
package timers
