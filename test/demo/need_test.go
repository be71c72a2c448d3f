package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fresh is a PATH with nothing that a build needs, and these scripts.
func fresh(t *testing.T, scripts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, tool := range []string{"sh", "getconf", "getent", "sed", "sort", "tail", "tee", "cat"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Skip(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, tool)); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func need(path string, args ...string) (string, error) {
	c := exec.Command("/bin/sh", append([]string{"need.sh"}, args...)...)
	c.Env = []string{"PATH=" + path, "YES=" + os.Getenv("YES"), "SSL_CERT_FILE=/dev/null", "GO_PLACES="}
	out, err := c.CombinedOutput()
	return string(out), err
}

// TestAllThatIsMissingIsSaidAtOnce: it was one tool for each run.
func TestAllThatIsMissingIsSaidAtOnce(t *testing.T) {
	out, err := need(fresh(t, map[string]string{"apt-get": "", "id": "echo 0"}))
	if err == nil {
		t.Fatalf("nothing is missed: %s", out)
	}
	for _, word := range []string{"missing: make, a C compiler (cc), git, Go 1.21 or newer", "apt-get install make gcc libc6-dev git golang-go", "test/demo/try demo"} {
		if !strings.Contains(out, word) {
			t.Errorf("%q is not said: %s", word, out)
		}
	}
	out, err = need(fresh(t, map[string]string{"apt-get": "exit 9", "id": "echo 0"}), "install")
	if err == nil || !strings.Contains(out, "nobody is here to say yes") {
		t.Errorf("without a terminal and without YES=1: %v, %s", err, out)
	}
}

// TestGoComesFromWhereTheDistributionHasOne that will do: its own, or one beside it.
func TestGoComesFromWhereTheDistributionHasOne(t *testing.T) {
	t.Setenv("YES", "1")
	log := filepath.Join(t.TempDir(), "log")
	for name, c := range map[string]struct{ candidate, beside, want string }{
		"its own":       {"2:1.24~2", "golang-1.24-go", "golang-go"},
		"one beside it": {"2:1.18~0ubuntu2", "golang-1.18-go\ngolang-1.23-go\ngolang-1.9-go\ngolang-1.23-doc", "golang-1.23-go"},
	} {
		os.Remove(log)
		path := fresh(t, map[string]string{
			"id": "echo 0", "go": "echo go1.19.8", "apt-get": "echo \"$*\" >>" + log,
			"apt-cache": "case $1 in policy) echo '  Candidate: " + c.candidate + "' ;; *) echo '" + c.beside + "' ;; esac",
		})
		out, err := need(path, "install")
		did, _ := os.ReadFile(log)
		if err != nil || !strings.Contains(string(did), "install") || !strings.HasSuffix(string(did), " "+c.want+"\n") {
			t.Errorf("%s: %v, %s: ran %q; want %s", name, err, out, did, c.want)
		}
	}
}

// TestPackagesLackAllTheirToolsAtOnce, and other architectures' compilers only where
// their packages are wanted.
func TestPackagesLackAllTheirToolsAtOnce(t *testing.T) {
	path := fresh(t, map[string]string{"dpkg": "echo amd64", "dirname": "echo ../../packaging"})
	for _, all := range []string{"", "1"} {
		c := exec.Command("/bin/sh", "../../packaging/build.sh", filepath.Join(t.TempDir(), "none"))
		c.Env = []string{"PATH=" + path, "ALL=" + all}
		out, err := c.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "missing: dpkg-buildpackage dh dh_installnss rpmbuild git") {
			t.Errorf("ALL=%s: %v, %s", all, err, out)
		}
		if cross := strings.Contains(string(out), "aarch64"); cross != (all == "1") {
			t.Errorf("ALL=%s: %s", all, out)
		}
	}
}
