package links

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const lanFlags = unix.IFF_UP | unix.IFF_LOWER_UP | unix.IFF_BROADCAST | unix.IFF_MULTICAST

// iface makes an interface of a line: "eth0 device 192.0.2.7/24 fe80::1/64".
// A trailing "?" marks a tentative address.
func iface(index int, line string) Interface {
	f := strings.Fields(line)
	i := Interface{Index: index, Name: f[0], Kind: f[1], Flags: lanFlags}
	for _, a := range f[2:] {
		text, tentative := strings.CutSuffix(a, "?")
		i.Addrs = append(i.Addrs, Addr{Prefix: netip.MustParsePrefix(text), Tentative: tentative})
	}
	return i
}

func TestInterfacesThatAreNoLANAreLeftOut(t *testing.T) {
	const both = " 192.0.2.7/24 fe80::7/64"
	cases := []struct {
		name   string
		i      Interface
		wanted string
		want   string
	}{
		{"Ethernet", iface(2, "eth0 device"+both), "", "eth0 4 6"},
		{"IPv4 only", iface(2, "eth0 device 192.0.2.7/24"), "", "eth0 4"},
		{"no lease yet", iface(2, "eth0 device fe80::7/64"), "", "eth0 6"},
		{"IPv4 link-local", iface(2, "eth0 device 169.254.3.4/16"), "", "eth0 4"},
		{"address being checked", iface(2, "eth0 device fe80::7/64?"), "", ""},
		{"global IPv6 only", iface(2, "eth0 device 2001:db8::7/64"), "", ""},
		{"no address", iface(2, "eth0 device"), "", ""},
		{"of a container, seen from inside", iface(2, "eth0 veth"+both), "", "eth0 4 6"},
		{"bridge", iface(2, "br0 bridge"+both), "", "br0 4 6"},
		{"VLAN", iface(2, "eth0.7 vlan"+both), "", "eth0.7 4 6"},
		{"bond", iface(2, "bond0 bond"+both), "", "bond0 4 6"},
		{"docker0", iface(2, "docker0 bridge"+both), "", ""},
		{"a network of docker", iface(2, "br-0123456789ab bridge"+both), "", ""},
		{"a bridge that looks like it", iface(2, "br-lan bridge"+both), "", "br-lan 4 6"},
		{"libvirt", iface(2, "virbr0 bridge"+both), "", ""},
		{"WireGuard", iface(2, "wg0 wireguard 10.9.0.1/24"), "", ""},
		{"tun", iface(2, "tun0 tun 10.8.0.1/24"), "", ""},
		{"VXLAN", iface(2, "vx0 vxlan"+both), "", ""},
		{"named by the administrator", iface(2, "docker0 bridge"+both), "docker0", "docker0 4 6"},
		{"another one named", iface(2, "eth0 device"+both), "eth1", ""},
	}
	with := func(name string, i Interface, change func(*Interface), wanted, want string) {
		change(&i)
		cases = append(cases, struct {
			name   string
			i      Interface
			wanted string
			want   string
		}{name, i, wanted, want})
	}
	eth := func() Interface { return iface(2, "eth0 device"+both) }
	with("down", eth(), func(i *Interface) { i.Flags &^= unix.IFF_UP }, "", "")
	with("no carrier", eth(), func(i *Interface) { i.Flags &^= unix.IFF_LOWER_UP }, "", "")
	with("down, though named", eth(), func(i *Interface) { i.Flags &^= unix.IFF_UP }, "eth0", "")
	with("loopback", eth(), func(i *Interface) { i.Flags |= unix.IFF_LOOPBACK }, "", "")
	with("no multicast", eth(), func(i *Interface) { i.Flags &^= unix.IFF_MULTICAST }, "", "")
	with("point to point", eth(), func(i *Interface) { i.Flags |= unix.IFF_POINTOPOINT }, "", "")
	with("port of a bridge", eth(), func(i *Interface) { i.MasterKind = "bridge" }, "", "")
	with("slave of a bond", eth(), func(i *Interface) { i.MasterKind = "bond" }, "", "")
	with("in a VRF", eth(), func(i *Interface) { i.MasterKind = "vrf" }, "", "eth0 4 6")
	with("master elsewhere", eth(), func(i *Interface) { i.MasterKind = "unknown" }, "", "")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			for _, l := range Choose([]Interface{c.i}, strings.Fields(c.wanted)) {
				got = l.Name
				if l.IPv4 {
					got += " 4"
				}
				if l.IPv6 {
					got += " 6"
				}
			}
			if got != c.want {
				t.Errorf("got %q; want %q", got, c.want)
			}
		})
	}
}

func TestPlaceIsWhatMakesANetworkThisOne(t *testing.T) {
	place := func(servers string, lines ...string) uint64 {
		var all []Interface
		for n, line := range lines {
			all = append(all, iface(n+1, line))
		}
		var s []netip.AddrPort
		for _, f := range strings.Fields(servers) {
			s = append(s, netip.MustParseAddrPort(f))
		}
		return Place{}.Next(0, all, Choose(all, nil), s).ID
	}
	home := place("192.0.2.1:53", "eth0 device 192.0.2.7/24 fe80::7/64")
	if home == 0 {
		t.Fatal("a known network is 0")
	}
	same := map[string]uint64{
		"another address in it":  place("192.0.2.1:53", "eth0 device 192.0.2.99/24 fe80::99/64"),
		"another name for eth0":  place("192.0.2.1:53", "enp3s0 device 192.0.2.7/24"),
		"a VPN beside it":        place("192.0.2.1:53", "eth0 device 192.0.2.7/24", "wg0 wireguard 10.0.0.1/8"),
		"an address in checking": place("192.0.2.1:53", "eth0 device 192.0.2.7/24 2001:db8::1/64?"),
	}
	for name, got := range same {
		if got != home {
			t.Errorf("%s: another place", name)
		}
	}
	other := map[string]uint64{
		"another prefix": place("192.0.2.1:53", "eth0 device 198.51.100.7/24"),
		"another server": place("192.0.2.2:53", "eth0 device 192.0.2.7/24"),
		"IPv6 as well":   place("192.0.2.1:53", "eth0 device 192.0.2.7/24 2001:db8::1/64"),
	}
	for name, got := range other {
		if got == home {
			t.Errorf("%s: the same place", name)
		}
	}
	if got := place(""); got != 0 {
		t.Errorf("nothing known: got %x; want 0", got)
	}
}

