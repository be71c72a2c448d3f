//go:build race

package dns

// slack: the race detector makes everything some ten times slower.
const slack = 20
