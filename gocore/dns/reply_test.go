package dns

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	miekg "github.com/miekg/dns"
)

func TestReplyIsScrubbedToItsAnswer(t *testing.T) {
	www := "www.example.org"
	for _, c := range []struct {
		name                          string
		qname                         string
		typ                           uint16
		rcode                         int
		answer, authority, additional []string
		kind                          Kind
		ttl                           int
		want                          []string
	}{
		{
			name: "an address", qname: www, typ: TypeA,
			answer: []string{www + ". 300 IN A 192.0.2.1"},
			kind:   Positive, ttl: 300, want: []string{www + ".\t300\tIN\tA\t192.0.2.1"},
		}, {
			name: "nothing from authority and additional (CVE-2025-11411, CVE-2026-42960)", qname: www, typ: TypeA,
			answer:     []string{www + ". 300 IN A 192.0.2.1"},
			authority:  []string{"example.org. 300 IN NS evil.example.", soa},
			additional: []string{"evil.example. 300 IN A 198.51.100.66"},
			kind:       Positive, ttl: 300, want: []string{www + ".\t300\tIN\tA\t192.0.2.1"},
		}, {
			name: "nothing for other names", qname: www, typ: TypeA,
			answer: []string{"bank.example. 300 IN A 198.51.100.66", www + ". 300 IN A 192.0.2.1", "bank.example. 300 IN CNAME evil.example."},
			kind:   Positive, ttl: 300, want: []string{www + ".\t300\tIN\tA\t192.0.2.1"},
		}, {
			name: "nothing of other types", qname: www, typ: TypeA,
			answer: []string{www + ". 9 IN AAAA 2001:db8::1", www + ". 9 IN TXT x", www + ". 300 IN A 192.0.2.1"},
			kind:   Positive, ttl: 300, want: []string{www + ".\t300\tIN\tA\t192.0.2.1"},
		}, {
			name: "a chain in any order, the lowest TTL of it", qname: www, typ: TypeA,
			answer: []string{"c.example. 60 IN A 192.0.2.1", "b.example. 20 IN CNAME c.example.", www + ". 300 IN CNAME b.example."},
			kind:   Positive, ttl: 20,
			want: []string{www + ".\t300\tIN\tCNAME\tb.example.", "b.example.\t20\tIN\tCNAME\tc.example.", "c.example.\t60\tIN\tA\t192.0.2.1"},
		}, {
			name: "a DNAME's CNAME is a CNAME", qname: "a.old.example", typ: TypeA,
			answer: []string{"old.example. 300 IN DNAME new.example.", "a.old.example. 0 IN CNAME a.new.example.", "a.new.example. 60 IN A 192.0.2.1"},
			kind:   Positive, ttl: 60,
			want: []string{"a.old.example.\t300\tIN\tCNAME\ta.new.example.", "a.new.example.\t60\tIN\tA\t192.0.2.1"},
		}, {
			name: "a CNAME that the DNAME did not make is used once", qname: "a.old.example", typ: TypeA,
			answer: []string{"old.example. 300 IN DNAME new.example.", "a.old.example. 0 IN CNAME b.new.example.", "b.new.example. 60 IN A 192.0.2.1"},
			kind:   Positive, ttl: 0,
		}, {
			name: "nor did the DNAME of the name itself", qname: "old.example", typ: TypeA,
			answer: []string{"old.example. 300 IN DNAME new.example.", "old.example. 0 IN CNAME new.example.", "new.example. 60 IN A 192.0.2.1"},
			kind:   Positive, ttl: 0,
		}, {
			name: "a chain of DNAMEs", qname: "a.b.old.example", typ: TypeA,
			answer: []string{"old.example. 300 IN DNAME new.example.", "a.b.old.example. 0 IN CNAME a.b.new.example.",
				"b.new.example. 200 IN DNAME example.", "a.b.new.example. 0 IN CNAME a.example.", "a.example. 400 IN A 192.0.2.1"},
			kind: Positive, ttl: 200,
		}, {
			name: "case of names does not matter", qname: www, typ: TypeA,
			answer: []string{"WWW.EXAMPLE.ORG. 300 IN CNAME B.example.", "b.Example. 300 IN A 192.0.2.1"},
			kind:   Positive, ttl: 300,
			want: []string{www + ".\t300\tIN\tCNAME\tB.example.", "B.example.\t300\tIN\tA\t192.0.2.1"},
		}, {
			name: "the CNAME itself is asked for", qname: www, typ: TypeCNAME,
			answer: []string{www + ". 300 IN CNAME b.example.", www + ". 30 IN CNAME c.example.", "b.example. 9 IN CNAME d.example."},
			kind:   Positive, ttl: 300, want: []string{www + ".\t300\tIN\tCNAME\tb.example."},
		}, {
			name: "no data, SOA minimum below its TTL", qname: www, typ: TypeAAAA,
			authority: []string{soa},
			kind:      NoData, ttl: 300, want: []string{"example.org.\t3600\tIN\tSOA\tns.example.org. root.example.org. 1 7200 900 1209600 300"},
		}, {
			name: "no data at the end of a chain", qname: www, typ: TypeAAAA,
			answer:    []string{www + ". 120 IN CNAME b.example.org."},
			authority: []string{soa},
			kind:      NoData, ttl: 120,
		}, {
			name: "no such name", qname: "no.example.org", typ: TypeA, rcode: 3,
			authority: []string{"example.org. 200 IN SOA ns.example.org. root.example.org. 1 7200 900 1209600 3600"},
			kind:      NXDomain, ttl: 200,
		}, {
			name: "no SOA, as dnsmasq says it: a second", qname: "no.example.org", typ: TypeA, rcode: 3,
			kind: NXDomain, ttl: 1, want: []string{},
		}, {
			name: "an SOA of a zone the name is not in counts for nothing", qname: "no.example.org", typ: TypeA, rcode: 3,
			authority: []string{"example.net. 3600 IN SOA ns. root. 1 7200 900 1209600 300"},
			kind:      NXDomain, ttl: 1, want: []string{},
		}, {
			name: "the root's SOA", qname: "no-such-tld", typ: TypeA, rcode: 3,
			authority: []string{". 86400 IN SOA a.root-servers.net. nstld.verisign-grs.com. 1 1800 900 604800 86400"},
			kind:      NXDomain, ttl: 86400,
		}, {
			name: "a chain cut short is no data, used once", qname: www, typ: TypeA,
			answer: []string{www + ". 120 IN CNAME b.example.org."},
			kind:   NoData, ttl: 0, want: []string{www + ".\t120\tIN\tCNAME\tb.example.org."},
		}, {
			name: "addresses beside NXDOMAIN are not believed", qname: www, typ: TypeA, rcode: 3,
			answer: []string{www + ". 120 IN A 192.0.2.1"}, authority: []string{soa},
			kind: NXDomain, ttl: 300,
		}, {
			name: "other classes do not count", qname: www, typ: TypeA,
			answer: []string{www + ". 120 CH A 192.0.2.1"},
			kind:   NoData, ttl: 1, want: []string{},
		},
	} {
		q := question(t, c.qname, c.typ)
		b := reply(t, q, func(m *miekg.Msg) { m.Rcode = c.rcode }, c.answer, c.authority, c.additional)
		a, err := ParseReply(q, b)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if a.Question != q || a.Kind != c.kind || a.TTL != time.Duration(c.ttl)*time.Second || a.Rcode() != c.rcode {
			t.Errorf("%s: got %v kind %d TTL %v; want %v kind %d TTL %ds", c.name, a.Question, a.Kind, a.TTL, q, c.kind, c.ttl)
		}
		if got := a.Records(); c.want != nil && !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q; want %q", c.name, got, c.want)
		}
		if f, err := checkForm(a.Packed); err != nil || f.kind != a.Kind || f.private != a.Private {
			t.Errorf("%s: the answer made is not of the form that peers take: %+v, %v", c.name, f, err)
		}
	}
}

