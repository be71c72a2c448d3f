package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const daemonDir = "MCDNS_TEST_DAEMON"

// TestLogThatNobodyTakesEndsNothing: journald, or the program behind a pipe, has died. By
// default the first line after that ends a program of Go.
func TestLogThatNobodyTakesEndsNothing(t *testing.T) {
	if dir := os.Getenv(daemonDir); dir != "" {
		os.Args = []string{"mcdnsd", "--config", filepath.Join(dir, "none"), "--run", dir}
		main()
		os.Exit(0)
	}
	dir := t.TempDir()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
	cmd.Env, cmd.Stderr = append(os.Environ(), daemonDir+"="+dir, "STATE_DIRECTORY="+dir), w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick, limit := time.NewTicker(10*time.Millisecond), time.After(20*time.Second)
	defer tick.Stop()
	for asked := false; ; {
		select {
		case err := <-ended:
			if err != nil || !asked {
				t.Errorf("mcdnsd ended: %v", err)
			}
			return
		case <-tick.C:
			if c, err := net.Dial("unix", filepath.Join(dir, "control.sock")); err == nil && !asked {
				c.Close()
				asked = true
				cmd.Process.Signal(syscall.SIGTERM)
			}
		case <-limit:
			cmd.Process.Kill()
			t.Fatal("mcdnsd does not end")
		}
	}
}
