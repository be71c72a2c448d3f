// Package doctor finds what is wrong with mcdns on this machine: numbered checks, each of
// which says what it found, why that matters and what to do next. It changes nothing.
//
// Read doctor.go first (what a check is, and how they are run), then facts.go (what they
// look at), checks.go (one after the other) and kernel.go (those of the kernel). The numbers are those of mcdns-doctor in
// mcdns(1) and stay for good.
package doctor

import "mcdns/daemon/control"

// State is how a check came out.
type State string

// The states of a check. Untested is one that could not be looked at: nothing is known.
const (
	OK       State = "ok"
	Warn     State = "warn"
	Fail     State = "fail"
	Untested State = "not tested"
)

// Result is what a check found.
type Result struct {
	Number int    `json:"number"`
	Check  string `json:"check"`
	State  State  `json:"state"`
	// What was found, Why it matters, and what is to be done Next; the last two are "" where
	// all is well.
	What string `json:"what"`
	Why  string `json:"why,omitempty"`
	Next string `json:"next,omitempty"`
}

// A check looks at one thing. about is what it is called, also by `mcdns doctor CHECK`.
type check struct {
	number int
	about  string
	look   func(*Facts) found
}

// found is a Result without its name.
type found struct {
	state           State
	what, why, next string
}

func well(what string) found                { return found{OK, what, "", ""} }
func unknown(what string) found             { return found{Untested, what, "", ""} }
func fails(what, why, next string) found    { return found{Fail, what, why, next} }
func worrying(what, why, next string) found { return found{Warn, what, why, next} }

// Checks are the numbers and names of all checks, in order.
func Checks() (numbers []int, names []string) {
	for _, c := range checks {
		numbers, names = append(numbers, c.number), append(names, c.about)
	}
	return numbers, names
}

// Examine runs the checks of these names, all without any.
func Examine(f *Facts, only []string) (all []Result) {
	for _, c := range checks {
		if len(only) > 0 && !has(only, c.about) {
			continue
		}
		r := c.look(f)
		all = append(all, Result{c.number, c.about, r.state, r.what, r.why, r.next})
	}
	return all
}

func has(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

// daemon is a check of what mcdnsd says; where it says nothing nothing is known.
func daemon(look func(*control.Status) found) func(*Facts) found {
	return func(f *Facts) found {
		if f.Status == nil {
			return unknown("mcdnsd does not say")
		}
		return look(f.Status)
	}
}
