package order

import (
	"fmt"
	"testing"

	"mcdns/test/lab"
)

func (p *pair) servers(h *lab.Host, list ...*lab.Server) {
	p.t.Helper()
	text := ""
	for _, s := range list {
		text += fmt.Sprintf("nameserver %s\n", s.Host.Addr)
	}
	p.must(h.SetResolvConf(text))
}

// A VPN puts its server in front: [A] becomes [B, A]. What A said, a denial or an
// address, told by a peer without the VPN or asked before, does not stand in B's
// place; and with the VPN gone B's does not in A's.
func TestVPNInFrontIsAskedFirst(t *testing.T) {
	p := newPair(t)
	p.servers(p.own, p.a)
	p.servers(p.peer, p.a)
	p.Zone.Name("both.corp.example", "192.0.2.1")
	p.other.Name("both.corp.example", "10.9.0.1")
	p.other.Name("vpn.corp.example", "10.9.0.2") // A denies it
	p.Zone.Name("told.corp.example", "192.0.2.3")
	p.other.Name("told.corp.example", "10.9.0.3")
	expect := func(h *lab.Host, name, want string) {
		t.Helper()
		var got string
		for range 50 { // until the daemon has read resolv.conf
			p.must(h.Lookups([]string{name}, 1, func(l lab.Lookup) { got = fmt.Sprint(l.Result, l.Addrs) }))
			if got == want {
				return
			}
		}
		t.Errorf("%s on %s: got %s; want %s", name, h.Name, got, want)
	}
	expect(p.own, "both.corp.example", "OK[192.0.2.1]")
	expect(p.own, "vpn.corp.example", "NONAME[]")
	expect(p.peer, "told.corp.example", "OK[192.0.2.3]")
	p.servers(p.own, p.b, p.a)
	expect(p.own, "both.corp.example", "OK[10.9.0.1]")
	expect(p.own, "vpn.corp.example", "OK[10.9.0.2]")
	expect(p.own, "told.corp.example", "OK[10.9.0.3]")
	expect(p.peer, "both.corp.example", "OK[192.0.2.1]")
	expect(p.peer, "vpn.corp.example", "NONAME[]")
	p.servers(p.own, p.a)
	expect(p.own, "both.corp.example", "OK[192.0.2.1]")
	expect(p.own, "vpn.corp.example", "NONAME[]")
	expect(p.own, "told.corp.example", "OK[192.0.2.3]")
}
