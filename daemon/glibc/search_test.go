package glibc

import (
	"slices"
	"strings"
	"testing"

	"mcdns/daemon/resolvconf"
)

// Each row is one walk: the candidates as glibc 2.36 asks for them, and how it
// ends.
func TestSearchListIsWalkedAsGlibcDoes(t *testing.T) {
	two := []string{"a.example", "b.example"}
	cases := []struct {
		name    string
		query   string
		search  []string
		ndots   int
		answers string // name=status, those not named do not exist
		want    Status
		asked   string
	}{
		{"no search list", "www", nil, 1, "", NoName, "www."},
		{"one label", "www", two, 1, "www.b.example.=found", Found, "www.a.example. www.b.example."},
		{"one label falls back to itself", "www", two, 1, "", NoName, "www.a.example. www.b.example. www."},
		{"enough dots go as they are first", "www.c.org", two, 1, "www.c.org.=found", Found, "www.c.org."},
		{"and then through the list", "www.c.org", two, 1, "www.c.org.a.example.=found", Found, "www.c.org. www.c.org.a.example."},
		{"failing, the first counts", "www.c.org", two, 1, "www.c.org.=nodata", NoData, "www.c.org. www.c.org.a.example. www.c.org.b.example."},
		{"a failed first does not end it", "www.c.org", two, 1, "www.c.org.=again www.c.org.b.example.=found", Found, "www.c.org. www.c.org.a.example. www.c.org.b.example."},
		{"its failure is remembered", "www.c.org", two, 1, "www.c.org.=again", TryAgain, "www.c.org. www.c.org.a.example. www.c.org.b.example."},
		{"final dot", "www.", two, 1, "", NoName, "www."},
		{"final dot, failed", "www.", two, 1, "www.=again", TryAgain, "www."},
		{"ndots 3", "www.c.org", two, 3, "www.c.org.=found", Found, "www.c.org.a.example. www.c.org.b.example. www.c.org."},
		{"ndots 0", "www", two, 0, "www.=found", Found, "www."},
		{"no data beats no name", "www", two, 1, "www.a.example.=nodata", NoData, "www.a.example. www.b.example. www."},
		{"no data beats failure", "www", two, 1, "www.a.example.=again www.b.example.=nodata", NoData, "www.a.example. www.b.example. www."},
		{"failure beats no name", "www", two, 1, "www.a.example.=again", TryAgain, "www.a.example. www.b.example. www."},
		{"an alias to nothing ends it", "www", two, 1, "www.a.example.=chain www.b.example.=found", NoData, "www.a.example."},
		{"the root in the list", "www", []string{"a.example", "."}, 1, "", NoName, "www.a.example. www."},
		{"no-tld-query", "www", two, 1, "www.=found", NoName, "www.a.example. www.b.example."},
		{"no-tld-query, failed", "www", two, 1, "www.a.example.=again", TryAgain, "www.a.example. www.b.example."},
		{"no-tld-query, a dot", "www.c", two, 2, "www.c.=found", Found, "www.c.a.example. www.c.b.example. www.c."},
		{"no-tld-query, no list", "www", nil, 1, "www.=found", Found, "www."},
		{"silence ends the list", "www", two, 1, "www.a.example.=silent www.b.example.=found", NoName, "www.a.example. www."},
		{"silence ends the list, not the name itself", "www.c", two, 2, "www.c.a.example.=silent www.c.=found", Found, "www.c.a.example. www.c."},
		{"silence, and no server on the name itself", "www", two, 1, "www.a.example.=silent www.=stale", TryAgain, "www.a.example. www."},
		{"silence, no-tld-query", "www", two, 1, "www.a.example.=silent www.b.example.=found", TryAgain, "www.a.example."},
		{"silence after SERVFAIL", "www", two, 1, "www.a.example.=again www.b.example.=silent", TryAgain, "www.a.example. www.b.example. www."},
		{"silence after no data", "www", two, 1, "www.a.example.=nodata www.b.example.=silent www.=silent", NoData, "www.a.example. www.b.example. www."},
		{"silence of the name itself ends nothing", "www.c.org", two, 1, "www.c.org.=silent www.c.org.a.example.=found", Found, "www.c.org. www.c.org.a.example."},
		{"its silence is remembered", "www.c.org", two, 1, "www.c.org.=silent www.c.org.a.example.=silent www.c.org.b.example.=found", TryAgain, "www.c.org. www.c.org.a.example."},
		{"too long ends the list", "www", two, 1, "www.a.example.=bad", NoName, "www.a.example. www."},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			conf := resolvconf.Conf{Ndots: c.ndots, Search: c.search, NoTLDQuery: strings.Contains(c.name, "no-tld-query")}
			answers := map[string]outcome{}
			for _, word := range strings.Fields(c.answers) {
				name, is, _ := strings.Cut(word, "=")
				answers[name] = map[string]outcome{
					"found": {status: Found}, "nodata": {status: NoData}, "again": {status: TryAgain, servfail: true}, "silent": {status: TryAgain}, "stale": {status: NoName, unasked: true},
					"chain": {status: NoData, chain: true}, "bad": {status: BadName},
				}[is]
			}
			var asked []string
			got := search(c.query, conf, func(name string) outcome {
				asked = append(asked, name)
				if o, ok := answers[name]; ok {
					return o
				}
				return outcome{status: NoName}
			})
			if got != c.want || !slices.Equal(asked, strings.Fields(c.asked)) {
				t.Errorf("got %d after %v; want %d after %v", got, asked, c.want, c.asked)
			}
		})
	}
}

func TestOnlyHostNamesAreAsked(t *testing.T) {
	for name, want := range map[string]bool{
		"www": true, "WWW.Example.org": true, "a_b.example": true, "a-": true, "1.2": true, "x.-y": true, ".": true,
		"-a": false, "a b": false, "a!": false, "b\xfccher": false, `a\.b`: false, "a\x00b": false, "a/b": false, "a*": false,
	} {
		if got := isHostname(name); got != want {
			t.Errorf("%q: got %v; want %v", name, got, want)
		}
	}
}