func TestReplyTTLBeyondItsBoundIsHeldThere(t *testing.T) {
	q := question(t, "a.example", TypeA)
	a, err := ParseReply(q, reply(t, q, nil, []string{"a.example. 4294967295 IN A 192.0.2.1"}, nil, nil))
	if err != nil || a.TTL != MaxTTL*time.Second {
		t.Errorf("got %v, %v; want %d s (RFC 8767 section 4)", a, err, MaxTTL)
	}
}

// A forger must not be able to end the wait for the real reply.
func TestJunkIsNoReply(t *testing.T) {
	q := question(t, "www.example.org", TypeA)
	good := reply(t, q, nil, []string{"www.example.org. 300 IN CNAME b.example.", "b.example. 300 IN A 192.0.2.1"}, []string{soa}, nil)
	other := question(t, "www.example.net", TypeA)
	twice := slices.Clone(good)
	twice[5] = 2
	for _, c := range []struct {
		name string
		b    []byte
	}{
		{"empty", nil},
		{"short", good[:11]},
		{"a query", reply(t, q, func(m *miekg.Msg) { m.Response = false }, nil, nil, nil)},
		{"another opcode", reply(t, q, func(m *miekg.Msg) { m.Opcode = miekg.OpcodeNotify }, nil, nil, nil)},
		{"another name", reply(t, other, nil, nil, nil, nil)},
		{"another type", reply(t, question(t, q.Name, TypeAAAA), nil, nil, nil, nil)},
		{"another class", reply(t, q, func(m *miekg.Msg) { m.Question[0].Qclass = miekg.ClassCHAOS }, nil, nil, nil)},
		{"no question", reply(t, q, func(m *miekg.Msg) { m.Question = nil }, nil, nil, nil)},
		{"SERVFAIL without a question", reply(t, q, func(m *miekg.Msg) { m.Question = nil; m.Rcode = miekg.RcodeServerFailure }, nil, nil, nil)},
		{"two questions", twice},
		{"more records than bytes", func() []byte { b := slices.Clone(good); b[6] = 0xFF; return b }()},
		{"an address of 3 bytes", func() []byte {
			b := reply(t, q, nil, nil, nil, nil)
			b[7] = 1
			return append(b, rawRR([]byte{0xC0, 12}, TypeA, 1, []byte{1, 2, 3})...)
		}()},
		{"a name that points at itself", func() []byte {
			b := reply(t, q, nil, nil, nil, nil)
			b[7] = 1
			at := byte(len(b))
			return append(b, rawRR([]byte{0xC0, at}, TypeA, 1, []byte{1, 2, 3, 4})...)
		}()},
	} {
		if a, err := ParseReply(q, c.b); !errors.Is(err, ErrMismatch) {
			t.Errorf("%s: got %v, %v; want ErrMismatch", c.name, a, err)
		}
	}
	for n := range good {
		if _, err := ParseReply(q, good[:n]); err == nil {
			// A positive needs no authority: only what is cut off there may pass.
			if a, _ := ParseReply(q, good[:n]); a.Kind != Positive {
				t.Errorf("cut to %d of %d bytes: taken as %v", n, len(good), a.Kind)
			}
		}
	}
}

