package checks

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReportHoldsWhatWasChecked(t *testing.T) {
	r := New("demo")
	r.Set("hosts", 8)
	r.Want("names", ">= 200", 240, true)
	path := filepath.Join(t.TempDir(), "build", "demo.json")
	if err := r.Write(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Target string
		Hosts  int
		Checks []Check
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if got.Target != "demo" || got.Hosts != 8 || len(got.Checks) != 1 || !got.Checks[0].OK || got.Checks[0].Want != ">= 200" {
		t.Errorf("got %+v", got)
	}
}

func TestBrokenPromiseFailsTheTarget(t *testing.T) {
	r := New("demo")
	r.Want("kept", 1, 1, true)
	r.Want("median", "<= 5 ms", "7 ms", false)
	path := filepath.Join(t.TempDir(), "demo.json")
	err := r.Write(path)
	if err == nil || !strings.Contains(err.Error(), "median: want <= 5 ms, got 7 ms") || strings.Contains(err.Error(), "kept: want 1") {
		t.Errorf("got %v; want an error that names the median alone", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the report of a failed run must be there: %v", err)
	}
}

// TestAllTargetsEndInTheSameWords: what was not kept, and where to look further.
func TestAllTargetsEndInTheSameWords(t *testing.T) {
	r := New("demo")
	r.None("faults", "")
	dir := t.TempDir()
	if err := r.End(dir, ", the log more"); err != nil {
		t.Errorf("got %v; want none", err)
	}
	r.None("leaks", "a socket")
	path := filepath.Join(dir, "demo.json")
	want := "demo: not kept: leaks: want none, got a socket\nmcdns: hint: " + path + " has the figures, the log more"
	if err := r.End(dir, ", the log more"); err == nil || err.Error() != want {
		t.Errorf("got %v; want %s", err, want)
	}
}

func TestNothingCheckedIsAFailure(t *testing.T) {
	if err := New("demo").Write(filepath.Join(t.TempDir(), "demo.json")); err == nil {
		t.Error("got no error")
	}
}

func TestPackagesShareOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test-nss.json")
	for _, name := range []string{"first", "second"} {
		if err := add(path, Check{Name: name, Want: "kept", Got: "kept", OK: true}); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Checks []Check }
	if err := json.Unmarshal(text, &got); err != nil || len(got.Checks) != 2 || got.Checks[1].Name != "second" {
		t.Errorf("got %+v, %v", got, err)
	}
}
