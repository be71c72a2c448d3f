package ownname

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"mcdns/daemon/links"
)

func machine(prefixes ...string) *Machine {
	i := links.Interface{Index: 3}
	for _, p := range prefixes {
		i.Addrs = append(i.Addrs, links.Addr{Prefix: netip.MustParsePrefix(p)})
	}
	tentative := links.Addr{Prefix: netip.MustParsePrefix("192.0.2.99/24"), Tentative: true}
	return &Machine{
		Hostname: func() (string, error) { return "Ws1", nil },
		Interfaces: func() []links.Interface {
			return []links.Interface{{Addrs: []links.Addr{{Prefix: netip.MustParsePrefix("127.0.0.1/8")}, tentative}}, i}
		},
		Way: func(v6 bool) links.Way {
			if v6 || len(prefixes) == 0 {
				return links.Way{}
			}
			return links.Way{Gateway: netip.MustParseAddr("192.0.2.254"), Source: netip.MustParseAddr("192.0.2.7")}
		},
	}
}

// As nss-myhostname(8) describes it.
func TestHostKnowsItsOwnNames(t *testing.T) {
	full := machine("fe80::7/64", "192.0.2.7/24", "2001:db8::7/64")
	for _, c := range []struct {
		machine    *Machine
		name, want string
	}{
		{full, "ws1", "Ws1 [192.0.2.7 2001:db8::7 fe80::7%3]"},
		{full, "WS1.", "Ws1 [192.0.2.7 2001:db8::7 fe80::7%3]"},
		{full, "ws1.example", ""},
		{full, "ws", ""},
		{full, "", ""},
		{full, "_gateway", "_gateway [192.0.2.254]"},
		{full, "_outbound", "_outbound [192.0.2.7]"},
		{full, "localhost.localdomain", "localhost [127.0.0.1 ::1]"},
		{machine(), "ws1", "Ws1 [127.0.0.2 ::1]"},
		{machine(), "_gateway", ""},
		{machine(), "_outbound", ""},
	} {
		got := ""
		if view, known := c.machine.About(c.name).Name(c.name, true, true); known {
			got = fmt.Sprint(view.Canonical, " ", view.Addrs)
		}
		if got != c.want {
			t.Errorf("%q: got %q; want %q", c.name, got, c.want)
		}
	}
	for addr, want := range map[string]string{
		"192.0.2.7": "Ws1", "::ffff:192.0.2.7": "Ws1", "fe80::7": "Ws1", "127.0.0.2": "Ws1", "127.0.0.1": "localhost", "::1": "localhost",
		"192.0.2.254": "_gateway", "192.0.2.99": "Ws1", "192.0.2.8": "", "198.51.100.1": "",
	} {
		a := netip.MustParseAddr(addr)
		names, _ := full.AboutAddress(a).Address(a)
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: got %q; want %q", addr, got, want)
		}
	}
}
