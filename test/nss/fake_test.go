package nss

import (
	"net"
	"os"
	"testing"

	"mcdns/test/nss/fake"
)

type (
	reply   = fake.Reply
	request = fake.Request
)

var put16, put32, say, freeze, busy = fake.Put16, fake.Put32, fake.Say, fake.Freeze, fake.Busy

func found(addresses, names []string, ttl uint32) reply {
	return reply{Status: fake.Found, Addresses: addresses, Names: names, TTL: ttl}
}

// listen starts a daemon on the test's socket. It is gone when the test ends.
func listen(t testing.TB, behaviours ...fake.Behaviour) *fake.Daemon {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(socket, 0o666); err != nil {
		t.Fatal(err)
	}
	d := fake.Serve(l, behaviours...)
	t.Cleanup(func() {
		for _, err := range d.Close() {
			t.Errorf("the module sent what it must not: %v", err)
		}
	})
	return d
}
