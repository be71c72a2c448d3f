package glibc

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
	knows := each((&zone{records: []string{"ws1. 60 IN A 192.0.2.1"}}).ask)
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
		l := Lookup{Ask: c.dns, Conf: resolvconf.Conf{Ndots: 1}, Own: c.own}
		r := l.Name(t.Context(), Request{Families: Inet | Inet6, Name: c.name})
		if got := fmt.Sprint(r.Status, " ", r.Addresses); got != c.want {
			t.Errorf("%s: %s is %s; want %s", c.what, c.name, got, c.want)
		}
		f := l.Find(t.Context(), c.name)
		if (f.Status == Found) != (r.Status == Found) {
			t.Errorf("%s: mcdns query says %d, the module %d", c.what, f.Status, r.Status)
		}
	}
	l := Lookup{Ask: dead, Own: behind}
	r := l.Address(t.Context(), netip.MustParseAddr("192.0.2.7"))
	if r.Status != Found || r.Names[0] != "ws1" {
		t.Errorf("the host's own address: got %+v", r)
	}
}
