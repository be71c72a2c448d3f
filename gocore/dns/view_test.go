package dns

import (
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	miekg "github.com/miekg/dns"
)

func addrs(list ...string) (out []netip.Addr) {
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

func TestViewIsWhatProgramsGetFromNSS(t *testing.T) {
	for _, c := range []struct {
		name    string
		qname   string
		typ     uint16
		rcode   int
		records []string
		want    View
	}{
		{"an address", "www.example.org", TypeA, 0, []string{"www.example.org. 1 IN A 192.0.2.1"},
			View{Canonical: "www.example.org", Addrs: addrs("192.0.2.1")}},
		{"order is the server's", "a.example", TypeAAAA, 0, []string{"a.example. 1 IN AAAA 2001:db8::2", "a.example. 1 IN AAAA 2001:db8::1"},
			View{Canonical: "a.example", Addrs: addrs("2001:db8::2", "2001:db8::1")}},
		{"a chain", "a.example", TypeA, 0, []string{"a.example. 1 IN CNAME B.example.", "b.example. 1 IN CNAME c.example.", "c.example. 1 IN A 192.0.2.1"},
			View{Canonical: "c.example", Aliases: []string{"a.example", "B.example"}, Links: 2, Addrs: addrs("192.0.2.1")}},
		{"an alias no host may have is left out", "a.example", TypeA, 0, []string{"a.example. 1 IN CNAME b*.example.", "b*.example. 1 IN CNAME c.example.", "c.example. 1 IN A 192.0.2.1"},
			View{Canonical: "c.example", Aliases: []string{"a.example"}, Links: 2, Addrs: addrs("192.0.2.1")}},
		{"a target no host may have is left out", "a.example", TypeA, 0, []string{"a.example. 1 IN CNAME b.example.", "b.example. 1 IN CNAME c*.example.", "c*.example. 1 IN A 192.0.2.1"},
			View{Canonical: "b.example", Aliases: []string{"a.example"}, Links: 2, Addrs: addrs("192.0.2.1")}},
		{"names of an address", "1.2.0.192.in-addr.arpa", TypePTR, 0,
			[]string{"1.2.0.192.in-addr.arpa. 1 IN PTR Host.example.", `1.2.0.192.in-addr.arpa. 1 IN PTR a\.b.example.`, "1.2.0.192.in-addr.arpa. 1 IN PTR h2.example."},
			View{Canonical: "1.2.0.192.in-addr.arpa", Names: []string{"Host.example", "h2.example"}}},
		{"RFC 2317 delegation", "1.2.0.192.in-addr.arpa", TypePTR, 0,
			[]string{"1.2.0.192.in-addr.arpa. 1 IN CNAME 1.0/25.2.0.192.in-addr.arpa.", "1.0/25.2.0.192.in-addr.arpa. 1 IN PTR h.example."},
			View{Canonical: "1.2.0.192.in-addr.arpa", Links: 1, Names: []string{"h.example"}}},
		{"a chain to no host's name and no data", "a.example", TypeA, 0, []string{"a.example. 1 IN CNAME c*.example."},
			View{Canonical: "a.example", Links: 1}},
		{"no data", "a.example.org", TypeAAAA, 0, []string{soa}, View{Canonical: "a.example.org"}},
		{"no such name", "a.example.org", TypeAAAA, 3, []string{soa}, View{Canonical: "a.example.org"}},
		{"an underscore passes", "_a.example", TypeA, 0, []string{"_a.example. 1 IN A 192.0.2.1"},
			View{Canonical: "_a.example", Addrs: addrs("192.0.2.1")}},
	} {
		a := answer(t, c.qname, c.typ, c.rcode, c.records...)
		if got, err := a.View(); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, %v; want %+v", c.name, got, err, c.want)
		}
	}
}

func TestAddressOfWhatIsNoHostIsRefused(t *testing.T) {
	for _, name := range []string{"-a.example.", "a*.example.", `a\.b.example.`, `b\195\188.example.`, "."} {
		a := answer(t, name, TypeA, 0, name+" 1 IN A 192.0.2.1")
		if v, err := a.View(); !errors.Is(err, ErrNoHostName) {
			t.Errorf("%s: got %+v, %v; want ErrNoHostName", name, v, err)
		}
	}
}

