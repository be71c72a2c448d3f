package nsssock

import (
	"context"
	"fmt"
	"net/netip"
	"testing"

	"mcdns/daemon/links"
	"mcdns/daemon/ownname"
	"mcdns/daemon/resolvconf"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// ws1 is a host that dns may know by another address.
var ws1 = &ownname.Machine{
	Hostname: func() (string, error) { return "ws1", nil },
	Interfaces: func() []links.Interface {
		return []links.Interface{{Index: 7, Addrs: []links.Addr{
			{Prefix: netip.MustParsePrefix("192.0.2.7/24")}, {Prefix: netip.MustParsePrefix("fe80::7/64")},
		}}}
	},
	Way: func(bool) links.Way { return links.Way{} },
}

// `dns myhostname`: in an outage the host must find its own name (sudo asks for it),
// and what dns knows of it counts first.
func TestHostFindsItsOwnNameWhereMyhostnameStandsBehind(t *testing.T) {
	knows := each(found1)
	says := func(rcode int) Ask {
		return each(func(_ context.Context, q dns.Question) (node.Result, error) {
			a, err := dns.ParseAnswer(q, rcode, nil)
			return node.Result{Answer: a}, err
		})
	}
	dead := each(func(context.Context, dns.Question) (node.Result, error) { return node.Result{}, nil })
	behind, first := Own{Machine: ws1}, Own{Machine: ws1, First: true}
	const mine, theirs = "1 [192.0.2.7 fe80::7%7]", "1 [192.0.2.1]"
	for _, c := range []struct {
		what, name, want string
		own              Own
		dns              Ask
	}{
		{"an outage", "ws1", mine, behind, dead},
		{"dns says no", "ws1.", mine, behind, says(dns.RcodeNXDomain)},
		{"dns has no address", "ws1", mine, behind, says(0)},
		{"dns knows it", "ws1", theirs, behind, knows},
		{"resolve stands in dns's place", "ws1", mine, first, knows},
		{"another's name", "ws2", "4 []", behind, dead},
		{"nobody stands behind", "ws1", "4 []", Own{}, dead},
	} {
		l := lookup{ask: c.dns, conf: resolvconf.Conf{Ndots: 1}, own: c.own}
		r := l.safely(t.Context(), request{kind: byName, families: inet | inet6, name: c.name})
		if got := fmt.Sprint(r.status, " ", r.addresses); got != c.want {
			t.Errorf("%s: %s is %s; want %s", c.what, c.name, got, c.want)
		}
		f := Find(t.Context(), c.dns, l.conf, nil, c.own, c.name)
		if (f.Status == "found") != (r.status == found) {
			t.Errorf("%s: mcdns query says %s, the module %d", c.what, f.Status, r.status)
		}
	}
	l := lookup{ask: dead, own: behind}
	r := l.safely(t.Context(), request{kind: byAddress, families: inet, name: string([]byte{192, 0, 2, 7})})
	if r.status != found || r.names[0] != "ws1" {
		t.Errorf("the host's own address: got %+v", r)
	}
	// A link-local address is of use with its link alone.
	if frame := appendFrame(nil, reply{status: found, names: []string{"ws1"}, addresses: []netip.Addr{netip.MustParseAddr("fe80::7%7")}}, replyMax); native.Uint32(frame[replyLen+4:]) != 7 {
		t.Errorf("the link of fe80::7%%7 is lost: %v", frame)
	}
}
