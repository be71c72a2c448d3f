//go:build race

package wire

// slack: the race detector makes everything some ten times slower.
const slack = 20
