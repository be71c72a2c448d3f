package order

import (
	"net/netip"
	"testing"

	"mcdns/gocore/dns"
	"mcdns/gocore/names"
	"mcdns/gocore/upstream"
)

// TestPeersAreAskedForNothingThatIsNotTheirs to know, or to say.
func TestPeersAreAskedForNothingThatIsNotTheirs(t *testing.T) {
	o := New(nil)
	o.Configure(Rules{Lists: names.Lists{
		Search: []string{"corp.example."}, NoShare: []string{"secret.example."}, LocalOnly: []string{"here.example."},
	}})
	for name, want := range map[string]bool{
		"www.example.": true, "pc.corp.example.": false, "a.secret.example.": false, "a.here.example.": false,
	} {
		if got := o.Peers(dns.Question{Name: name, Type: dns.TypeA}); got != want {
			t.Errorf("%s: peers may be asked: %v; want %v", name, got, want)
		}
	}
}

// TestWhatOnlyTheSiteKnowsStaysOnIt: a public server could only say no.
func TestWhatOnlyTheSiteKnowsStaysOnIt(t *testing.T) {
	reverse := dns.Question{Name: "1.0.168.192.in-addr.arpa.", Type: dns.TypePTR}
	for addr, want := range map[string]names.Reach{"192.168.0.53:53": names.Site, "203.0.113.53:53": names.Here} {
		o := New(nil)
		o.Configure(Rules{Servers: []upstream.Server{{Addr: netip.MustParseAddrPort(addr)}}})
		if got := o.Reach(reverse); got != want || o.Told(reverse) != (want != names.Here) {
			t.Errorf("a server at %s: reach %v, for peers %v; want %v", addr, got, o.Told(reverse), want)
		}
	}
}
