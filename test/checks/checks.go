// Package checks writes what a target that proves something has found:
// build/TARGET.json, with one entry for each figure that was promised.
package checks

import (
	"bytes"
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

// Report collects the checks of one target.
type Report struct {
	target string
	fields []field
	checks []Check
}

type field struct {
	key   string
	value any
}

// New starts the report of a target, "demo" for example.
func New(target string) *Report { return &Report{target: target} }

// Set adds a figure that is no check: how many hosts, the numbers of a table.
func (r *Report) Set(key string, value any) {
	r.fields = append(r.fields, field{key, value})
}

// Want adds a check.
func (r *Report) Want(name string, want, got any, ok bool) {
	r.checks = append(r.checks, Check{Name: name, Want: want, Got: got, OK: ok})
}

// Failed lists the checks that are not ok.
func (r *Report) Failed() []Check {
	var failed []Check
	for _, c := range r.checks {
		if !c.OK {
			failed = append(failed, c)
		}
	}
	return failed
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
	if len(r.checks) == 0 {
		return fmt.Errorf("%s: nothing was checked", r.target)
	}
	var errs []error
	for _, c := range r.Failed() {
		errs = append(errs, fmt.Errorf("%s: not kept: %s: want %v, got %v", r.target, c.Name, c.Want, c.Got))
	}
	return errors.Join(errs...)
}

// json keeps the order in which fields were set: people read the file.
func (r *Report) json() ([]byte, error) {
	var b bytes.Buffer
	all := append([]field{{"target", r.target}}, r.fields...)
	all = append(all, field{"checks", append([]Check{}, r.checks...)})
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
