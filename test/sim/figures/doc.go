// Package figures runs the simulator's set of cases and writes what came out:
// build/sim.json with a check for each promised figure, CSVs, and a report
// that a person would rather look at than read.
package figures
