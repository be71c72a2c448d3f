package dns

import (
	"slices"
	"strings"
	"testing"

	miekg "github.com/miekg/dns"
)

const sig = " 0 8 2 300 20300101000000 20200101000000 1 example. AAAA"

// TestSignaturesPassUnharmed: whoever sets DO validates; records that are no
// part of the proof stay out all the same.
func TestSignaturesPassUnharmed(t *testing.T) {
	rrsig := func(owner, covers string) string {
		return owner + " 300 IN RRSIG " + covers + strings.Replace(sig, " 0 ", " ", 1)
	}
	q := question(t, "www.example", TypeA)
	q.Flags = DO
	answers := []string{
		"www.example. 300 IN CNAME a.b.example.", rrsig("www.example.", "CNAME"),
		"b.example. 300 IN DNAME c.example.", rrsig("b.example.", "DNAME"),
		"a.b.example. 300 IN CNAME a.c.example.",
		"a.c.example. 60 IN A 192.0.2.1", rrsig("a.c.example.", "A"),
	}
	foreign := []string{"evil.example. 300 IN A 192.0.2.66", rrsig("evil.example.", "A"), "a.c.example. 5 IN TXT x", "d.example. 5 IN DNAME e.example."}
	proofs := []string{"a.example. 300 IN NSEC z.example. A", rrsig("a.example.", "NSEC")}
	b := reply(t, q, nil, append(slices.Clone(answers), foreign...), append(slices.Clone(proofs), "example. 300 IN NS ns.example."), []string{"ns.example. 5 IN A 192.0.2.5"})
	a, err := ParseReply(q, b)
	if err != nil {
		t.Fatal(err)
	}
	var m miekg.Msg
	if err := m.Unpack(a.Packed); err != nil {
		t.Fatal(err)
	}
	if len(m.Answer) != len(answers) || len(m.Ns) != len(proofs) || len(m.Extra) != 0 {
		t.Errorf("got %d, %d, %d records; want %d, %d, 0:\n%v", len(m.Answer), len(m.Ns), len(m.Extra), len(answers), len(proofs), m.String())
	}
	if a.TTL.Seconds() != 60 || a.Kind != Positive {
		t.Errorf("got TTL %v, kind %d; want 1m, positive", a.TTL, a.Kind)
	}
	plain := q
	plain.Flags = 0
	if a, err = ParseReply(plain, b); err != nil || len(a.Records()) != 3 {
		t.Errorf("without DO: got %v, %v; want three records", a.Records(), err)
	}
}

func TestFlagsAreAskedForAndPartOfTheQuestion(t *testing.T) {
	for flags, want := range map[Flags][2]bool{0: {}, DO: {true, false}, CD: {false, true}, DO | CD: {true, true}} {
		q := question(t, "www.example", TypeA)
		plain := q
		q.Flags = flags
		var m miekg.Msg
		if err := m.Unpack(AppendQuery(nil, q, 7, true)); err != nil {
			t.Fatal(err)
		}
		if got := [2]bool{m.IsEdns0().Do(), m.CheckingDisabled}; got != want {
			t.Errorf("flags %d: DO, CD %v; want %v", flags, got, want)
		}
		if (q == plain) != (flags == 0) {
			t.Errorf("flags %d: the question is that without", flags)
		}
	}
}

func TestTargetsAreWhatIsAskedForNext(t *testing.T) {
	for _, c := range []struct {
		typ     uint16
		records []string
		want    string
	}{
		{miekg.TypeMX, []string{"x.example. 60 IN MX 10 A.example.", "x.example. 60 IN MX 20 b.example."}, "a.example. b.example."},
		{miekg.TypeMX, []string{"x.example. 60 IN MX 0 ."}, ""},
		{miekg.TypeSRV, []string{"x.example. 60 IN SRV 1 2 443 s.example."}, "s.example."},
		{TypeHTTPS, []string{"x.example. 60 IN HTTPS 1 . alpn=h2", "x.example. 60 IN HTTPS 2 pool.example."}, "pool.example."},
		{miekg.TypeNS, []string{"x.example. 60 IN NS n1.example.", "x.example. 60 IN NS n2.example.", "x.example. 60 IN NS n3.example."}, "n1.example. n2.example."},
		{TypeA, []string{"x.example. 60 IN A 192.0.2.1"}, ""},
	} {
		if got := strings.Join(answer(t, "x.example", c.typ, 0, c.records...).Targets(2), " "); got != c.want {
			t.Errorf("%v: got %q; want %q", c.records, got, c.want)
		}
	}
}
