package names

import (
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mcdns/gocore/dns"
)

func question(t testing.TB, name string, typ uint16) dns.Question {
	t.Helper()
	q, err := dns.NewQuestion(name, typ)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestSpecialNamesGoNoFurtherThanTheyMay(t *testing.T) {
	const ns, ds = 2, 43
	plain := Lists{Search: []string{"."}}
	for _, c := range []struct {
		name  string
		typ   uint16
		reach Reach
	}{
		{"www.example.org", dns.TypeA, Anywhere},
		{"localhost.example.org", dns.TypeA, Anywhere},
		{"notlocalhost.org", dns.TypeA, Anywhere},
		{"xlocal.org", dns.TypeA, Anywhere},
		{"example.arpa", dns.TypeA, Anywhere},
		{"8.8.8.8.in-addr.arpa", dns.TypePTR, Anywhere},
		{"1.15.172.in-addr.arpa", dns.TypePTR, Anywhere},
		{"1.32.172.in-addr.arpa", dns.TypePTR, Anywhere},
		{"1.63.100.in-addr.arpa", dns.TypePTR, Anywhere},
		{"1.128.100.in-addr.arpa", dns.TypePTR, Anywhere},
		{"in-addr.arpa", ns, Anywhere},
		{"ip6.arpa", ns, Anywhere},
		{"ipv4only.arpa", dns.TypeAAAA, Anywhere},
		{".", ns, Anywhere},
		{"com", ns, Anywhere},
		{"com", ds, Anywhere},

		{"localhost", dns.TypeA, Here},
		{"LOCALHOST", dns.TypeAAAA, Here},
		{"www.localhost", dns.TypeA, Here},
		{"invalid", dns.TypeA, Here},
		{"x.y.invalid", dns.TypeA, Here},
		{"example.onion", dns.TypeA, Here},
		{"printer.local", dns.TypeA, Here},
		{`x\.local.local`, dns.TypeA, Here},
		{"example.test", dns.TypeA, Here},
		{"_dns.resolver.arpa", dns.TypeSVCB, Here},
		{"default.service.arpa", dns.TypeA, Here},
		{"1.0.0.127.in-addr.arpa", dns.TypePTR, Here},
		{"1.0.0.0.in-addr.arpa", dns.TypePTR, Here},
		{"255.255.255.255.in-addr.arpa", dns.TypePTR, Here},
		{loopback6, dns.TypePTR, Here},
		{unspecified6, dns.TypePTR, Here},

		{"nas.home.arpa", dns.TypeA, Site},
		{"1.2.3.10.in-addr.arpa", dns.TypePTR, Site},
		{"1.1.16.172.in-addr.arpa", dns.TypePTR, Site},
		{"1.1.31.172.in-addr.arpa", dns.TypePTR, Site},
		{"1.1.168.192.in-addr.arpa", dns.TypePTR, Site},
		{"1.1.254.169.in-addr.arpa", dns.TypePTR, Site},
		{"1.1.64.100.in-addr.arpa", dns.TypePTR, Site},
		{"1.1.127.100.in-addr.arpa", dns.TypePTR, Site},
		{"1.2.0.192.in-addr.arpa", dns.TypePTR, Site},
		{"1.0.d.f.ip6.arpa", dns.TypePTR, Site},
		{"1.0.8.e.f.ip6.arpa", dns.TypePTR, Site},
		{"8.b.d.0.1.0.0.2.ip6.arpa", dns.TypePTR, Site},
		{"printer", dns.TypeA, Site},
		{`a\.b`, dns.TypeA, Site},
		{"printer", dns.TypeHTTPS, Site},
	} {
		if got := plain.Reach(question(t, c.name, c.typ)); got != c.reach {
			t.Errorf("%s %d: reach %d; want %d", c.name, c.typ, got, c.reach)
		}
	}
}

func TestAdministratorsOwnDomainsLeave(t *testing.T) {
	p := Lists{Search: []string{"corp.local.", "home.arpa.", "10.in-addr.arpa.", "tor.onion."}, Forward: []string{"test."}}
	for name, reach := range map[string]Reach{
		"pc.corp.local": Anywhere, "corp.local": Anywhere, "printer.local": Here, "xcorp.local": Here,
		"nas.home.arpa": Anywhere, "1.0.0.10.in-addr.arpa": Anywhere, "1.1.168.192.in-addr.arpa": Site,
		"example.test": Anywhere, "printer": Site,
		"x.tor.onion": Here, // a search domain is no reason to give a Tor user away
	} {
		if got := p.Reach(question(t, name, dns.TypeA)); got != reach {
			t.Errorf("%s: reach %d; want %d", name, got, reach)
		}
	}
	all := Lists{Search: []string{"localhost."}, Forward: []string{".", "onion.", "localhost.", "127.in-addr.arpa."}}
	for name, reach := range map[string]Reach{"printer": Anywhere, "x.onion": Anywhere, "localhost": Here, "1.0.0.127.in-addr.arpa": Here} {
		if got := all.Reach(question(t, name, dns.TypeA)); got != reach {
			t.Errorf("forward %v: %s: reach %d; want %d", all.Forward, name, got, reach)
		}
	}
}

func TestLocalAnswersSayWhatTheRFCsSay(t *testing.T) {
	for _, c := range []struct {
		name string
		typ  uint16
		kind dns.Kind
		data string
	}{
		{"localhost", dns.TypeA, dns.Positive, "127.0.0.1"},
		{"localhost", dns.TypeAAAA, dns.Positive, "::1"},
		{"a.b.localhost", dns.TypeA, dns.Positive, "127.0.0.1"},
		{"localhost", 15, dns.NoData, "SOA"},
		{"1.0.0.127.in-addr.arpa", dns.TypePTR, dns.Positive, "localhost."},
		{loopback6, dns.TypePTR, dns.Positive, "localhost."},
		{"2.0.0.127.in-addr.arpa", dns.TypePTR, dns.NXDomain, "SOA"},
		{"0.0.127.in-addr.arpa", dns.TypePTR, dns.NoData, "SOA"},
		{"x.invalid", dns.TypeA, dns.NXDomain, "SOA"},
		{"x.onion", dns.TypeAAAA, dns.NXDomain, "SOA"},
		{"printer.local", dns.TypeA, dns.NXDomain, "SOA"},
		{"_dns.resolver.arpa", dns.TypeSVCB, dns.NoData, "SOA"},
		{"10.in-addr.arpa", dns.TypeSOA, dns.Positive, "SOA"},
		{"10.in-addr.arpa", dns.TypePTR, dns.NoData, "SOA"},
		{"1.0.0.10.in-addr.arpa", dns.TypePTR, dns.NXDomain, "SOA"},
		{"printer", dns.TypeA, dns.NXDomain, "SOA"},
	} {
		a := Answer(question(t, c.name, c.typ))
		if a.Kind != c.kind || !strings.Contains(strings.Join(a.Records(), " "), c.data) || a.TTL.String() != "3h0m0s" {
			t.Errorf("%s %d: got kind %d, TTL %v, %v; want kind %d, %s", c.name, c.typ, a.Kind, a.TTL, a.Records(), c.kind, c.data)
		}
	}
}

func TestEveryRowOfTheTableSaysWho(t *testing.T) {
	for name, z := range byName {
		if !strings.Contains(z.rfc, "RFC ") || !strings.HasSuffix(name, ".") {
			t.Errorf("%s: %+v", name, z)
		}
		if p := (Lists{}); p.Reach(question(t, "x."+name, dns.TypeA)) == Anywhere {
			t.Errorf("x.%s may go anywhere", name)
		}
	}
	if len(byName) != len(table)+16+64 {
		t.Errorf("%d zones; want %d", len(byName), len(table)+16+64)
	}
}

func TestAnyNameGetsAnAnswerHere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		label := rapid.StringMatching(`[a-z0-9._\\-]{1,63}`)
		name := rapid.SliceOfN(label, 0, 4).Draw(t, "labels")
		zone := rapid.SampledFrom([]string{"localhost", "onion", "10.in-addr.arpa", "resolver.arpa", loopback6}).Draw(t, "zone")
		q, err := dns.NewQuestion(strings.Join(append(name, zone), "."), rapid.Uint16().Draw(t, "type"))
		if err != nil {
			return
		}
		p := Lists{}
		if p.Reach(q) != Anywhere && Answer(q) == nil {
			t.Fatalf("%v: no answer", q)
		}
	})
}

func TestServersOnSiteAreToldByTheirAddress(t *testing.T) {
	for addr, on := range map[string]bool{
		"10.1.2.3": true, "192.168.1.1": true, "172.16.0.1": true, "127.0.0.53": true, "::1": true, "fd00::53": true, "fe80::1%eth0": true,
		"::ffff:10.0.0.1": true, "8.8.8.8": false, "192.0.2.53": false, "100.64.0.1": false, "2001:4860:4860::8888": false,
	} {
		if got := OnSite(netip.MustParseAddr(addr)); got != on {
			t.Errorf("%s: on site %v; want %v", addr, got, on)
		}
	}
}