func TestScopeIsKnownOnlyIfThereIsOneCandidate(t *testing.T) {
	lo := iface(1, "lo device ::1/128")
	lo.Flags |= unix.IFF_LOOPBACK
	eth, wlan := iface(2, "eth0 device fe80::2/64"), iface(3, "wlan0 device fe80::3/64")
	for _, c := range []struct {
		all  []Interface
		want uint32
	}{{[]Interface{lo}, 0}, {[]Interface{lo, eth}, 2}, {[]Interface{eth, wlan}, 0}} {
		if got := Scope(c.all); got != c.want {
			t.Errorf("%v: got %d; want %d", c.all, got, c.want)
		}
	}
}

func TestPlaceOutlivesItsLeases(t *testing.T) {
	server := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:53")}
	full := []Interface{iface(2, "eth0 device 192.0.2.7/24 2001:db8::7/64 fe80::7/64")}
	home := Place{}.Next(0, full, Choose(full, nil), server)
	cases := []struct {
		name    string
		all     []Interface
		servers []netip.AddrPort
		same    bool
	}{
		{"nothing happened", full, server, true},
		{"the IPv4 lease ran out", []Interface{iface(2, "eth0 device 2001:db8::7/64 fe80::7/64")}, server, true},
		{"the prefix ran out too", []Interface{iface(2, "eth0 device fe80::7/64")}, server, true},
		{"an address of its own making", []Interface{iface(2, "eth0 device 169.254.3.4/16 fe80::7/64")}, server, true},
		{"resolv.conf is empty", []Interface{iface(2, "eth0 device fe80::7/64")}, []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53")}, true},
		{"another network", []Interface{iface(2, "eth0 device 198.51.100.7/24 fe80::7/64")}, server, false},
		{"another server", full, []netip.AddrPort{netip.MustParseAddrPort("192.0.2.2:53")}, false},
		{"another link, no lease yet", []Interface{iface(3, "wlan0 device fe80::7/64")}, nil, false},
		{"the cable was pulled", nil, server, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			now := home.Next(0, c.all, Choose(c.all, nil), c.servers)
			if (now.ID == home.ID) != c.same {
				t.Errorf("the same place: %v; want %v", now.ID == home.ID, c.same)
			}
			if back := now.Next(0, full, Choose(full, nil), server); back.ID != home.ID {
				t.Error("home is another place afterwards")
			}
		})
	}
}

// TestSettledPlaceIsNotLeftForWhatComesToIt: one packet from anybody must not keep
// a LAN from sharing what it has learnt.
func TestSettledPlaceIsNotLeftForWhatComesToIt(t *testing.T) {
	const before, after = settled - time.Second, settled
	server := netip.MustParseAddrPort("192.0.2.1:53")
	servers := []netip.AddrPort{server}
	full := []Interface{iface(2, "eth0 device fe80::7/64 192.0.2.7/24 2001:db8::7/64")}
	home := Place{}.Next(0, full, Choose(full, nil), servers)
	more := func(addrs string) []Interface { return []Interface{iface(2, "eth0 device fe80::7/64 "+addrs)} }
	rogue := more("192.0.2.7/24 2001:db8::7/64 2001:db8:bad::7/64")
	cases := []struct {
		name    string
		at      time.Duration
		all     []Interface
		servers []netip.AddrPort
		same    bool
	}{
		{"a prefix of somebody's own", after, rogue, servers, true},
		{"and a server", after, rogue, append(servers[:1:1], netip.MustParseAddrPort("[2001:db8:bad::1]:53")), true},
		{"a prefix while the network comes up", before, rogue, servers, false},
		{"another network's IPv4 prefix", after, more("192.0.2.7/24 2001:db8::7/64 198.51.100.7/24"), servers, false},
		{"another network's prefix instead", after, more("192.0.2.7/24 2001:db8:bad::7/64"), servers, false},
		{"another link", after, append(full[:1:1], iface(3, "wlan0 device fe80::8/64 2001:db8:bad::8/64")), servers, false},
		{"another server instead", after, rogue, []netip.AddrPort{netip.MustParseAddrPort("192.0.2.2:53")}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			now := home.Next(c.at, c.all, Choose(c.all, nil), c.servers)
			if (now.ID == home.ID) != c.same {
				t.Errorf("the same place: %v; want %v", now.ID == home.ID, c.same)
			}
			moved := more("2001:db8:bad::7/64")
			if gone := now.Next(2*c.at, moved, Choose(moved, nil), nil); gone.ID == home.ID {
				t.Error("only what had come is left, and the host is still at home")
			}
		})
	}
	alone := Place{}.Next(0, more(""), Choose(full, nil), servers)
	if now := alone.Next(after, full, Choose(full, nil), servers); now.ID == alone.ID {
		t.Error("a server alone is a place")
	}
}
