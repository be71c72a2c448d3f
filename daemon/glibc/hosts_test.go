package glibc

import (
	"context"
	"net/netip"
	"testing"

	"mcdns/daemon/hosts"
	"mcdns/daemon/resolvconf"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// TestHostsFileComesBeforeTheSearchList: "pc" in the file is pc as it stands, as
// with files in front, and what the file has is asked of nobody.
func TestHostsFileComesBeforeTheSearchList(t *testing.T) {
	var asked []dns.Question
	l := Lookup{
		Ask: func(_ context.Context, _ node.Options, qs []dns.Question) ([]node.Result, error) {
			asked = append(asked, qs...)
			return make([]node.Result, len(qs)), nil
		},
		Conf:  resolvconf.Conf{Ndots: 1, Search: []string{"example"}},
		Hosts: hosts.Parse("192.0.2.7 pc.example pc\n"),
	}
	got := l.Name(t.Context(), Request{Name: "PC", Families: Inet | Inet6})
	if got.Status != Found || len(got.Addresses) != 1 || got.Names[0] != "pc.example" || got.Names[1] != "pc" {
		t.Errorf("got %+v; want the file's line", got)
	}
	if got := l.Name(t.Context(), Request{Name: "pc", Families: Inet6}); got.Status != NoData {
		t.Errorf("IPv6 alone: got %+v; want no such record", got)
	}
	if got := l.Address(t.Context(), netip.MustParseAddr("192.0.2.7")); got.Status != Found || got.Names[0] != "pc.example" {
		t.Errorf("by address: got %+v", got)
	}
	if len(asked) != 0 {
		t.Errorf("%v was asked for", asked)
	}
	l.Name(t.Context(), Request{Name: "www", Families: Inet})
	if len(asked) == 0 || asked[0].Name != "www.example." {
		t.Errorf("asked %v; want the search list for what the file has not", asked)
	}
}

// TestHostsFileMayHaveNamesThatDNSHasNot: files answers them too.
func TestHostsFileMayHaveNamesThatDNSHasNot(t *testing.T) {
	l := Lookup{Conf: resolvconf.Conf{Ndots: 1}, Hosts: hosts.Parse("192.0.2.7 printer:2 -odd\n")}
	for name, want := range map[string]Status{"printer:2": Found, "-odd": Found, "printer:3": BadName, "": BadName} {
		if got := l.Name(t.Context(), Request{Name: name, Families: Inet}); got.Status != want {
			t.Errorf("%q: got %+v; want status %d", name, got, want)
		}
	}
}

// TestQueryFindsWhatTheModuleFindsInTheHostsFile: before the search list, and
// without asking anybody.
func TestQueryFindsWhatTheModuleFindsInTheHostsFile(t *testing.T) {
	table := hosts.Parse("192.0.2.7 www.example www printer:2\n")
	nobody := func(context.Context, node.Options, []dns.Question) ([]node.Result, error) {
		t.Error("somebody was asked")
		return nil, context.Canceled
	}
	l := Lookup{Ask: nobody, Conf: resolvconf.Conf{Ndots: 1, Search: []string{"corp.example"}}, Hosts: table}
	for _, c := range []struct {
		name   string
		status Status
		types  []uint16
	}{
		{"www", Found, nil}, {"www.example.", Found, nil}, {"192.0.2.7", Found, nil}, {"printer:2", Found, nil},
		{"www", NoData, []uint16{dns.TypeAAAA}},
	} {
		f := l.Find(t.Context(), c.name, c.types...)
		if f.Status != c.status || len(f.Results) == 0 || f.Results[0].Source != node.FromHere {
			t.Errorf("%s %v: got %+v; want %d from here", c.name, c.types, f, c.status)
		}
	}
}
