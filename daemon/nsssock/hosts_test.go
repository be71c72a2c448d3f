package nsssock

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
	l := lookup{
		ask: func(_ context.Context, _ node.Options, qs []dns.Question) ([]node.Result, error) {
			asked = append(asked, qs...)
			return make([]node.Result, len(qs)), nil
		},
		conf:  resolvconf.Conf{Ndots: 1, Search: []string{"example"}},
		hosts: hosts.Parse("192.0.2.7 pc.example pc\n"),
	}
	got := l.run(t.Context(), request{kind: byName, name: "PC", families: inet | inet6})
	if got.status != found || len(got.addresses) != 1 || got.names[0] != "pc.example" || got.names[1] != "pc" {
		t.Errorf("got %+v; want the file's line", got)
	}
	if got := l.run(t.Context(), request{kind: byName, name: "pc", families: inet6}); got.status != noData {
		t.Errorf("IPv6 alone: got %+v; want no such record", got)
	}
	address := netip.MustParseAddr("192.0.2.7").As4()
	if got := l.run(t.Context(), request{kind: byAddress, name: string(address[:])}); got.status != found || got.names[0] != "pc.example" {
		t.Errorf("by address: got %+v", got)
	}
	if len(asked) != 0 {
		t.Errorf("%v was asked for", asked)
	}
	l.run(t.Context(), request{kind: byName, name: "www", families: inet})
	if len(asked) == 0 || asked[0].Name != "www.example." {
		t.Errorf("asked %v; want the search list for what the file has not", asked)
	}
}

// TestHostsFileMayHaveNamesThatDNSHasNot: files answers them too.
func TestHostsFileMayHaveNamesThatDNSHasNot(t *testing.T) {
	l := lookup{conf: resolvconf.Conf{Ndots: 1}, hosts: hosts.Parse("192.0.2.7 printer:2 -odd\n")}
	for name, want := range map[string]status{"printer:2": found, "-odd": found, "printer:3": badName, "": badName} {
		if got := l.run(t.Context(), request{kind: byName, name: name, families: inet}); got.status != want {
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
	conf := resolvconf.Conf{Ndots: 1, Search: []string{"corp.example"}}
	for _, c := range []struct {
		name, status string
		types        []uint16
	}{
		{"www", "found", nil}, {"www.example.", "found", nil}, {"192.0.2.7", "found", nil}, {"printer:2", "found", nil},
		{"www", "no such record", []uint16{dns.TypeAAAA}},
	} {
		f := Find(context.Background(), nobody, conf, table, Own{}, c.name, c.types...)
		if f.Status != c.status || len(f.Results) == 0 || f.Results[0].Source != node.FromHere {
			t.Errorf("%s %v: got %+v; want %s from here", c.name, c.types, f, c.status)
		}
	}
}
