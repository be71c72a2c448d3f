package config

import (
	"log/slog"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
)

// Every line of the shipped file says it is the default: a default that changes
// here has to change there, and a new setting has to be told there.
func TestShippedFileAndManualHaveEverySetting(t *testing.T) {
	text, err := os.ReadFile("../../packaging/etc/mcdnsd.conf")
	if err != nil {
		t.Fatal(err)
	}
	// A Config of other values: what the file leaves out keeps them.
	server := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:53")}
	c := Config{
		Group: Group{Port: 1, Interfaces: []string{"x"}}, Servers: server, Fallback: server, Verified: map[netip.AddrPort]string{server[0]: "x"}, Cache: Cache{Size: 1, MinTTL: 1, Save: "x"},
		Names: Names{
			NoShare: []string{"x"}, LocalOnly: []string{"x"}, Forward: []string{"x"}, Hosts: true,
			StopRebinding: true, PrivateNames: []string{"x"},
		},
		Routes: []Route{{Domain: "x"}}, TLS: 2, TLSNames: map[netip.Addr]string{{}: "x"}, Listen: server, ListenBeyond: true,
		Metrics: server, MetricsBeyond: true,
		Level: slog.LevelDebug,
	}
	for _, w := range Parse(&c, "mcdnsd.conf", text) {
		t.Error(w)
	}
	if want := Default(); !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v; want %+v", c, want)
	}
	page, err := os.ReadFile("../../packaging/man/mcdnsd.conf.5")
	if err != nil {
		t.Fatal(err)
	}
	for section, keys := range settings {
		_, lines, _ := strings.Cut(string(text), "\n["+section+"]\n")
		lines, _, _ = strings.Cut(lines, "\n[")
		_, chapter, _ := strings.Cut(string(page), "\n.Sh ["+section+"]\n")
		chapter, _, _ = strings.Cut(chapter, "\n.Sh ")
		for key := range keys {
			if !strings.Contains(lines, "\n"+key+" =") {
				t.Errorf("[%s] %s is not in the file", section, key)
			}
			if n := strings.Count(chapter, "\n.It Ic "+key+" "); n != 1 {
				t.Errorf("[%s] %s is %d times in mcdnsd.conf(5)", section, key, n)
			}
		}
	}
}