func TestReplySaysWhyThereIsNoAnswer(t *testing.T) {
	q := question(t, "www.example.org", TypeA)
	rcode := func(n int) func(*miekg.Msg) { return func(m *miekg.Msg) { m.Rcode = n } }
	for _, c := range []struct {
		name  string
		b     []byte
		rcode int   // of an RcodeError, or
		want  error // this
	}{
		{"SERVFAIL", reply(t, q, rcode(2), nil, nil, nil), 2, nil},
		{"REFUSED", reply(t, q, rcode(5), nil, nil, nil), 5, nil},
		{"YXDOMAIN", reply(t, q, rcode(6), nil, nil, nil), 6, nil},
		{"FORMERR", reply(t, q, rcode(1), nil, nil, nil), 1, nil},
		{"FORMERR of a server older than EDNS", reply(t, q, func(m *miekg.Msg) { m.Rcode, m.Question = 1, nil }, nil, nil, nil), 1, nil},
		{"NOTIMP, header only", reply(t, q, func(m *miekg.Msg) { m.Rcode, m.Question = 4, nil }, nil, nil, nil), 4, nil},
		{"truncated", reply(t, q, func(m *miekg.Msg) { m.Truncated = true }, nil, nil, nil), 0, ErrTruncated},
		{"truncated SERVFAIL", reply(t, q, func(m *miekg.Msg) { m.Truncated, m.Rcode = true, 2 }, nil, nil, nil), 0, ErrTruncated},
		{"circle of one", reply(t, q, nil, []string{q.Name + " 1 IN CNAME " + q.Name}, nil, nil), 0, ErrUseless},
		{"circle of two", reply(t, q, nil, []string{q.Name + " 1 IN CNAME b.", "b. 1 IN CNAME WWW.example.org."}, nil, nil), 0, ErrUseless},
		{"12 CNAMEs", reply(t, q, nil, chain(q.Name, 12), nil, nil), 0, ErrUseless},
		{"nothing, of a server that does not recurse", reply(t, q, func(m *miekg.Msg) { m.RecursionAvailable = false }, nil, nil, nil), 0, ErrUseless},
		{"a referral", reply(t, q, func(m *miekg.Msg) { m.RecursionAvailable = false }, nil, []string{"example.org. 1 IN NS ns.example.org."}, nil), 0, ErrUseless},
	} {
		_, err := ParseReply(q, c.b)
		var re *RcodeError
		switch {
		case c.want != nil && !errors.Is(err, c.want):
			t.Errorf("%s: got %v; want %v", c.name, err, c.want)
		case c.want == nil && (!errors.As(err, &re) || re.Rcode != c.rcode):
			t.Errorf("%s: got %v; want RCODE %d", c.name, err, c.rcode)
		}
	}
	if _, err := ParseReply(q, reply(t, q, nil, chain(q.Name, 11), nil, nil)); err != nil {
		t.Errorf("11 CNAMEs: %v", err)
	}
}

