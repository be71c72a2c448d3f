//go:build race

package dns

// slowness: the race detector makes every access a call.
const slowness = 40

// share of a long test that is played; a quarter of a million names fill the budget.
const share = 4
