// Package checks keeps the promises of "make test-nss", kept or not, in the one
// file that it leaves behind.
package checks

import (
	"encoding/json"
	"os"
	"testing"
)

// File is where the checks go, and says by being set that everything is wanted
// and not only the short part.
var File = os.Getenv("MCDNS_TEST_NSS_JSON")

// Check is one promise.
type Check struct {
	Name string `json:"name"`
	Want string `json:"want"`
	Got  string `json:"got"`
	OK   bool   `json:"ok"`
}

// Add fails the test if the promise is not kept, and adds it to File. Packages
// that share the file must not run at the same time (go test -p 1).
func Add(t testing.TB, name, want, got string, ok bool) {
	t.Helper()
	if !ok {
		t.Errorf("%s: got %s; want %s", name, got, want)
	}
	if File == "" {
		return
	}
	if err := add(Check{name, want, got, ok}); err != nil {
		t.Errorf("write checks: %v", err)
	}
}

func add(c Check) error {
	var all struct {
		Checks []Check `json:"checks"`
	}
	data, err := os.ReadFile(File)
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	all.Checks = append(all.Checks, c)
	if data, err = json.MarshalIndent(all, "", " "); err != nil {
		return err
	}
	return os.WriteFile(File, append(data, '\n'), 0o644)
}