// chain of n CNAMEs from a name, with an address at its end.
func chain(name string, n int) (lines []string) {
	for i := range n {
		next := string(rune('a'+i)) + ".example."
		lines = append(lines, name+" 300 IN CNAME "+next)
		name = next
	}
	return append(lines, name+" 300 IN A 192.0.2.1")
}

// 4000 names that a server compressed to two bytes each are a megabyte once
// unpacked.
func TestReplyThatUnpacksTooLongIsUseless(t *testing.T) {
	q := question(t, strings.Repeat("abcdefg.", 31), miekg.TypeNS)
	b := reply(t, q, nil, nil, nil, nil)
	for range 1000 {
		b = append(b, rawRR([]byte{0xC0, 12}, miekg.TypeNS, 1, []byte{0xC0, 12})...)
	}
	b[6], b[7] = 1000>>8, 1000&0xFF
	if a, err := ParseReply(q, b); !errors.Is(err, ErrUseless) {
		t.Errorf("got %v, %v; want ErrUseless", a, err)
	}
}

func TestServersErrorsAreNamed(t *testing.T) {
	for rcode, want := range map[int]string{2: "DNS server says SERVFAIL", 14: "DNS server says RCODE 14"} {
		if got := (&RcodeError{Rcode: rcode}).Error(); got != want {
			t.Errorf("got %q; want %q", got, want)
		}
	}
}

