package lab

import (
	"slices"
	"strings"
	"testing"

	"mcdns/daemon/control"
)

// TestDoctorAndDrillOnRealHosts: on a host that is well no check fails, and after its DNS
// server died the drill says of what it holds what programs then get.
func TestDoctorAndDrillOnRealHosts(t *testing.T) {
	Need(t)
	z, names := numbered(20, longTTL)
	l := mcdnsLAN(t, Config{Hosts: 3, Zone: z, Program: BuiltIn})
	h := l.Hosts[1]
	if bad := wrong(z, lookups(t, h, names...)); bad != nil {
		t.Fatalf("first lookups: %q", bad)
	}
	l.awaitEntries(t, 2*len(names))
	says := func(args string, words ...string) {
		t.Helper()
		out, err := h.Command(l.cfg.Binaries.Mcdns, strings.Fields(args)...).CombinedOutput()
		for _, word := range words {
			if !strings.Contains(string(out), word) {
				t.Errorf("mcdns %s: %v; want %q in\n%s", args, err, word, out)
			}
		}
	}
	says("doctor --all", "\n0 failed, ", "ok    1 daemon: ", "ok    4 socket: ", "ok    5 nsswitch: ", "ok   19 firewall-tcp: ")
	says("peers", "*  ", "2 peers; * this host")
	if p, err := h.Peers(); err != nil || slices.ContainsFunc(p.Peers, func(p control.Peer) bool { return p.RTTMS == nil || *p.RTTMS <= 0 || *p.RTTMS > 500 }) {
		t.Errorf("peers: %v, %+v; want each with its round trip", err, p.Peers)
	}
	says("drill", "held: 20 of 20 names asked for")
	says("cache show "+names[0], " IN A ", "asked for ")
	must(t, l.Hosts[2].Mcdnsd.Stop())
	eventually(t, "who stopped is gone", func() bool {
		p, err := h.Peers()
		return err == nil && len(p.Peers) == 1 && len(p.Lost) == 1 && p.Lost[0].Why == control.Left
	})
	says("peers", "gone: said good-bye\n", "1 peer; * this host, + a peer, - gone\n")
	must(t, h.Mcdnsd.Stop())
	says("doctor", "FAIL  1 daemon: ", "next: systemctl start mcdnsd")
}
