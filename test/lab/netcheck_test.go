package lab

import (
	"net"
	"os/exec"
	"strings"
	"testing"
)

// TestNetcheckNamesWhatDoesNotGetThrough on real hosts, with each way closed in turn.
func TestNetcheckNamesWhatDoesNotGetThrough(t *testing.T) {
	Need(t)
	if _, err := exec.LookPath("nft"); err != nil {
		Skip(t, "nft is missing: apt-get install nftables")
	}
	l := mcdnsLAN(t, Config{Hosts: 3, Program: BuiltIn})
	h := l.Hosts[1]
	run := func(args ...string) {
		t.Helper()
		if out, err := h.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v, %s", args, err, out)
		}
	}
	nft := func(rules string) {
		t.Helper()
		cmd := h.Command("nft", "-f", "-")
		cmd.Stdin = strings.NewReader("add table inet lab\nflush table inet lab\nadd chain inet lab in { type filter hook input priority 0; }\n" + rules)
		if out, err := cmd.CombinedOutput(); err != nil {
			Skip(t, "this kernel has no nftables for the lab: "+string(out))
		}
	}
	says := func(args string, words ...string) {
		t.Helper()
		out, err := h.Command(l.cfg.Binaries.Mcdns, strings.Fields(args)...).CombinedOutput()
		for _, word := range words {
			if !strings.Contains(string(out), word) {
				t.Errorf("mcdns %s: %v; want %q in\n%s", args, err, word, out)
			}
		}
	}
	says("netcheck", "2 peers tried, 0 with a fault\n", " 1500  IPv")
	p, err := h.Peers()
	must(t, err)
	says("ping "+p.Peers[0].ID[:8], p.Peers[0].ID+": UDP ", "ms, 3 of 3 answered; ")
	says("ping 192.0.2.99", "mcdns: error: there is no peer 192.0.2.99\n")

	nft("add rule inet lab in tcp dport 7353 drop\nadd rule inet lab in tcp sport 7353 drop\n")
	says("netcheck", "FAIL ", ": TCP: no answer: a firewall on one of the two drops it; ", "2 peers tried, 2 with a fault\n")
	nft("add rule inet lab in meta pkttype host udp dport 7353 drop\n")
	says("netcheck", ": no datagram to it alone is answered, TCP is; let UDP and TCP port 7353 pass", "2 peers tried, 2 with a fault\n")
	says("ping --all", " no, 0 of 3 answered")
	nft("")
	run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=1")
	says("doctor rp-filter", "0 failed, 0 warnings")
	run("ip", "route", "add", "198.51.100.9/32", "dev", "lo") // else the way back is eth0's
	if out, err := l.Hosts[2].Command("ip", "address", "add", "198.51.100.9/32", "dev", "eth0").CombinedOutput(); err != nil {
		t.Fatalf("%v, %s", err, out)
	}
	beyond, err := l.Hosts[2].ListenPacket("udp4", "198.51.100.9:0")
	must(t, err)
	defer beyond.Close()
	_, err = beyond.WriteTo([]byte("from another subnet"), &net.UDPAddr{IP: net.IPv4(224, 0, 0, 254), Port: 7353})
	must(t, err)
	eventually(t, "the kernel has dropped it", func() bool {
		out, _ := h.Command(l.cfg.Binaries.Mcdns, "doctor", "rp-filter").CombinedOutput()
		return strings.Contains(string(out), "warn 40 rp-filter: rp_filter is strict on eth0, and has dropped packets since the boot: ")
	})
	run("ip", "link", "set", "eth0", "mtu", "1200")
	says("netcheck", "FAIL eth0 has an MTU of 1200, datagrams of the group need 1280: ip link set eth0 mtu 1280, or more\n")
	says("doctor mtu", "FAIL 39 mtu: eth0 has an MTU of 1200, datagrams of the group need 1280\n")
}
