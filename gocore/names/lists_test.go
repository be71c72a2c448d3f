package names

import (
	"errors"
	"testing"

	"mcdns/gocore/dns"
)

func TestCoveredIsTheNameAndWhatLiesBelow(t *testing.T) {
	for _, c := range []struct {
		zone, name string
		want       bool
	}{
		{"example.org.", "example.org.", true},
		{"example.org.", "www.example.org.", true},
		{"example.org.", "a.b.example.org.", true},
		{"example.org.", "notexample.org.", false},
		{"example.org.", "example.org.evil.", false},
		{"example.org.", "org.", false},
		{"example.org.", `a\.example.org.`, false},
		{"example.org.", `a\\.example.org.`, true},
		{"example.org.", `a\\\.example.org.`, false},
		{".", "anything.", true},
		{".", ".", true},
		{"org.", ".", false},
		{"", "example.org.", false},
	} {
		if got := covered([]string{"other.", c.zone}, c.name); got != c.want {
			t.Errorf("covered(%q, %q) = %v; want %v", c.zone, c.name, got, c.want)
		}
	}
	if covered(nil, "a.") {
		t.Error("an empty list covers something")
	}
}

func answer(t *testing.T, name string, typ uint16, record string) *dns.Answer {
	t.Helper()
	q, err := dns.NewQuestion(name, typ)
	if err != nil {
		t.Fatal(err)
	}
	var records []string
	if record != "" {
		records = []string{record}
	}
	a, err := dns.ParseAnswer(q, 0, records)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestWhatAPeersWordIsGoodFor(t *testing.T) {
	public := answer(t, "a.example", dns.TypeA, "a.example. 60 IN A 192.0.2.1")
	public6 := answer(t, "a.example", dns.TypeAAAA, "a.example. 60 IN AAAA 2001:db8::1")
	private := answer(t, "a.example", dns.TypeA, "a.example. 60 IN A 10.0.0.1")
	loopback := answer(t, "a.example", dns.TypeA, "a.example. 60 IN A 127.0.0.1")
	noData := answer(t, "a.example", dns.TypeAAAA, "example. 60 IN SOA ns. root. 1 1 1 1 60")
	once := *public
	once.TTL = 0
	text := answer(t, "a.example", 16, "a.example. 60 IN TXT x")
	for _, c := range []struct {
		name  string
		rules Lists
		a     *dns.Answer
		scope bool
		held  []*dns.Answer
		want  error
	}{
		{"nothing against it", Lists{}, public, true, nil, nil},
		{"nothing held", Lists{}, private, true, []*dns.Answer{nil}, nil},
		{"public turned private", Lists{}, private, true, []*dns.Answer{public}, ErrPrivate},
		{"public turned loopback", Lists{}, loopback, true, []*dns.Answer{public}, ErrPrivate},
		{"public in the other family turned private", Lists{}, private, true, []*dns.Answer{nil, public6}, ErrPrivate},
		{"private stays private", Lists{}, loopback, true, []*dns.Answer{private}, nil},
		{"private turned public", Lists{}, public, true, []*dns.Answer{private}, nil},
		{"a negative says nothing of privacy", Lists{}, private, true, []*dns.Answer{noData}, nil},
		{"nor does a text", Lists{}, private, true, []*dns.Answer{text}, nil},
		{"local-only", Lists{LocalOnly: []string{"example."}}, public, true, nil, ErrLocalOnly},
		{"other local-only", Lists{LocalOnly: []string{"b.example."}}, public, true, nil, nil},
		{"search domain, own server", Lists{Search: []string{"example."}}, public, true, nil, nil},
		{"search domain, foreign server", Lists{Search: []string{"example."}}, public, false, nil, ErrOutOfScope},
		{"foreign server", Lists{}, public, false, nil, nil},
		{"TTL 0", Lists{}, &once, true, nil, ErrUsedOnce},
	} {
		if err := c.rules.Acceptable(c.a, c.scope, c.held...); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v; want %v", c.name, err, c.want)
		}
	}
}

// "search ." is what systemd-resolved writes where nothing is configured: it must not
// make every name this site's own, which no peer could then be believed about.
func TestRootOfASearchListMakesNoNameItsOwn(t *testing.T) {
	l := Lists{Search: []string{".", "corp.example."}}
	if l.Own("www.example.") || !l.Own("www.corp.example.") {
		t.Error("want the names below corp.example. alone")
	}
	a := answer(t, "www.example", dns.TypeA, "www.example. 60 IN A 192.0.2.1")
	if err := l.Acceptable(a, false); err != nil {
		t.Errorf("an answer of a foreign server: %v", err)
	}
}

func TestTurnIsAContradictionAndRotationIsNot(t *testing.T) {
	parse := func(rcode int, records ...string) *dns.Answer {
		t.Helper()
		a, err := dns.ParseAnswer(dns.Question{Name: "a.example.", Type: dns.TypeA}, rcode, records)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	soa := "example. 60 IN SOA ns.example. root.example. 1 1 1 1 60"
	one, two := parse(0, "a.example. 60 IN A 192.0.2.1"), parse(0, "a.example. 60 IN A 192.0.2.2")
	private, none, noName := parse(0, "a.example. 60 IN A 10.0.0.1"), parse(0, soa), parse(3, soa)
	for _, c := range []struct {
		what      string
		told, got *dns.Answer
		want      bool
	}{
		{"rotation", one, two, false},
		{"public and private", one, private, true},
		{"a name and none", one, noName, true},
		{"a name and no data", one, none, false},
		{"no data and no name", none, noName, false},
		{"the same denial", noName, noName, false},
	} {
		if a, b := Contradict(c.told, c.got), Contradict(c.got, c.told); a != c.want || b != c.want {
			t.Errorf("%s contradict: %v, and turned round %v; want %v", c.what, a, b, c.want)
		}
	}
}
