package dns

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// ede is the extended error of a reply, -1 if it has none.
func ede(m *dns.Msg) int {
	if o := m.IsEdns0(); o != nil {
		for _, option := range o.Option {
			if e, is := option.(*dns.EDNS0_EDE); is {
				return int(e.InfoCode)
			}
		}
	}
	return -1
}

// TestOutageSeenThroughTheListener: what clients of the listener get while the
// only server is dead, and that it says so (RFC 8767, RFC 8914).
func TestOutageSeenThroughTheListener(t *testing.T) {
	var dead atomic.Bool
	s := newServer(t, func(_ string, q *dns.Msg) []*dns.Msg {
		if dead.Load() {
			return nil
		}
		switch q.Question[0].Qtype {
		case dns.TypeA:
			return one(0, "@ 1 IN A 192.0.2.7")("", q)
		case dns.TypeAAAA:
			return one(0, "example. 1 IN SOA a. b. 1 2 3 4 1")("", q)
		}
		return one(3, "example. 1 IN SOA a. b. 1 2 3 4 1")("", q)
	})
	d := newDaemon(t, "", s.addr)
	withEDNS := func(do bool) func(*dns.Msg) { return func(m *dns.Msg) { m.SetEdns0(1232, do) } }
	for _, typ := range []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeMX} {
		if r := ask(t, d.addr, "www.example.", typ, withEDNS(false)); ede(r) != -1 {
			t.Errorf("server alive: got %v; want no extended error", r)
		}
	}
	dead.Store(true)
	<-time.After(1100 * time.Millisecond) // the TTLs
	for _, c := range []struct {
		name    string
		typ     uint16
		do      bool
		rcode   int
		records int
		ede     int
	}{
		{"www.example.", dns.TypeA, false, 0, 1, 3},
		{"www.example.", dns.TypeAAAA, false, 0, 0, 3},
		{"www.example.", dns.TypeMX, false, 3, 0, 19},
		{"www.example.", dns.TypeA, true, 0, 1, 3}, // nothing with signatures is held
		{"new.example.", dns.TypeA, false, 2, 0, 22},
	} {
		r := ask(t, d.addr, c.name, c.typ, withEDNS(c.do))
		if r.Rcode != c.rcode || len(r.Answer) != c.records || ede(r) != c.ede || r.AuthenticatedData {
			t.Errorf("%s %s do=%v: got %v; want RCODE %d, %d records, EDE %d", c.name, dns.TypeToString[c.typ], c.do, r, c.rcode, c.records, c.ede)
		}
		for _, rr := range append(r.Answer, r.Ns...) {
			if rr.Header().Ttl != 1 { // 30, or its own if less
				t.Errorf("got %v; want TTL 1", rr)
			}
		}
	}
	dead.Store(false)
	await(t, func() bool {
		r := ask(t, d.addr, "www.example.", dns.TypeA, withEDNS(false))
		return len(r.Answer) == 1 && ede(r) == -1
	})
}
