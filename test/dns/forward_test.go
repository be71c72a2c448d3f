package dns

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// TestDomainsGoWhereTheConfigurationSends: the whole daemon, its configuration
// as written.
func TestDomainsGoWhereTheConfigurationSends(t *testing.T) {
	all := newServer(t, one(0, "@ 60 IN A 192.0.2.1"))
	corp := newServer(t, one(0, "@ 60 IN A 10.0.0.80"))
	d := newDaemon(t, "[servers]\nservers = "+all.addr.String()+", corp.example: "+corp.addr.String())
	for name, want := range map[string]string{"www.example.": "192.0.2.1", "corp.example.": "10.0.0.80", "a.b.corp.example.": "10.0.0.80", "notcorp.example.": "192.0.2.1"} {
		r := ask(t, d.addr, name, dns.TypeA)
		if len(r.Answer) != 1 || r.Answer[0].(*dns.A).A.String() != want {
			t.Errorf("%s: got %v; want %s", name, r.Answer, want)
		}
	}
	for _, a := range all.all() {
		if name := strings.ToLower(a.msg.Question[0].Name); name == "corp.example." || strings.HasSuffix(name, ".corp.example.") {
			t.Errorf("the servers for all were asked for %s", name)
		}
	}
}

// TestNextQuestionIsAnsweredAtOnce: what is fetched ahead is there before it is
// asked for: whatever the server is asked from then on it does not answer.
func TestNextQuestionIsAnsweredAtOnce(t *testing.T) {
	s := newServer(t, func(_ string, q *dns.Msg) []*dns.Msg {
		switch q.Question[0].Qtype {
		case dns.TypeMX:
			return one(0, "@ 60 IN MX 10 mail.example.")("", q)
		case dns.TypeA:
			return one(0, "@ 60 IN A 192.0.2.25")("", q)
		}
		return one(0, zoneSOA)("", q)
	})
	on, off := newDaemon(t, "", s.addr), newDaemon(t, "[cache]\nfetch_ahead = no", s.addr)
	ask(t, off.addr, "off.example.", dns.TypeA)
	ask(t, on.addr, "example.", dns.TypeMX)
	await(t, func() bool {
		return s.count("mail.example.", dns.TypeA) >= 1 && s.count("mail.example.", dns.TypeAAAA) >= 1
	})
	s.mu.Lock()
	s.handle = func(string, *dns.Msg) []*dns.Msg { return nil }
	s.mu.Unlock()
	for typ, records := range map[uint16]int{dns.TypeA: 1, dns.TypeAAAA: 0} {
		if r := ask(t, on.addr, "mail.example.", typ); r.Rcode != dns.RcodeSuccess || len(r.Answer) != records {
			t.Errorf("mail.example %s: got %v; want what was fetched ahead", dns.TypeToString[typ], r)
		}
	}
	if n := s.count("off.example.", dns.TypeAAAA); n != 0 {
		t.Errorf("fetch_ahead = no: the other family was asked for %d times", n)
	}
}