// hostile makes replies of 64 KiB that cost as much as can be had for the bytes.
func hostile(t testing.TB) map[string][]byte {
	q := question(t, "www.example.org", TypeA)
	head := reply(t, q, nil, nil, nil, nil)
	fill := func(b []byte, section int, next func(i int, at int) []byte) []byte {
		n := 0
		for {
			r := next(n, len(b))
			if r == nil || len(b)+len(r) > 65535 {
				break
			}
			b = append(b, r...)
			n++
		}
		b[section], b[section+1] = byte(n>>8), byte(n)
		return b
	}
	// A name of 127 labels, each reached by a pointer of its own.
	ladder := func(b []byte) ([]byte, int) {
		at := len(b) + 12
		var data []byte
		data = append(data, 0)
		last := at
		for range 126 {
			here := at + len(data)
			data = append(data, 1, 'a', 0xC0|byte(last>>8), byte(last))
			last = here
		}
		return append(b, rawRR([]byte{0xC0, 12}, 65280, 1, data)...), last
	}
	own := []byte{0xC0, 12}
	laddered, top := ladder(slices.Clone(head))
	deep := []byte{0xC0 | byte(top>>8), byte(top)}
	return map[string][]byte{
		"addresses of the question": fill(slices.Clone(head), 6, func(i, _ int) []byte {
			return rawRR(own, TypeA, 1, []byte{192, 0, byte(i >> 8), byte(i)})
		}),
		"the same address": fill(slices.Clone(head), 6, func(int, int) []byte { return rawRR(own, TypeA, 1, []byte{1, 2, 3, 4}) }),
		"CNAMEs of the root": fill(slices.Clone(head), 6, func(int, int) []byte {
			return rawRR([]byte{0}, TypeCNAME, 1, []byte{0})
		}),
		"CNAMEs of long names": fill(slices.Clone(laddered), 6, func(i, _ int) []byte {
			if i == 0 {
				return rawRR(own, TypeCNAME, 1, deep)
			}
			return rawRR(deep, TypeCNAME, 1, []byte{0})
		}),
		"owners of long names":     fill(slices.Clone(laddered), 6, func(int, int) []byte { return rawRR(deep, TypeA, 1, []byte{1, 2, 3, 4}) }),
		"signatures of long names": fill(slices.Clone(laddered), 6, func(int, int) []byte { return rawRR(deep, 46, 1, nil) }),
		"SOAs of long names":       fill(slices.Clone(laddered), 8, func(int, int) []byte { return rawRR(deep, TypeSOA, 1, nil) }),
		"additional": fill(slices.Clone(head), 10, func(int, int) []byte {
			return rawRR([]byte{0}, 41, 1, nil)
		}),
	}
}

func TestHostileReplyCostsLittle(t *testing.T) {
	plain := question(t, "www.example.org", TypeA)
	signed := plain
	signed.Flags = DO
	all := hostile(t)
	for name, b := range all {
		for _, q := range []Question{plain, signed} {
			costsLittle(t, fmt.Sprintf("%s, flags %d", name, q.Flags), q, b, all["addresses of the question"])
		}
	}
}

// mostTimesHonest is how much dearer than an honest reply of the same size one may be: the
// dearest takes 4 to 12 times as long. What looks at each record for each record takes
// hundreds of times as long.
const mostTimesHonest = 20

func costsLittle(t *testing.T, name string, q Question, b, honest []byte) {
	t.Helper()
	best, unit := time.Hour, time.Hour
	// A busy machine takes its time in slices: the cost is the best of what it gave,
	// beside the best of the honest reply in the same moments.
	for i := 0; i < 10 || (best > mostTimesHonest*unit && i < 300); i++ {
		start := time.Now()
		ParseReply(q, honest)
		between := time.Now()
		ParseReply(q, b)
		unit, best = min(unit, between.Sub(start)), min(best, time.Since(between))
	}
	if best > mostTimesHonest*unit {
		t.Errorf("%s: %d bytes took %v, an honest reply %v; want at most %d times as long", name, len(b), best, unit, mostTimesHonest)
	}
	if got := allocated(func() { ParseReply(q, b) }); got > 1<<20 {
		t.Errorf("%s: %d bytes allocated %d; want at most 1 MiB", name, len(b), got)
	}
	t.Logf("%s: %v, x%.1f", name, best, float64(best)/float64(unit))
}
