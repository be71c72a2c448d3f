package lab

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// port is a cable: one end in the LAN, the other an interface of a host.
type port struct {
	lan   *LAN
	host  *Host
	name  string // of the LAN's end
	iface string // of the host's end
	addrs []netip.Prefix
	index int           // of the LAN's end
	conn  *switchedPort // nil on a bridge
}

// The prefixes of a LAN; its number stands for the second byte of both.
const (
	bits4 = 16
	bits6 = 64
)

func (l *LAN) addr4(high, low byte) netip.Addr {
	return netip.AddrFrom4([4]byte{10, l.cfg.Number, high, low})
}

// addr6 writes the number in decimal, so that LAN 77 is fd77:: beside 10.77.
func (l *LAN) addr6(high, low uint16) netip.Addr {
	return netip.MustParseAddr(fmt.Sprintf("fd%02d::%x:%x", l.cfg.Number, high, low))
}

// newBridge makes the LAN's middle. Multicast snooping is off: without a
// querier on the LAN the bridge would forget members after some minutes.
func (l *LAN) newBridge() error {
	snooping := false
	l.bridge = &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: l.linkName("br", 0)}, MulticastSnooping: &snooping}
	if err := netlink.LinkAdd(l.bridge); err != nil {
		return fmt.Errorf("lab: add a bridge: %w", err)
	}
	return netlink.LinkSetUp(l.bridge)
}

func (l *LAN) linkName(kind string, n int) string {
	return fmt.Sprintf("%s%d.%d", kind, l.serial, n)
}

// plug runs a cable from the LAN to the host, gives the host's end its
// addresses, and brings both ends up.
func (l *LAN) plug(h *Host, addrs ...netip.Prefix) error {
	p := &port{
		lan: l, host: h, addrs: addrs,
		name: l.linkName("p", len(l.ports)), iface: fmt.Sprintf("eth%d", len(h.ports)),
	}
	veth := &netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: p.name},
		PeerName:  p.iface, PeerNamespace: netlink.NsFd(int(h.netns.Fd())),
	}
	if err := netlink.LinkAdd(veth); err != nil {
		return fmt.Errorf("lab: add a cable for %s: %w", h.Name, err)
	}
	p.index = veth.Attrs().Index
	if err := l.connect(p, veth); err != nil {
		return fmt.Errorf("lab: connect %s: %w", h.Name, err)
	}
	l.ports, h.ports = append(l.ports, p), append(h.ports, p)
	if err := netlink.LinkSetUp(veth); err != nil {
		return fmt.Errorf("lab: bring up %s: %w", p.name, err)
	}
	if err := h.Do(p.configure); err != nil {
		return fmt.Errorf("lab: configure %s on %s: %w", p.iface, h.Name, err)
	}
	return nil
}

func (l *LAN) connect(p *port, veth netlink.Link) error {
	if l.wire == nil {
		return netlink.LinkSetMaster(veth, l.bridge)
	}
	return l.wire.connect(p)
}

// configure runs on the host's thread.
func (p *port) configure() error {
	link, err := netlink.LinkByName(p.iface)
	if err != nil {
		return err
	}
	for _, a := range p.addrs {
		// No duplicate address detection: the address is usable at once.
		addr := &netlink.Addr{IPNet: ipNet(a)}
		if a.Addr().Is6() {
			addr.Flags = unix.IFA_F_NODAD
		}
		if err := netlink.AddrAdd(link, addr); err != nil {
			return fmt.Errorf("add %s: %w", a, err)
		}
	}
	return netlink.LinkSetUp(link)
}

// plainIPv6 makes addresses usable at once and keeps routers' advertisements
// out; lo comes up as it does on every machine. It runs on the host's thread,
// before the first interface arrives.
func (h *Host) plainIPv6() error {
	for key, value := range map[string]string{"disable_ipv6": "0", "accept_dad": "0", "accept_ra": "0", "router_solicitations": "0"} {
		if err := sysctl("net/ipv6/conf/default/"+key, value); err != nil {
			return err
		}
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	return netlink.LinkSetUp(lo)
}

// defaultRoutes sends what is not on the LAN to the router.
func (h *Host) defaultRoutes(router *Host) error {
	return h.Do(func() error {
		link, err := netlink.LinkByName("eth0")
		if err != nil {
			return err
		}
		for _, gw := range []netip.Addr{router.Addr, router.Six} {
			dst := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
			if gw.Is6() {
				dst = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
			}
			r := &netlink.Route{LinkIndex: link.Attrs().Index, Gw: gw.AsSlice(), Dst: ipNet(dst)}
			if err := netlink.RouteReplace(r); err != nil {
				return fmt.Errorf("default route: %w", err)
			}
		}
		return nil
	})
}

// internet makes the router answer for all documentation addresses (RFC 5737,
// RFC 3849), so that programs can connect to what they have looked up.
func (h *Host) internet() error {
	return h.Do(func() error {
		lo, err := netlink.LinkByName("lo")
		if err != nil {
			return err
		}
		for _, p := range []string{"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"} {
			r := &netlink.Route{LinkIndex: lo.Attrs().Index, Dst: ipNet(netip.MustParsePrefix(p)), Type: unix.RTN_LOCAL, Table: unix.RT_TABLE_LOCAL, Scope: netlink.SCOPE_HOST}
			if err := netlink.RouteAdd(r); err != nil {
				return fmt.Errorf("route %s: %w", p, err)
			}
		}
		return nil
	})
}

// setLink plugs a cable in or pulls it out.
func (p *port) setLink(up bool) error {
	link, err := netlink.LinkByIndex(p.index)
	if err != nil {
		return fmt.Errorf("lab: cable of %s: %w", p.host.Name, err)
	}
	change := netlink.LinkSetDown
	if up {
		change = netlink.LinkSetUp
	}
	if err := change(link); err != nil {
		return fmt.Errorf("lab: cable of %s: %w", p.host.Name, err)
	}
	return nil
}

// settle waits until both ends see the carrier come or go: the kernel takes up
// to a second, and drops packets until then.
func (p *port) settle(up bool) error {
	for range 1000 {
		here, err := running(p.name)
		if err != nil {
			return fmt.Errorf("lab: cable of %s: %w", p.host.Name, err)
		}
		there := false
		err = p.host.Do(func() (err error) { there, err = running(p.iface); return err })
		if err != nil || here == up && there == up {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
	return fmt.Errorf("lab: %s on %s does not see its cable change", p.iface, p.host.Name)
}

// running says whether an interface is up and has a carrier.
func running(name string) (bool, error) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return false, err
	}
	return i.Flags&net.FlagRunning != 0, nil
}

// unplug takes the cable away for good. The kernel has already done so if the
// host is gone.
func (p *port) unplug() error {
	p.host.ports = slices.DeleteFunc(p.host.ports, func(q *port) bool { return q == p })
	link, err := netlink.LinkByIndex(p.index)
	if err == nil {
		err = netlink.LinkDel(link)
	}
	if errors.As(err, new(netlink.LinkNotFoundError)) || errors.Is(err, unix.ENODEV) {
		return nil
	}
	return err
}

// SetLink pulls the cable of interface ethN out of the LAN, or plugs it in, and
// waits until the host has seen it.
func (h *Host) SetLink(n int, up bool) error {
	if n < 0 || n >= len(h.ports) {
		return fmt.Errorf("lab: %s has no eth%d", h.Name, n)
	}
	if err := h.ports[n].setLink(up); err != nil {
		return err
	}
	return h.ports[n].settle(up)
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
