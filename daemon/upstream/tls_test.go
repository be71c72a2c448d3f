package upstream

import (
	"crypto/tls"
	"net"
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

// TestOpportunisticTLSStandsAgain: after a connection that was closed the next is
// made, and not only a quarter of an hour later.
func TestOpportunisticTLSStandsAgain(t *testing.T) {
	s, _ := startTLS(t, "whoever.example")
	besideTLS(t, s.addr)
	client := New(4, nil)
	defer client.Close()
	client.SetTLS(TLS{Mode: TLSOpportunistic, Config: &tls.Config{}})
	for range 3 {
		mustAnswer(t, client, s.addr)
		standsTLS(t, client, s.addr)
		s.hangUp()
		until(t, "the end of the connection", func() bool { return client.tls.Load().kept(s.addr) == nil })
	}
}

// TestServerThatHangsUpAfterTheHandshakeIsAskedByUDP: each try costs a lookup its
// time, so there is one in a quarter of an hour.
func TestServerThatHangsUpAfterTheHandshakeIsAskedByUDP(t *testing.T) {
	cert, _ := certificate(t, "whoever.example")
	l := tls.NewListener(listen(t), &tls.Config{Certificates: []tls.Certificate{cert}})
	s := startTCP(t, l, func(net.Conn, []byte) bool { return false })
	datagrams := besideTLS(t, s.addr)
	client := New(4, nil)
	defer client.Close()
	client.SetTLS(TLS{Mode: TLSOpportunistic, Config: &tls.Config{}})
	mustAnswer(t, client, s.addr)
	standsTLS(t, client, s.addr)
	mustAnswer(t, client, s.addr)
	before := s.connections.Load()
	for range 10 {
		mustAnswer(t, client, s.addr)
	}
	if tried := s.connections.Load() - before; tried != 0 || datagrams.Load() != 12 {
		t.Errorf("%d connections more, %d datagrams; want none and 12", tried, datagrams.Load())
	}
}

// TestServerWithANameIsAskedByVerifiedTLSAlone, whatever the mode is for the others.
func TestServerWithANameIsAskedByVerifiedTLSAlone(t *testing.T) {
	s, pool := startTLS(t, "dns.example")
	datagrams := besideTLS(t, s.addr)
	other, _ := startTLS(t, "whoever.example")
	plain := besideTLS(t, other.addr)
	client := New(4, nil)
	defer client.Close()
	verified := func(name string) TLS {
		return TLS{Verified: map[netip.AddrPort]string{s.addr: name}, Config: &tls.Config{RootCAs: pool}}
	}
	for _, mode := range []TLSMode{TLSOff, TLSOpportunistic} {
		right := verified("dns.example")
		right.Mode = mode
		client.SetTLS(right)
		mustAnswer(t, client, s.addr)
	}
	client.SetTLS(verified("evil.example"))
	if r := ask(t, client, s.addr, patience); r.Answer != nil {
		t.Error("whoever bears another name is asked")
	}
	if n := datagrams.Load(); n != 0 {
		t.Errorf("%d questions left in the clear", n)
	}
	mustAnswer(t, client, other.addr)
	if n := plain.Load(); n != 1 || other.connections.Load() != 0 {
		t.Errorf("%d datagrams and %d connections to a server without a name; want 1 and 0", n, other.connections.Load())
	}
}
