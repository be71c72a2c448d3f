package clients

import (
	"net"
	"path/filepath"
	"testing"

	"mcdns/test/need"
)

// here runs f where the test runs.
func here(t *testing.T, f func() error) {
	t.Helper()
	if err := f(); err != nil {
		t.Fatal(err)
	}
}

// Whoever made the listener: systemd, or something else that holds it for mcdnsd.
func TestTheKernelSaysInWhichNetworkAClientIs(t *testing.T) {
	if !NetworksKnown() {
		t.Skip("this kernel does not say (before Linux 5.14)")
	}
	elsewhere := func(t *testing.T, f func() error) { need.Network(t, f) }
	type place func(*testing.T, func() error)
	for listener, make := range map[string]place{"made here": here, "made elsewhere": elsewhere} {
		path := filepath.Join(t.TempDir(), "s")
		var l *net.UnixListener
		make(t, func() (err error) {
			l, err = net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
			return err
		})
		defer l.Close()
		for client, dial := range map[string]place{"here": here, "elsewhere": elsewhere} {
			dial(t, func() error {
				c, err := net.Dial("unix", path)
				if err == nil {
					t.Cleanup(func() { c.Close() })
				}
				return err
			})
			conn, err := l.AcceptUnix()
			if err != nil {
				t.Fatal(err)
			}
			if got := New(conn).Elsewhere(); got != (client == "elsewhere") {
				t.Errorf("listener %s, client %s: elsewhere is %v", listener, client, got)
			}
			conn.Close()
		}
	}
}
