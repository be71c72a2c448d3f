//go:build !race

package dns

// slowness is how much longer a step may take than on a machine of its own:
// tests of all packages run beside each other.
const slowness = 2

// share of a long test that is played.
const share = 1
