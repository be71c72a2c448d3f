//go:build race

package node

// raced: the race detector makes everything some ten times slower.
const raced = true
