package request

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	miekg "github.com/miekg/dns"

	"mcdns/gocore/dns"
)

// request packs what a client would send.
func request(t testing.TB, name string, typ uint16, change func(*miekg.Msg)) []byte {
	t.Helper()
	m := new(miekg.Msg)
	m.SetQuestion(miekg.Fqdn(name), typ)
	m.Id = 0x1234
	if change != nil {
		change(m)
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func edns(m *miekg.Msg) *miekg.OPT {
	m.SetEdns0(1232, false)
	return m.IsEdns0()
}

// TestOddRequestsAreAnsweredAsBCP231Wants: a server that drops or misanswers
// what it does not know makes clients give up on the protocol (RFC 8906).
func TestOddRequestsAreAnsweredAsBCP231Wants(t *testing.T) {
	for _, c := range []struct {
		name   string
		typ    uint16
		change func(*miekg.Msg)
		rcode  int
	}{
		{"plain", dns.TypeA, nil, dns.RcodeSuccess},
		{"unknown type", 65280, nil, dns.RcodeSuccess},
		{"any", miekg.TypeANY, nil, dns.RcodeSuccess},
		{"zone transfer", miekg.TypeAXFR, nil, dns.RcodeRefused},
		{"incremental transfer", miekg.TypeIXFR, nil, dns.RcodeRefused},
		{"incremental transfer with what the client has", miekg.TypeIXFR, func(m *miekg.Msg) {
			m.Ns = record(t, "example.org. 3600 IN SOA ns.example.org. root.example.org. 1 7200 900 1209600 300")
		}, dns.RcodeRefused},
		{"an SOA beside another question", dns.TypeA, func(m *miekg.Msg) {
			m.Ns = record(t, "example.org. 3600 IN SOA ns.example.org. root.example.org. 1 7200 900 1209600 300")
		}, dns.RcodeFormatError},
		{"meta type", miekg.TypeMAILB, nil, dns.RcodeNotImplemented},
		{"OPT as type", miekg.TypeOPT, nil, dns.RcodeFormatError},
		{"class CH", miekg.TypeTXT, func(m *miekg.Msg) { m.Question[0].Qclass = miekg.ClassCHAOS }, dns.RcodeRefused},
		{"unknown class", dns.TypeA, func(m *miekg.Msg) { m.Question[0].Qclass = 666 }, dns.RcodeRefused},
		{"no recursion", dns.TypeA, func(m *miekg.Msg) { m.RecursionDesired = false }, dns.RcodeRefused},
		{"unknown opcode", dns.TypeA, func(m *miekg.Msg) { m.Opcode = 15 }, dns.RcodeNotImplemented},
		{"notify", dns.TypeSOA, func(m *miekg.Msg) { m.Opcode = miekg.OpcodeNotify }, dns.RcodeNotImplemented},
		{"update", dns.TypeSOA, func(m *miekg.Msg) { m.Opcode = miekg.OpcodeUpdate }, dns.RcodeNotImplemented},
		{"Z bit", dns.TypeA, func(m *miekg.Msg) { m.Zero = true }, dns.RcodeSuccess},
		{"AD and CD", dns.TypeA, func(m *miekg.Msg) { m.AuthenticatedData, m.CheckingDisabled = true, true }, dns.RcodeSuccess},
		{"no question", dns.TypeA, func(m *miekg.Msg) { m.Question = nil }, dns.RcodeFormatError},
		{"two questions", dns.TypeA, func(m *miekg.Msg) { m.Question = append(m.Question, m.Question[0]) }, dns.RcodeFormatError},
		{"an answer in it", dns.TypeA, func(m *miekg.Msg) { m.Answer = record(t, "x. 1 IN A 192.0.2.1") }, dns.RcodeFormatError},
		{"EDNS", dns.TypeA, func(m *miekg.Msg) { edns(m) }, dns.RcodeSuccess},
		{"EDNS version 1", dns.TypeA, func(m *miekg.Msg) { edns(m).SetVersion(1) }, dns.RcodeBadVersion},
		{"unknown EDNS flag", dns.TypeA, func(m *miekg.Msg) { edns(m).SetZ(0x0040) }, dns.RcodeSuccess},
		{"unknown EDNS option", dns.TypeA, func(m *miekg.Msg) {
			edns(m).Option = []miekg.EDNS0{&miekg.EDNS0_LOCAL{Code: 65001, Data: []byte("x")}}
		}, dns.RcodeSuccess},
		{"two OPTs", dns.TypeA, func(m *miekg.Msg) { m.Extra = append(m.Extra, edns(m), edns(m)) }, dns.RcodeFormatError},
	} {
		r, ok := Parse(request(t, "WWW.Example", c.typ, c.change))
		if !ok || r.Rcode != c.rcode {
			t.Errorf("%s: got %v, RCODE %d; want RCODE %d", c.name, ok, r.Rcode, c.rcode)
			continue
		}
		res := Reply{Rcode: r.Rcode, EDE: dns.NoEDE}
		var m miekg.Msg
		if err := m.Unpack(r.AppendReply(nil, res)); err != nil {
			t.Errorf("%s: reply: %v", c.name, err)
		} else if m.Rcode != c.rcode || m.Id != 0x1234 || !m.Response || m.Zero || m.AuthenticatedData ||
			m.RecursionAvailable == (c.rcode == dns.RcodeNotImplemented) || (m.IsEdns0() != nil) != r.EDNS {
			t.Errorf("%s: got reply %v", c.name, m.String())
		} else if o := m.IsEdns0(); o != nil && (o.Version() != 0 || len(o.Option) > 0 || o.Z() != 0) {
			t.Errorf("%s: got OPT %v; want version 0, no options, no flags", c.name, o)
		} else if c.name == "AD and CD" && !m.CheckingDisabled {
			t.Errorf("CD is not repeated")
		}
	}
}

func TestNoReplyToReplies(t *testing.T) {
	for name, p := range map[string][]byte{
		"a reply":             request(t, "x.example", dns.TypeA, func(m *miekg.Msg) { m.Response = true }),
		"less than a header":  make([]byte, 11),
		"nothing":             nil,
		"a reply of a header": {0, 1, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	} {
		if _, ok := Parse(p); ok {
			t.Errorf("%s would be answered", name)
		}
	}
}

// TestHostileRequestCostsLittle: counts and option lists of one datagram must
// not buy work (CoreDNS CVE-2026-82399, CVE-2026-41292).
func TestHostileRequestCostsLittle(t *testing.T) {
	many := request(t, "x.example", dns.TypeA, func(m *miekg.Msg) {
		o := edns(m)
		for range 1000 {
			o.Option = append(o.Option, &miekg.EDNS0_LOCAL{Code: 65001})
		}
	})
	questions := make([]byte, 1471)
	questions[5] = 201
	lies := request(t, "x.example", dns.TypeA, nil)
	lies[10], lies[11] = 0xFF, 0xFF
	for name, p := range map[string][]byte{"1000 options": many, "201 questions": questions, "65535 records claimed": lies} {
		if got := testing.AllocsPerRun(100, func() { Parse(p) }); got > 2 {
			t.Errorf("%s: %v allocations; want 2 at most", name, got)
		}
		r, _ := Parse(p)
		if got := r.AppendReply(nil, Reply{Rcode: r.Rcode, EDE: dns.NoEDE}); len(got) > 64 {
			t.Errorf("%s: a reply of %d bytes", name, len(got))
		}
	}
}

func respond(t *testing.T, p []byte, res Reply) *miekg.Msg {
	t.Helper()
	r, ok := Parse(p)
	if !ok {
		t.Fatal("no request")
	}
	m := new(miekg.Msg)
	b := r.AppendReply([]byte("before"), res)
	if !bytes.HasPrefix(b, []byte("before")) {
		t.Fatal("what stood before was changed")
	}
	if err := m.Unpack(b[6:]); err != nil {
		t.Fatalf("reply %x: %v", b, err)
	}
	return m
}

func TestReplyKeepsTheClientsSpellingAndCountsTTLsDown(t *testing.T) {
	a := answer(t, "www.example", dns.TypeA, 0, "www.example. 300 IN CNAME b.example.", "b.example. 60 IN A 192.0.2.1", "b.example. 60 IN A 192.0.2.2")
	m := respond(t, request(t, "wWw.eXample", dns.TypeA, nil), Reply{Answer: a, Age: 9500 * time.Millisecond, TTL: 50 * time.Second, EDE: dns.NoEDE})
	var got []string
	for _, rr := range m.Answer {
		got = append(got, strings.ReplaceAll(rr.String(), "\t", " "))
	}
	want := "wWw.eXample. 290 IN CNAME b.example.|b.example. 50 IN A 192.0.2.1|b.example. 50 IN A 192.0.2.2"
	if s := strings.Join(got, "|"); s != want || m.Question[0].Name != "wWw.eXample." || !m.RecursionAvailable || m.Truncated {
		t.Errorf("got %s\nwant %s", s, want)
	}
	stale := respond(t, request(t, "www.example", dns.TypeA, func(m *miekg.Msg) { edns(m) }), Reply{Answer: a, Age: time.Hour, TTL: 30 * time.Second, EDE: dns.EDEStale})
	for _, rr := range stale.Answer {
		if rr.Header().Ttl != 30 {
			t.Errorf("stale: got %v; want TTL 30", rr)
		}
	}
	if o := stale.IsEdns0(); o == nil || len(o.Option) != 1 || o.Option[0].(*miekg.EDNS0_EDE).InfoCode != 3 {
		t.Errorf("stale: got %v; want EDE 3", stale.IsEdns0())
	}
	no := answer(t, "no.example", dns.TypeA, 3, "example. 900 IN SOA a. b. 1 2 3 4 60")
	if m := respond(t, request(t, "no.example", dns.TypeA, nil), Reply{Answer: no, TTL: 60 * time.Second, EDE: dns.NoEDE}); m.Rcode != 3 || len(m.Ns) != 1 || m.Ns[0].Header().Ttl != 60 {
		t.Errorf("negative: got %v; want the SOA with TTL 60 (RFC 2308 section 5)", m)
	}
}

// TestRepliesGoRound: every record is the first in its turn, chain and signatures
// stay where they are, and what is held does not change.
func TestRepliesGoRound(t *testing.T) {
	set := []string{"b.example. 60 IN A 192.0.2.1", "b.example. 60 IN A 192.0.2.2", "b.example. 60 IN A 192.0.2.3"}
	sig := "b.example. 60 IN RRSIG A 13 2 60 20300101000000 20200101000000 1 example. AAAA"
	for _, flags := range []dns.Flags{0, dns.DO} {
		q := question(t, "www.example", dns.TypeA)
		q.Flags = flags
		a, err := dns.ParseAnswer(q, 0, append([]string{"www.example. 300 IN CNAME b.example."}, append(set, sig)...))
		if err != nil {
			t.Fatal(err)
		}
		before := slices.Clone(a.Packed)
		for turn := range uint32(4) {
			m := respond(t, request(t, "www.example", dns.TypeA, func(m *miekg.Msg) { m.SetEdns0(1232, flags == dns.DO) }), Reply{Answer: a, TTL: time.Minute, Turn: turn})
			var got []string
			for _, rr := range m.Answer {
				if addr, is := rr.(*miekg.A); is {
					got = append(got, addr.A.String()[8:])
				} else {
					got = append(got, miekg.TypeToString[rr.Header().Rrtype])
				}
			}
			want := []string{"CNAME 1 2 3", "CNAME 2 3 1", "CNAME 3 1 2", "CNAME 1 2 3"}[turn]
			if flags == dns.DO {
				want += " RRSIG"
			}
			if s := strings.Join(got, " "); s != want {
				t.Errorf("flags %d, turn %d: got %s; want %s", flags, turn, s, want)
			}
		}
		if !bytes.Equal(a.Packed, before) {
			t.Error("what is held was changed")
		}
	}
}

func TestLongReplyIsCutAndSaysSo(t *testing.T) {
	var records []string
	for i := range 100 {
		records = append(records, fmt.Sprintf("x.example. 60 IN A 192.0.2.%d", i))
	}
	a := answer(t, "x.example", dns.TypeA, 0, records...)
	for _, c := range []struct {
		name   string
		change func(*miekg.Msg)
		tcp    bool
		size   int
		full   bool
	}{
		{"UDP without EDNS", nil, false, 512, false},
		{"UDP with EDNS 1232", func(m *miekg.Msg) { edns(m) }, false, 1232, false},
		{"UDP with EDNS 4096", func(m *miekg.Msg) { m.SetEdns0(4096, false) }, false, 1232, false},
		{"UDP with EDNS 1", func(m *miekg.Msg) { m.SetEdns0(1, false) }, false, 512, false},
		{"TCP", nil, true, 65535, true},
	} {
		m := respond(t, request(t, "x.example", dns.TypeA, c.change), Reply{Answer: a, TTL: time.Minute, EDE: dns.NoEDE, TCP: c.tcp})
		if m.Truncated == c.full || (len(m.Answer) == 100) != c.full || m.Len() > c.size {
			t.Errorf("%s: TC %v, %d records, %d bytes", c.name, m.Truncated, len(m.Answer), m.Len())
		}
	}
	r, _ := Parse(request(t, "x.example", miekg.TypeANY, nil))
	if m := respond(t, request(t, "x.example", miekg.TypeANY, nil), Reply{Answer: r.AnyAnswer(), TTL: time.Hour, EDE: dns.NoEDE}); len(m.Answer) != 1 || m.Answer[0].Header().Rrtype != miekg.TypeHINFO {
		t.Errorf("any: got %v; want one HINFO (RFC 8482)", m)
	}
}

// FuzzRequest holds Parse against miekg/dns: what is to be answered must
// be a message to both, with the same question.
func FuzzRequest(f *testing.F) {
	f.Add(request(f, "www.example", dns.TypeA, nil))
	f.Add(request(f, "www.example", miekg.TypeANY, func(m *miekg.Msg) { edns(m) }))
	f.Add(request(f, `a\000b.example`, 65280, func(m *miekg.Msg) { m.SetEdns0(4096, true) }))
	f.Fuzz(func(t *testing.T, p []byte) {
		r, ok := Parse(p)
		if !ok {
			return
		}
		var m, back miekg.Msg
		if r.Rcode == dns.RcodeSuccess {
			if err := m.Unpack(p); err == nil && (len(m.Question) != 1 || m.Question[0].Qtype != r.Question.Type || m.Id != r.ID) {
				t.Fatalf("got %+v of %v", r, m.String())
			}
		}
		b := r.AppendReply(nil, Reply{Rcode: r.Rcode, EDE: dns.EDENotSupport})
		if err := back.Unpack(b); err != nil {
			t.Fatalf("reply %x: %v", b, err)
		}
		if back.Id != r.ID || !back.Response {
			t.Fatalf("reply %v", back.String())
		}
	})
}
