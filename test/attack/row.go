package main

import (
	"fmt"

	"mcdns/test/checks"
)

// outcome is what an attempt came to. Harm is the figure that the row bounds, in
// the unit that the row names; 0 is none.
type outcome struct {
	Harm   float64 `json:"harm"`
	Figure string  `json:"figure"` // the same for people
}

// of is the share of what was harmed.
func of(harmed, all int, what string) outcome {
	o := outcome{Figure: fmt.Sprintf("%d of %d %s", harmed, all, what)}
	if all > 0 {
		o.Harm = float64(harmed) / float64(all)
	}
	return o
}

// A row is one promise, and the attack on it.
type row struct {
	// Number is that of the promise: of the list of faults, or T1 to T5, the threat
	// of the table of promises.
	number string
	who    string // outsider, insider, local user
	attack string // what is done
	harm   string // what Harm is
	most   float64
	// run tries it once, on a LAN of its own; it leaves the attack out unless
	// stage.attacked.
	run func(*stage) (outcome, error)
	// held says that the promise was kept before already. What shows then that the
	// attempt is a real one is edge: the same with the one thing that the attacker
	// lacks, the key for example; nil where nothing it could have would help.
	held bool
	edge func(*stage) (outcome, error)
	// left says why the attack still succeeds; it is shown and bounds nothing.
	left string
	// open: the promise is not kept yet, and now is shown but bounds nothing.
	open bool
	// alone: it measures time, or burns it, and no other row runs beside it.
	alone bool
	// quick: CI runs it too.
	quick bool
}

const (
	outsider  = "outsider"
	insideOne = "insider"
	localUser = "local user"
)

// tried is a row with what became of its attempts.
type tried struct {
	Number  string   `json:"number"`
	Who     string   `json:"who"`
	Attack  string   `json:"attack"`
	HarmIs  string   `json:"harm_is"`
	AtMost  float64  `json:"at_most"`
	Control *outcome `json:"control,omitempty"`
	// Before is on the binaries of the commit that the faults were found in.
	Before *outcome `json:"before,omitempty"`
	// Edge is with what the attacker lacks, where the promise was kept before.
	Edge *outcome `json:"edge,omitempty"`
	Now  *outcome `json:"now,omitempty"`
	Left string   `json:"left,omitempty"`
	Open bool     `json:"open,omitempty"`
	// AtFirst is what made the row run once more.
	AtFirst []string `json:"not_kept_at_first,omitempty"`

	row *row
	err error
}

// judge holds the attempts to what they must come to: nothing happens without the
// attack, it succeeds where it is known to, and fails now.
func (t *tried) judge() (all checks.List) {
	add := func(what string, o *outcome, ok func(float64) bool, want string) {
		if o == nil {
			return
		}
		all.Want(fmt.Sprintf("%s %s: %s", t.Number, t.Attack, what), want, o.Figure, ok(o.Harm))
	}
	none := func(h float64) bool { return h <= t.AtMost }
	some := func(h float64) bool { return h > t.AtMost }
	least, most := fmt.Sprintf("> %.4g %s", t.AtMost, t.HarmIs), fmt.Sprintf("<= %.4g %s", t.AtMost, t.HarmIs)
	add("without the attack", t.Control, none, most)
	add("on "+before, t.Before, some, least)
	add("with what the attacker lacks", t.Edge, some, least)
	if t.Left == "" && !t.Open {
		add("now", t.Now, none, most)
	}
	return all
}

// broken lists what was not as it must be.
func (t *tried) broken() (names []string) {
	names = t.judge().Broken()
	if t.err != nil {
		names = append(names, t.err.Error())
	}
	return names
}
