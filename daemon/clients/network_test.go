package clients

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// dialElsewhere connects from a network namespace of its own.
func dialElsewhere(t *testing.T, path string) net.Conn {
	t.Helper()
	type dialed struct {
		conn     net.Conn
		unshared bool
		err      error
	}
	done := make(chan dialed)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its namespace
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			done <- dialed{err: err}
			return
		}
		conn, err := net.Dial("unix", path)
		done <- dialed{conn, true, err}
	}()
	d := <-done
	if !d.unshared && os.Getenv("MCDNS_TEST_REQUIRE") == "" {
		t.Skip("no network namespace can be made here: ", d.err)
	}
	if d.err != nil {
		t.Fatal(d.err)
	}
	return d.conn
}

func TestTheKernelSaysInWhichNetworkAClientIs(t *testing.T) {
	if !NetworksKnown() {
		t.Skip("this kernel does not say (before Linux 5.14)")
	}
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	elsewhere := func() bool {
		conn, err := l.AcceptUnix()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return New(conn).Elsewhere()
	}
	here, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	if elsewhere() {
		t.Error("a client of this network namespace is taken for another's")
	}
	defer dialElsewhere(t, path).Close()
	if !elsewhere() {
		t.Error("a client of another network namespace is taken for this one's")
	}
}
