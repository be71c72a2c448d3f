package upstream

import (
	"crypto/tls"
	"net/netip"
	"testing"
)

// TestStrictTLSLeavesConnectionsOfOtherSettings: what was good enough without
// verification is not any more; that the log is another is no reason.
func TestStrictTLSLeavesConnectionsOfOtherSettings(t *testing.T) {
	s, pool := startTLS(t, "dns.example")
	besideTLS(t, s.addr)
	conf := &tls.Config{RootCAs: pool}
	names := func(name string) map[netip.Addr]string { return map[netip.Addr]string{s.addr.Addr(): name} }
	client := New(4, nil)
	defer client.Close()
	client.SetTLS(TLS{Mode: TLSOpportunistic, Names: names("evil.example"), Config: conf})
	mustAnswer(t, client, s.addr)
	standsTLS(t, client, s.addr)
	client.SetTLS(TLS{Mode: TLSStrict, Names: names("evil.example"), Config: conf})
	if r := ask(t, client, s.addr, patience); r.Answer != nil {
		t.Error("strict: got an answer over a connection that nobody verified")
	}
	client.SetTLS(TLS{Mode: TLSStrict, Names: names("dns.example"), Config: conf})
	mustAnswer(t, client, s.addr)
	stands := client.tls.Load().kept(s.addr)
	client.SetTLS(TLS{Mode: TLSStrict, Names: names("dns.example"), Config: conf})
	if client.tls.Load().kept(s.addr) != stands {
		t.Error("the same setting took a connection away")
	}
	client.SetTLS(TLS{Mode: TLSStrict, Names: names("other.example"), Config: conf})
	if r := ask(t, client, s.addr, patience); r.Answer != nil {
		t.Error("got an answer over a connection to another name")
	}
}
