package links

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"mcdns/gocore/node"
)

// An Interface is one of the machine's, as far as it matters here.
type Interface struct {
	Index int
	Name  string
	// Kind is what the kernel made it as (IFLA_INFO_KIND): "veth", "bridge",
	// "wireguard"; "device" for hardware.
	Kind  string
	Flags uint32 // IFF_*
	// MasterKind is the kind of what it belongs to, "" if to nothing.
	MasterKind string
	Wireless   bool
	Addrs      []Addr
}

// Addr is an address of an interface and its prefix.
type Addr struct {
	netip.Prefix
	// Tentative: it is still being checked for duplicates and cannot be used.
	Tentative bool
}

// Choose picks the links to share on: those named, or all that are fit. Neither
// an interface that is down nor one without an address takes part.
func Choose(all []Interface, wanted []string) []node.Link {
	var out []node.Link
	for _, i := range all {
		if !i.running() || !chosen(i, wanted) {
			continue
		}
		l := node.Link{Index: i.Index, Name: i.Name, Wireless: i.Wireless}
		for _, a := range i.Addrs {
			l.IPv4 = l.IPv4 || a.Addr().Is4()
			l.IPv6 = l.IPv6 || a.Addr().Is6() && a.Addr().IsLinkLocalUnicast() && !a.Tentative
		}
		if l.IPv4 || l.IPv6 {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b node.Link) int { return cmp.Compare(a.Index, b.Index) })
	return out
}

func chosen(i Interface, wanted []string) bool {
	if len(wanted) > 0 {
		return slices.Contains(wanted, i.Name)
	}
	return i.fit()
}

func (i Interface) has(flag uint32) bool { return i.Flags&flag != 0 }

// running: up, and with a carrier.
func (i Interface) running() bool { return i.has(unix.IFF_UP) && i.has(unix.IFF_LOWER_UP) }

// fit: an interface on which other hosts of a LAN may be.
func (i Interface) fit() bool {
	switch {
	case i.has(unix.IFF_LOOPBACK), i.has(unix.IFF_POINTOPOINT), !i.has(unix.IFF_MULTICAST):
		return false
	case i.MasterKind != "" && i.MasterKind != "vrf":
		// A port of a bridge, bond or team: its master is the interface. What
		// belongs to a VRF stands for itself.
		return false
	case tunnels[i.Kind]:
		return false
	}
	return !ofContainers(i.Name)
}

// tunnels lead to other networks, where a TTL of 255 proves nothing.
var tunnels = map[string]bool{
	"tun": true, "tuntap": true, "wireguard": true, "gre": true, "gretap": true, "erspan": true,
	"ip6gre": true, "ip6gretap": true, "ip6erspan": true, "ipip": true, "sit": true, "ip6tnl": true,
	"vti": true, "vti6": true, "xfrm": true, "ppp": true, "vxlan": true, "geneve": true, "bareudp": true,
	"l2tpeth": true, "openvpn": true, "ovpn": true, "ifb": true, "nlmon": true, "can": true, "vcan": true,
}

// ofContainers knows the networks that container and VM managers make inside a
// machine by their names, as there is nothing else to tell them from a LAN.
func ofContainers(name string) bool {
	for _, p := range []string{
		"docker", "veth", "virbr", "vnet", "lxcbr", "lxdbr", "incusbr", "cni", "podman", "flannel",
		"cali", "cilium", "lxc", "kube", "weave", "waydroid", "vmnet", "vboxnet",
	} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	// Docker's own networks: "br-" and 12 hexadecimal digits.
	hex, ok := strings.CutPrefix(name, "br-")
	return ok && len(hex) == 12 && strings.Trim(hex, "0123456789abcdef") == ""
}

// Scope is the interface that a link-local address without one is on, 0 unless
// there is exactly one that has link-local IPv6.
func Scope(all []Interface) uint32 {
	scope := uint32(0)
	for _, i := range all {
		local := func(a Addr) bool { return a.Addr().Is6() && a.Addr().IsLinkLocalUnicast() }
		if i.has(unix.IFF_LOOPBACK) || !i.running() || !slices.ContainsFunc(i.Addrs, local) {
			continue
		}
		if scope != 0 {
			return 0
		}
		scope = uint32(i.Index)
	}
	return scope
}

// prefix turns what netlink says into a Prefix.
func prefix(n *net.IPNet) (netip.Prefix, bool) {
	a, ok := netip.AddrFromSlice(n.IP)
	if !ok {
		return netip.Prefix{}, false
	}
	ones, _ := n.Mask.Size()
	return netip.PrefixFrom(a.Unmap(), ones), true
}