func TestRecordsAreSaidEvenIfNotUnderstood(t *testing.T) {
	a := answer(t, "a.example", TypeA, 0, "a.example. 5 IN A 192.0.2.1")
	if got, want := a.Records(), []string{"a.example.\t5\tIN\tA\t192.0.2.1"}; !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
	// An NSEC record with a type bitmap of no bytes: opaque to us, malformed to
	// miekg/dns.
	b := packed(noerror, []byte("\x01a\x00"), miekg.TypeNSEC, 1, 0, rawRR([]byte{0xC0, 12}, miekg.TypeNSEC, 5, []byte{0, 0, 0}))
	if _, err := checkForm(b); err != nil {
		t.Fatal(err)
	}
	if got, want := (&Answer{Packed: b}).Records(), []string{"a.\t5\tIN\tTYPE47\t\\# 3 000000"}; !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
}

func TestAnEmptyAnswerHasNoView(t *testing.T) {
	var a Answer
	if v, err := a.View(); err == nil || a.Rcode() != 0 || len(a.Records()) != 0 {
		t.Errorf("got %+v, %v", v, err)
	}
}

func TestParseAnswerTeaches(t *testing.T) {
	if _, err := ParseAnswer(question(t, "a.example", TypeA), 0, []string{"a.example. IN A 300.1.1.1"}); err == nil {
		t.Error("an address that is none was taken")
	}
	var re *RcodeError
	if _, err := ParseAnswer(question(t, "a.example", TypeA), 2, nil); !errors.As(err, &re) {
		t.Errorf("SERVFAIL: got %v; want an RcodeError", err)
	}
}

func TestReverseName(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1":        "1.2.0.192.in-addr.arpa.",
		"::ffff:192.0.2.1": "1.2.0.192.in-addr.arpa.",
		"fe80::1%eth0":     "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.e.f.ip6.arpa.",
	} {
		got := ReverseName(netip.MustParseAddr(addr))
		if got != want {
			t.Errorf("%s: got %s; want %s", addr, got, want)
		}
		if q := question(t, got, TypePTR); q.Name != got {
			t.Errorf("%s is spelt %s", got, q.Name)
		}
	}
}

func TestServersAreTheSameOnEveryHost(t *testing.T) {
	hash := func(s string) ServerID { return HashServer(netip.MustParseAddrPort(s)) }
	if got, want := hash("192.0.2.53:53"), ServerID(0x4bfd278d1201a47c); got != want {
		t.Errorf("got %#x; want %#x: hosts of two versions would not know each other's servers", got, want)
	}
	if hash("192.0.2.53:53") != hash("[::ffff:192.0.2.53]:53") || hash("[fe80::1%eth0]:53") != hash("[fe80::1%wlan0]:53") {
		t.Error("one server has two hashes")
	}
	if hash("192.0.2.53:53") == hash("192.0.2.53:54") || hash("192.0.2.53:53") == hash("192.0.2.54:53") {
		t.Error("two servers have one hash")
	}
	if HashServer(netip.AddrPort{}) != 0 {
		t.Error("no server has a hash")
	}
}

// TestRecordsAreShownWithWhatIsLeftOfThem: as clients get them, and not as they came.
func TestRecordsAreShownWithWhatIsLeftOfThem(t *testing.T) {
	a := answer(t, "www.example", TypeA, 0, "www.example. 604800 IN CNAME b.example.", "b.example. 259200 IN A 192.0.2.1")
	no := answer(t, "no.example", TypeA, 3, "example. 3600 IN SOA a. b. 1 2 3 4 3600")
	for _, c := range []struct {
		a        *Answer
		age, ttl time.Duration
		want     string
	}{
		{a, 10 * time.Second, 259190 * time.Second, "604790 259190"},
		{a, time.Hour, 23 * time.Hour, "82800 82800"}, // held for a day at most
		{a, 96 * time.Hour, 30 * time.Second, "30 30"},
		{no, 10 * time.Second, 890 * time.Second, "890"},
	} {
		var got []string
		for _, line := range c.a.RecordsLeft(c.age, c.ttl) {
			got = append(got, strings.Fields(line)[1])
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("age %v, TTL %v: got %s; want %s", c.age, c.ttl, s, c.want)
		}
	}
	if (&Answer{}).RecordsLeft(0, 0) != nil {
		t.Error("an empty answer has records")
	}
}
