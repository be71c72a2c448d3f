package host

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"mcdns/daemon/config"
	"mcdns/daemon/listener"
	"mcdns/daemon/resolvconf"
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

// TestAddressThatIsSomebodyElsesStaysAServer: on most desktops systemd-resolved's
// stub is the only one, and who listens in its place by mistake must still resolve.
func TestAddressThatIsSomebodyElsesStaysAServer(t *testing.T) {
	taken, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	log := &lines{}
	h := &Host{log: slog.New(log)}
	h.dns = listener.New(listener.Config{Log: slog.New(&lines{}), Failed: h.cannotListen})
	defer h.dns.Close()
	stub := addrPorts(taken.LocalAddr().String())
	v := view{config: config.Config{Listen: stub}, conf: resolvconf.Conf{Servers: stub}}
	if v.ours = h.listen53(v.config); !slices.Equal(v.servers(), stub) {
		t.Errorf("got servers %v; want %v", v.servers(), stub)
	}
	if !log.has("another program has that address") {
		t.Errorf("got %q; want a hint at who has the address", log.text)
	}
	taken.Close()
	if v.ours = h.listen53(v.config); len(v.servers()) != 0 {
		t.Errorf("got servers %v; want none, now that the address is ours", v.servers())
	}
}

func TestHintAtListenFitsTheError(t *testing.T) {
	for err, want := range map[error]string{
		syscall.EACCES: "CAP_NET_BIND_SERVICE", syscall.EADDRINUSE: "127.0.0.153", syscall.EADDRNOTAVAIL: "mcdnsd.conf(5)",
	} {
		if got := listenHint(errors.Join(os.NewSyscallError("bind", err))); !strings.Contains(got, want) {
			t.Errorf("%v: got %q; want %q in it", err, got, want)
		}
	}
}
