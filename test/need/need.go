// Package need is for tests that need what not every machine has.
package need

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Missing skips a test for want of something, or fails it where nothing may be missing
// (MCDNS_TEST_REQUIRE=all).
func Missing(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("MCDNS_TEST_REQUIRE") == "all" {
		t.Fatalf("MCDNS_TEST_REQUIRE=all: %s", reason)
	}
	t.Skip(reason)
}

const inside = "MCDNS_TEST_INSIDE"

var noNamespaces string // why

// Inside runs the tests of a package in namespaces of their own (CLONE_NEW...), as root
// of a user namespace if need be, and ends the program: interfaces come and go there, and
// the machine's are left alone. It is all that TestMain does.
func Inside(m *testing.M, namespaces uintptr) {
	if os.Getenv(inside) != "" {
		os.Exit(m.Run())
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces, Pdeathsig: syscall.SIGKILL}
	if uid, gid := os.Geteuid(), os.Getegid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: gid, Size: 1}}
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	if err == nil {
		os.Exit(0)
	}
	noNamespaces = fmt.Sprintf("no namespaces of the tests' own: %v", err)
	os.Exit(m.Run()) // what needs them says so
}

// Namespaces is for a test that needs Inside.
func Namespaces(t testing.TB) {
	t.Helper()
	if noNamespaces != "" {
		Missing(t, noNamespaces)
	}
}

// Network runs f in a network namespace of its own, on a thread that ends with it.
func Network(t testing.TB, f func() error) {
	t.Helper()
	unshared, done := make(chan error), make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its namespace
		err := unix.Unshare(unix.CLONE_NEWNET)
		if unshared <- err; err == nil {
			done <- f()
		}
	}()
	if err := <-unshared; err != nil {
		Missing(t, "no network namespace can be made here: "+err.Error())
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
