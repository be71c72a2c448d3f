package parity

import (
	"strings"
	"testing"
	"time"

	"mcdns/test/checks"
	"mcdns/test/lab"
)

// A program's own timeout, attempts and use-vc count as with nss-dns: a real program with
// RES_OPTIONS finds what one without does not, on both hosts.
func TestProgramsOwnOptionsCountAsWithNssDns(t *testing.T) {
	p := newPair(t)
	p.options(t, "options timeout:1 attempts:1\n")
	servers := func(change func(*lab.Server) error) {
		t.Helper()
		for _, l := range p.server {
			if err := change(l.Server); err != nil {
				t.Fatal(err)
			}
		}
	}
	slow := func(s *lab.Server) error { return s.Slow(1500 * time.Millisecond) }
	noUDP := func(s *lab.Server) error { return s.Swallow("udp") }
	for i, c := range []struct {
		why     string
		server  func(*lab.Server) error
		name    string
		options string
	}{
		{"a longer timeout", slow, "four.lan.example", "timeout:5"},
		{"more attempts", slow, "MixedCase.lan.example", "attempts:3"},
		{"use-vc", noUDP, "under_score.lan.example", "use-vc"},
	} {
		if i > 0 && checks.File == "" {
			return // each waits for time-outs
		}
		servers((*lab.Server).On)
		servers(c.server)
		question := []string{"name2 2 " + c.name}
		for _, h := range []*lab.Host{p.dns, p.mcdns} {
			without := p.answers(t, h, question, nil)[0]
			with := p.answers(t, h, question, []string{"RES_OPTIONS=" + c.options})[0]
			if !failed(without) || !strings.Contains(with, "192.0.2.") {
				t.Errorf("%s, hosts: %v: without it %q, with it %q; want to try again, and an address", c.why, h == p.mcdns, without, with)
			}
		}
	}
	for _, q := range p.server[1].Server.Queries() {
		if strings.EqualFold(q.Name, "under_score.lan.example.") && q.Net == "tcp" {
			return
		}
	}
	t.Error("mcdnsd asked nothing over TCP")
}
