package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mcdns/daemon/clock"
	"mcdns/daemon/store"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// fullCache saves more answers than the default cache holds, as an earlier run
// would have.
func fullCache(t *testing.T, dir string) {
	t.Helper()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := store.Stamp{Boot: clock.Boot(), Wall: time.Now()}
	if id, err := hex.DecodeString(strings.ReplaceAll(clock.BootID(), "-", "")); err == nil {
		now.BootID = [16]byte(id)
	}
	var entries []node.Entry
	for i := range 260_000 {
		name := fmt.Sprintf("www.name%d.example.", i)
		q, err := dns.NewQuestion(name, 1)
		if err != nil {
			t.Fatal(err)
		}
		a, err := dns.ParseAnswer(q, 0, []string{name + " 86400 IN A 192.0.2.1"})
		if err != nil {
			t.Fatal(err)
		}
		a.Birth, a.Server = dns.Birth{Peer: wire.Peer{ID: 1, Epoch: 1}, Clock: now.Boot}, 7
		entries = append(entries, node.Entry{Answer: a})
	}
	if err := s.Rewrite(now, entries); err != nil {
		t.Fatal(err)
	}
}

// held is how many answers the daemon says that it has, and their bytes.
func held(sock string) (entries, bytes int) {
	c := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", sock) }}}
	resp, err := c.Get("http://mcdns/status")
	if err != nil {
		return 0, 0
	}
	defer resp.Body.Close()
	var s struct{ Cache struct{ Entries, Bytes int } }
	json.NewDecoder(resp.Body).Decode(&s)
	return s.Cache.Entries, s.Cache.Bytes
}

// TestFillsACache is no test: it is run by the next one, whose own memory counts for
// the daemon that it starts (getrusage(2): the most before exec is kept).
func TestFillsACache(t *testing.T) {
	dir := os.Getenv("MCDNS_TEST_FILL")
	if dir == "" {
		t.Skip("run by TestFullCacheTakesTheMemoryThatReadmeSays")
	}
	fullCache(t, dir)
}

// TestFullCacheTakesTheMemoryThatReadmeSays, the last save included, which lists all
// that is held.
func TestFullCacheTakesTheMemoryThatReadmeSays(t *testing.T) {
	dir := t.TempDir()
	fill := exec.Command("/proc/self/exe", "-test.run=TestFillsACache")
	fill.Env = append(os.Environ(), "MCDNS_TEST_FILL="+dir)
	program := filepath.Join(dir, "mcdnsd")
	for _, cmd := range []*exec.Cmd{fill, exec.Command("go", "build", "-buildvcs=false", "-o", program, ".")} {
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	cmd := exec.Command(program, "--config", filepath.Join(dir, "none.conf"), "--run", dir)
	cmd.Env = append(os.Environ(), "STATE_DIRECTORY="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	entries := 0
	for end := time.Now().Add(60 * time.Second); entries < 200_000 && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		entries, _ = held(filepath.Join(dir, "control.sock"))
	}
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil || entries < 200_000 {
		t.Fatalf("%d answers held: %v", entries, err)
	}
	got := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss / 1000
	t.Logf("%d answers, at most %d MB resident", entries, got)
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if got > mostMB || !strings.Contains(string(readme), fmt.Sprintf("%d MB resident then", mostMB)) {
		t.Errorf("%d MB resident at most; README.md is to say, and the daemon to keep to, %d MB", got, mostMB)
	}
}

// mostMB is what README says of 64 MiB of answers.
const mostMB = 150
