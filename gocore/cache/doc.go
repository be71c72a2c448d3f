// Package cache holds answers with their ages: positive, negative, fresh and
// stale, under one byte budget. It decides which of two answers to a question
// stands (PROTOCOL 2.1 to 2.4); whether and when one is served is the node's decision.
//
// Read cache.go first, then put.go, which of two answers stands, and room.go, what is
// dropped. table.go and slot.go are how they are kept.
//
// Times are this host's CLOCK_BOOTTIME as a Duration since boot, handed in.
package cache
