package lab

import (
	"strings"
	"testing"
	"time"

	"mcdns/daemon/clients"
)

// A program in a network of its own must not learn what the host's DNS servers say,
// nor reach them through mcdnsd: a sandbox without a network is to stay without.
func TestProgramOfAnotherNetworkIsNotAnswered(t *testing.T) {
	if !clients.NetworksKnown() {
		Skip(t, "this kernel does not tell network namespaces apart (before Linux 5.14)")
	}
	z, names := numbered(2, longTTL)
	l := Start(t, Config{Hosts: 1, Zone: z, Program: BuiltIn, NoKey: true})
	h := l.Hosts[0]
	if bad := wrong(z, lookups(t, h, names[0])); bad != nil {
		t.Fatal(bad)
	}
	// One name that is held, and one whose question would leave.
	for _, name := range names {
		begin := time.Now()
		out, err := h.Command("unshare", "--net", "getent", "ahosts", name).Output()
		if took := time.Since(begin); err == nil || took > time.Second {
			t.Errorf("%s in another network: got %q after %v; want nothing at once", name, out, took)
		}
	}
	if got := about(l.Server.Queries(), names[1]); len(got) > 0 {
		t.Errorf("a question left a network that has no way out: %v", got)
	}
	mcdns := h.Command("unshare", "--net", FindBinaries().Mcdns, "query", names[1])
	if out, err := mcdns.CombinedOutput(); err == nil || !strings.Contains(string(out), "another network namespace") {
		t.Errorf("mcdns query in another network: got %q, %v; want a refusal that says why", out, err)
	}
	if bad := wrong(z, lookups(t, h, names...)); bad != nil {
		t.Errorf("on the host itself: %q", bad)
	}
}

func TestProgramsOfOtherNetworksAreAnsweredWhereThatIsMeant(t *testing.T) {
	z, names := numbered(1, longTTL)
	l := Start(t, Config{Hosts: 1, Zone: z, Program: BuiltIn, NoKey: true, Conf: "[programs]\nbeyond = yes\n"})
	out, err := l.Hosts[0].Command("unshare", "--net", "getent", "ahosts", names[0]).Output()
	if err != nil || !strings.Contains(string(out), z.Addresses(names[0])[0]) {
		t.Errorf("got %q, %v; want the host's answer", out, err)
	}
	s, err := l.Hosts[0].Status()
	if err != nil || s.Namespaces != "all" {
		t.Errorf("status says %q, %v; want all", s.Namespaces, err)
	}
}
