package request

import (
	"testing"

	miekg "github.com/miekg/dns"

	"mcdns/gocore/dns"
)

func question(t testing.TB, name string, typ uint16) dns.Question {
	t.Helper()
	q, err := dns.NewQuestion(name, typ)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// answer makes one of zone lines.
func answer(t testing.TB, name string, typ uint16, rcode int, records ...string) *dns.Answer {
	t.Helper()
	a, err := dns.ParseAnswer(question(t, name, typ), rcode, records)
	if err != nil {
		t.Fatalf("ParseAnswer(%s): %v", name, err)
	}
	return a
}

func record(t testing.TB, line string) []miekg.RR {
	t.Helper()
	rr, err := miekg.NewRR(line)
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return []miekg.RR{rr}
}
