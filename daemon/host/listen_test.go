package host

import (
	"net/netip"
	"slices"
	"testing"

	"mcdns/daemon/config"
)

func addrPorts(all ...string) (out []netip.AddrPort) {
	for _, s := range all {
		out = append(out, netip.MustParseAddrPort(s))
	}
	return out
}

func TestListenerStaysOnLoopbackUnlessToldOtherwise(t *testing.T) {
	c := config.Config{Listen: addrPorts("127.0.0.53:53", "[::1]:53", "192.0.2.1:53", "0.0.0.0:53", "[::]:53", "224.0.0.1:53", "[::ffff:127.0.0.1]:53")}
	if got, want := listens(c), addrPorts("127.0.0.53:53", "[::1]:53", "[::ffff:127.0.0.1]:53"); !slices.Equal(got, want) {
		t.Errorf("got %v; want %v", got, want)
	}
	c.ListenBeyond = true
	if got, want := listens(c), addrPorts("127.0.0.53:53", "[::1]:53", "192.0.2.1:53", "[::ffff:127.0.0.1]:53"); !slices.Equal(got, want) {
		t.Errorf("beyond: got %v; want %v", got, want)
	}
}

func TestOwnListenerIsNoServer(t *testing.T) {
	got := notOurs(addrPorts("127.0.0.53:53", "192.0.2.1:53", "127.0.0.53:54"), addrPorts("127.0.0.53:53"))
	if want := addrPorts("192.0.2.1:53", "127.0.0.53:54"); !slices.Equal(got, want) {
		t.Errorf("got %v; want %v: a question to our own listener would run in a circle", got, want)
	}
}
