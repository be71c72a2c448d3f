package trust

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
		if got := Covered([]string{"other.", c.zone}, c.name); got != c.want {
			t.Errorf("Covered(%q, %q) = %v; want %v", c.zone, c.name, got, c.want)
		}
	}
	if Covered(nil, "a.") {
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
		rules Rules
		a     *dns.Answer
		scope bool
		held  []*dns.Answer
		want  error
	}{
		{"nothing against it", Rules{}, public, true, nil, nil},
		{"nothing held", Rules{}, private, true, []*dns.Answer{nil}, nil},
		{"public turned private", Rules{}, private, true, []*dns.Answer{public}, ErrPrivate},
		{"public turned loopback", Rules{}, loopback, true, []*dns.Answer{public}, ErrPrivate},
		{"public in the other family turned private", Rules{}, private, true, []*dns.Answer{nil, public6}, ErrPrivate},
		{"private stays private", Rules{}, loopback, true, []*dns.Answer{private}, nil},
		{"private turned public", Rules{}, public, true, []*dns.Answer{private}, nil},
		{"a negative says nothing of privacy", Rules{}, private, true, []*dns.Answer{noData}, nil},
		{"nor does a text", Rules{}, private, true, []*dns.Answer{text}, nil},
		{"local-only", Rules{LocalOnly: []string{"example."}}, public, true, nil, ErrLocalOnly},
		{"other local-only", Rules{LocalOnly: []string{"b.example."}}, public, true, nil, nil},
		{"search domain, own server", Rules{Search: []string{"example."}}, public, true, nil, nil},
		{"search domain, foreign server", Rules{Search: []string{"example."}}, public, false, nil, ErrOutOfScope},
		{"foreign server", Rules{}, public, false, nil, nil},
		{"TTL 0", Rules{}, &once, true, nil, ErrUsedOnce},
	} {
		if err := c.rules.Acceptable(c.a, c.scope, c.held...); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v; want %v", c.name, err, c.want)
		}
	}
}
