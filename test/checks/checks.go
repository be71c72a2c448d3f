// Package checks says what a target that proves something has found, in the same words
// for all of them: build/TARGET.json, with one entry for each figure that was promised,
// and on the terminal that every promise was kept, or which was not.
//
// Read checks.go first; shared.go is for tests of several packages that write one file.
package checks

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Check is one promise, and what became of it.
type Check struct {
	Name string `json:"name"`
	Want any    `json:"want"` // the figure promised, never a looser one
	Got  any    `json:"got"`
	OK   bool   `json:"ok"`
}

func (c Check) String() string { return fmt.Sprintf("%s: want %v, got %v", c.Name, c.Want, c.Got) }

// List is promises, and what became of each. The zero List is empty.
type List []Check

// Want adds a promise.
func (l *List) Want(name string, want, got any, ok bool) {
	*l = append(*l, Check{Name: name, Want: want, Got: got, OK: ok})
}

// None wants that nothing of a kind came up: faults lists what did, "" for nothing.
func (l *List) None(name, faults string) {
	l.Want(name, none, cmp.Or(faults, none), faults == "")
}

const none = "none"

// Broken lists the promises that were not kept.
func (l List) Broken() (broken []string) {
	for _, c := range l {
		if !c.OK {
			broken = append(broken, c.String())
		}
	}
	return broken
}

// Report collects the promises of one target.
type Report struct {
	List
	target string
	fields []field
}

type field struct {
	key   string
	value any
}

// New starts the report of a target, "demo" for example.
func New(target string) *Report { return &Report{target: target} }

// Set adds a figure that is no promise: how many hosts, the numbers of a table.
func (r *Report) Set(key string, value any) {
	r.fields = append(r.fields, field{key, value})
}

// End writes the report to TARGET.json in dir, and says on standard output that every
// promise was kept. If one was not, the error lists each, and hint where to look further.
func (r *Report) End(dir, hint string) error {
	path := filepath.Join(dir, r.target+".json")
	if err := r.Write(path); err != nil {
		return fmt.Errorf("%w\nmcdns: hint: %s has the figures%s", err, path, hint)
	}
	fmt.Printf("Every promise kept: %s has all %d\n", path, len(r.List))
	return nil
}

// Write writes the report, and returns an error that lists each check that is
// not ok. No check at all is an error too: such a run proves nothing.
func (r *Report) Write(path string) error {
	text, err := r.json()
	if err != nil {
		return fmt.Errorf("%s: write %s: %w", r.target, path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("%s: write report: %w", r.target, err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("%s: write report: %w", r.target, err)
	}
	return r.verdict()
}

func (r *Report) verdict() error {
	if len(r.List) == 0 {
		return fmt.Errorf("%s: nothing was checked", r.target)
	}
	var errs []error
	for _, broken := range r.Broken() {
		errs = append(errs, fmt.Errorf("%s: not kept: %s", r.target, broken))
	}
	return errors.Join(errs...)
}

// json keeps the order in which fields were set: people read the file.
func (r *Report) json() ([]byte, error) {
	var b bytes.Buffer
	all := append([]field{{"target", r.target}}, r.fields...)
	all = append(all, field{"checks", append(List{}, r.List...)})
	separator := "{"
	for _, f := range all {
		value, err := json.Marshal(f.value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.key, err)
		}
		fmt.Fprintf(&b, "%s%q:%s", separator, f.key, value)
		separator = ","
	}
	b.WriteString("}\n")
	var pretty bytes.Buffer
	err := json.Indent(&pretty, b.Bytes(), "", "  ")
	return pretty.Bytes(), err
}
