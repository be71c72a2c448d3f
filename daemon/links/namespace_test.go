package links

import (
	"net/netip"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"mcdns/daemon/clock"
	"mcdns/gocore/node"
	"mcdns/test/need"
)

// patience is far longer than anything here takes on a loaded machine.
const patience = 20 * time.Second

func TestMain(m *testing.M) { need.Inside(m, syscall.CLONE_NEWNET) }

// machine is a thread in a network namespace: what is opened there stays there.
type machine chan func()

func newMachine(t *testing.T) machine {
	t.Helper()
	need.Namespaces(t)
	m, ready := make(machine), make(chan error)
	go func() {
		runtime.LockOSThread() // for ever: the thread ends with the goroutine
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			// Else an IPv6 address cannot be used for its first second or two.
			err = os.WriteFile("/proc/sys/net/ipv6/conf/default/accept_dad", []byte("0"), 0)
		}
		ready <- err
		for f := range m {
			f()
		}
	}()
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { close(m) })
	return m
}

// do runs f on the machine.
func (m machine) do(t *testing.T, f func() error) {
	t.Helper()
	done := make(chan error)
	m <- func() { done <- f() }
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func (m machine) fd(t *testing.T) (fd int) {
	t.Helper()
	m.do(t, func() (err error) {
		fd, err = unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		return err
	})
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// cable connects two machines by a pair of interfaces and gives both addresses.
func cable(t *testing.T, a, b machine, name, addrA, addrB string) {
	t.Helper()
	fd := b.fd(t)
	a.do(t, func() error {
		veth := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: name, PeerNamespace: netlink.NsFd(fd)}
		return netlink.LinkAdd(veth)
	})
	a.do(t, func() error { return up(name, addrA) })
	b.do(t, func() error { return up(name, addrB) })
}

func up(name, addr string) error {
	l, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	if addr != "" {
		a, err := netlink.ParseAddr(addr)
		if err != nil {
			return err
		}
		if err := netlink.AddrAdd(l, a); err != nil {
			return err
		}
	}
	return netlink.LinkSetUp(l)
}

// host is the sockets of a machine and what they heard.
type host struct {
	*sockets
	dropped dropped
	heard   chan packet
}

var testGroup = Group{IPv4: netip.MustParseAddr("224.0.0.254"), IPv6: netip.MustParseAddr("ff02::114"), Port: 7353}

func openHost(t *testing.T, m machine, names ...string) *host {
	t.Helper()
	h := &host{heard: make(chan packet, 100)}
	m.do(t, func() (err error) {
		if h.sockets, err = open(testGroup); err != nil {
			return err
		}
		return h.join(waitFor(t, names))
	})
	t.Cleanup(h.close)
	for _, v6 := range []bool{false, true} {
		go h.read(v6, &h.dropped, clock.Boot, func(p packet) bool {
			p.Data = append([]byte(nil), p.Data...)
			h.heard <- p
			return true
		})
	}
	return h
}

// waitFor waits until the named interfaces have all their addresses.
func waitFor(t *testing.T, names []string) []node.Link {
	for limit := time.Now().Add(patience); ; runtime.Gosched() {
		all, err := List()
		if err != nil {
			t.Error(err)
			return nil
		}
		links, whole := Choose(all, names), true
		for _, l := range links {
			whole = whole && l.IPv4 && l.IPv6
		}
		if whole && len(links) == len(names) {
			return links
		}
		if time.Now().After(limit) {
			t.Errorf("interfaces %v do not come up: %+v", names, all)
			return links
		}
	}
}

func (h *host) next(t *testing.T) packet {
	t.Helper()
	select {
	case p := <-h.heard:
		return p
	case <-time.After(patience):
		t.Fatal("nothing was heard")
		return packet{}
	}
}

// quiet checks that nothing more was heard than what was taken: a marker is sent
// behind it and must be the next.
func (h *host) quiet(t *testing.T, from *host, way node.Way) {
	t.Helper()
	if err := from.sendGroup([]byte("marker"), way); err != nil {
		t.Fatal(err)
	}
	if p := h.next(t); string(p.Data) != "marker" {
		t.Errorf("heard %q", p.Data)
	}
}
