package lab

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"mcdns/daemon/control"
)

// TestClosedFirewallIsNamed on the host that has it, by what one looks at first: a
// filter of the kernel's drops the group's port, and not a word was said of it.
func TestClosedFirewallIsNamed(t *testing.T) {
	Need(t)
	if _, err := exec.LookPath("nft"); err != nil {
		Skip(t, "nft is missing: apt-get install nftables")
	}
	z, names := numbered(20, longTTL)
	l := mcdnsLAN(t, Config{Hosts: 3, Zone: z, Program: BuiltIn})
	h := l.Hosts[2]
	if bad := wrong(z, lookups(t, l.Hosts[0], names...)); bad != nil {
		t.Fatalf("first lookups: %q", bad)
	}
	l.awaitEntries(t, 2*len(names))
	nft := func(script string) {
		t.Helper()
		cmd := h.Command("nft", "-f", "-")
		cmd.Stdin = strings.NewReader("add table inet lab\nflush table inet lab\n" + script)
		if out, err := cmd.CombinedOutput(); err != nil {
			Skip(t, "this kernel has no nftables for the lab: "+string(out))
		}
	}
	says := func(kind control.TroubleKind) func() bool {
		return func() bool {
			s, err := h.Status()
			return err == nil && slices.ContainsFunc(s.Troubles, func(t control.Trouble) bool { return t.Kind == kind })
		}
	}
	check := func(words ...string) {
		t.Helper()
		for _, verb := range []string{"check", "status"} {
			out, err := h.Command(l.cfg.Binaries.Mcdns, verb).CombinedOutput()
			for _, word := range words {
				if !strings.Contains(string(out), word) || (verb == "check") != (err != nil) {
					t.Errorf("mcdns %s: %v, %s; want %q in it", verb, err, out, word)
				}
			}
		}
	}

	nft("add chain inet lab in { type filter hook input priority 0; }\nadd rule inet lab in tcp dport 7353 drop\nadd rule inet lab in tcp sport 7353 drop\n")
	must(t, h.Mcdnsd.Stop())
	must(t, os.RemoveAll(h.Path("/var/lib/mcdns/answers")))
	must(t, h.Mcdnsd.Start())
	must(t, h.Mcdnsd.Ready(readyTime))
	eventually(t, "TCP is said to be blocked", says(control.TCPBlocked))
	check("TCP port 7353 does not get through", "tried ", "mcdnsd(8), FIREWALL")
	if s, err := h.Status(); err != nil || s.Counters["streams_failed"] < 3 || s.Counters["streams_opened"] > 0 {
		t.Errorf("counters: %v, %v", s.Counters, err)
	}
	nft("")
	eventually(t, "it has caught up", func() bool {
		s, err := h.Status()
		return err == nil && s.Cache.Entries >= 2*len(names) && !says(control.TCPBlocked)()
	})

	nft("add chain inet lab out { type filter hook output priority 0; }\nadd rule inet lab out udp dport 7353 drop\n")
	must(t, h.Mcdnsd.Stop()) // says goodbye, in vain
	must(t, h.Mcdnsd.Start())
	must(t, h.Mcdnsd.Ready(readyTime))
	eventually(t, "UDP is said to be blocked", says(control.Unsent))
	check("lets nothing out to the group (UDP port 7353)", "mcdnsd(8), FIREWALL")
}
