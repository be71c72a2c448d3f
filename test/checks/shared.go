package checks

import (
	"encoding/json"
	"os"
	"testing"
)

// File is where the tests of "make test-nss" leave their checks, and says by
// being set that everything is wanted and not only the short part.
var File = os.Getenv("MCDNS_TEST_NSS_JSON")

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
	if err := add(File, Check{Name: name, Want: want, Got: got, OK: ok}); err != nil {
		t.Errorf("write checks: %v", err)
	}
}

func add(path string, c Check) error {
	var all struct {
		Checks []Check `json:"checks"`
	}
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	all.Checks = append(all.Checks, c)
	if data, err = json.MarshalIndent(all, "", "  "); err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
