package glibc

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"mcdns/daemon/resolvconf"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// zone answers questions from records in presentation form. "fail NAME TYPE"
// and "empty NAME" (the name exists) stand among them.
type zone struct {
	records []string
	mu      sync.Mutex
	asked   []string
}

func (z *zone) ask(_ context.Context, q dns.Question) (node.Result, error) {
	z.mu.Lock()
	z.asked = append(z.asked, q.String())
	z.mu.Unlock()
	var chain []string
	rcode := 3
	for name, hops := q.Name, 0; hops < 12; hops++ {
		next := ""
		for _, r := range z.records {
			f := strings.Fields(r)
			switch {
			case f[0] == "fail" && f[1]+" "+f[2] == q.String():
				return node.Result{Said: dns.RcodeError{Rcode: dns.RcodeServerFailure}}, nil
			case f[0] == "silent" && f[1] == q.Name:
				return node.Result{}, nil
			case f[0] == "stop" && f[1] == q.Name:
				return node.Result{}, errors.New("stopping")
			case f[0] == "empty" && f[1] == name:
				rcode = 0
			case f[0] == name && f[3] == "CNAME":
				chain, next, rcode = append(chain, r), f[4], 3
			case f[0] == name:
				rcode = 0
				if name+" "+f[3] == name+strings.TrimPrefix(q.String(), q.Name) {
					chain = append(chain, r)
				}
			}
		}
		if next == "" {
			break
		}
		name = next
	}
	a, err := dns.ParseAnswer(q, rcode, chain)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", q, err))
	}
	return node.Result{Answer: a, TTL: a.TTL}, nil
}

// each asks one question after the other.
func each(one func(context.Context, dns.Question) (node.Result, error)) Ask {
	return func(ctx context.Context, _ node.Options, questions []dns.Question) (out []node.Result, err error) {
		for _, q := range questions {
			r, err := one(ctx, q)
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
		return out, nil
	}
}

func TestLookupAnswersAsNSSDNSWould(t *testing.T) {
	records := []string{
		"www.example. 300 IN A 192.0.2.1", "www.example. 200 IN AAAA 2001:db8::1",
		"four.example. 60 IN A 192.0.2.4", "six.example. 60 IN AAAA 2001:db8::6",
		"alias.example. 50 IN CNAME www.example.", "loose.example. 50 IN CNAME nowhere.example.",
		"blank.example. 50 IN CNAME void.example.", "odd.example. 50 IN CNAME a!b.example.", "a!b.example. 60 IN A 192.0.2.5", "odd.other.example. 60 IN AAAA 2001:db8::8", "empty void.example.",
		"half.example. 60 IN A 192.0.2.9", "fail half.example. AAAA",
		"none.example. 60 IN TXT x", "fail none.example. AAAA",
		"fail dead.example. A", "fail dead.example. AAAA",
		"stop stopping.example.", "stop stopping.", "silent quiet.example.", "silent quiet.", "quiet.other.example. 60 IN A 192.0.2.10", "dead.other.example. 60 IN A 192.0.2.11",
	}
	options := func(s string) *string { return &s }
	const both = Inet | Inet6
	cases := []struct {
		name string
		r    Request
		want string
	}{
		{"both families", Request{Families: both, Name: "www"}, "found ttl=200 [192.0.2.1 2001:db8::1] [www.example]"},
		{"IPv4", Request{Families: Inet, Name: "www"}, "found ttl=300 [192.0.2.1] [www.example]"},
		{"IPv6", Request{Families: Inet6, Name: "www"}, "found ttl=200 [2001:db8::1] [www.example]"},
		{"IPv4 only", Request{Families: both, Name: "four"}, "found ttl=60 [192.0.2.4] [four.example]"},
		{"IPv6 only", Request{Families: both, Name: "six"}, "found ttl=60 [2001:db8::6] [six.example]"},
		{"IPv6 of IPv4 only", Request{Families: Inet6, Name: "four"}, "no such record"},
		{"upper case", Request{Families: Inet, Name: "WWW.Example."}, "found ttl=300 [192.0.2.1] [WWW.Example]"},
		{"upper case, search list", Request{Families: Inet, Name: "WWW"}, "found ttl=300 [192.0.2.1] [WWW.example]"},
		{"upper case alias", Request{Families: Inet, Name: "ALIAS"}, "found ttl=50 [192.0.2.1] [www.example ALIAS.example]"},
		{"alias", Request{Families: both, Name: "alias"}, "found ttl=50 [192.0.2.1 2001:db8::1] [www.example alias.example]"},
		{"alias to no host's name", Request{Families: Inet, Name: "odd"}, "found ttl=50 [192.0.2.5] [odd.example]"},
		{"alias to no host's name, no record", Request{Families: Inet6, Name: "odd", Localdomain: options("example other.example")}, "no such record"},
		{"alias to nothing", Request{Families: both, Name: "loose"}, "no such name"},
		{"alias to no record", Request{Families: both, Name: "blank"}, "no such record"},
		{"one family fails", Request{Families: both, Name: "half"}, "found ttl=60 [192.0.2.9] [half.example]"},
		{"no data and a failure", Request{Families: both, Name: "none"}, "no answer"},
		{"both fail", Request{Families: both, Name: "dead"}, "no answer"},
		{"SERVFAIL leads on", Request{Families: both, Name: "dead", Localdomain: options("example other.example")}, "found ttl=60 [192.0.2.11] [dead.other.example]"},
		{"silence does not", Request{Families: both, Name: "quiet", Localdomain: options("example other.example")}, "no answer"},
		{"stopping", Request{Families: both, Name: "stopping"}, "no answer"},
		{"no such name", Request{Families: both, Name: "nope"}, "no such name"},
		{"no search", Request{Families: Inet, Name: "www", NoSearch: true}, "no such name"},
		{"own search list", Request{Families: Inet, Name: "www", Localdomain: options("other")}, "no such name"},
		{"own search list, found", Request{Families: Inet, Name: "www", Localdomain: options("other example")}, "found ttl=300 [192.0.2.1] [www.example]"},
		{"no-aaaa, both", Request{Families: both, Name: "www", ResOptions: options("no-aaaa")}, "found ttl=300 [192.0.2.1] [www.example]"},
		{"no-aaaa, IPv6", Request{Families: Inet6, Name: "www", ResOptions: options("no-aaaa")}, "no such record"},
		{"no-aaaa, no such name", Request{Families: Inet6, Name: "nope", ResOptions: options("no-aaaa")}, "no such name"},
		{"empty", Request{Families: both}, "bad name"},
		{"illegal", Request{Families: both, Name: "a!b"}, "bad name"},
		{"bytes above 127", Request{Families: both, Name: "b\xfccher"}, "bad name"},
		{"long label", Request{Families: both, Name: strings.Repeat("a", 64)}, "bad name"},
		{"long name", Request{Families: both, Name: strings.Repeat("a.", 200)}, "bad name"},
		{"two dots", Request{Families: both, Name: "a..b"}, "bad name"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := Lookup{Ask: each((&zone{records: records}).ask), Conf: resolvconf.Conf{Ndots: 1, Search: []string{"example"}}}
			if got := said(l.Name(t.Context(), c.r)); got != c.want {
				t.Errorf("got %s; want %s", got, c.want)
			}
		})
	}
}

var words = map[Status]string{
	Found: "found", NoName: "no such name", NoData: "no such record", TryAgain: "no answer", BadName: "bad name",
}

func said(r Reply) string {
	if r.Status != Found {
		return words[r.Status]
	}
	return fmt.Sprintf("found ttl=%d %v %v", r.TTL, r.Addresses, r.Names)
}

func TestAddressIsAnsweredAsNSSDNSWould(t *testing.T) {
	z := &zone{records: []string{
		"7.2.0.192.in-addr.arpa. 60 IN PTR host.example.", "7.2.0.192.in-addr.arpa. 60 IN PTR other.example.",
		"8.2.0.192.in-addr.arpa. 60 IN PTR bad!name.example.",
		dns.ReverseName(netip.MustParseAddr("2001:db8::7")) + " 60 IN PTR six.example.",
		dns.ReverseName(netip.MustParseAddr("::1")) + " 60 IN PTR localhost.",
	}}
	for _, c := range []struct{ name, addr, want string }{
		{"reverse", "192.0.2.7", "found ttl=60 [] [host.example]"},
		{"reverse, mapped", "::ffff:192.0.2.7", "found ttl=60 [] [host.example]"},
		{"reverse, compatible", "::192.0.2.7", "found ttl=60 [] [host.example]"},
		{"reverse IPv6", "2001:db8::7", "found ttl=60 [] [six.example]"},
		{"reverse loopback", "::1", "found ttl=60 [] [localhost]"},
		{"reverse, illegal name", "192.0.2.8", "no such record"},
		{"reverse, nobody", "192.0.2.99", "no such name"},
	} {
		l := Lookup{Ask: each(z.ask)}
		if got := said(l.Address(t.Context(), netip.MustParseAddr(c.addr))); got != c.want {
			t.Errorf("%s: got %s; want %s", c.name, got, c.want)
		}
	}
}

// TestHeldAnswersGoRound: each address of each family is the first of some lookups,
// and all are there; an answer that was fetched just now stands as the server gave it.
func TestHeldAnswersGoRound(t *testing.T) {
	z := &zone{}
	for i := range 4 {
		z.records = append(z.records, fmt.Sprintf("www.example. 60 IN A 192.0.2.%d", i), fmt.Sprintf("www.example. 60 IN AAAA 2001:db8::%d", i))
	}
	firsts := func(source node.Source) int {
		seen := map[netip.Addr]bool{}
		l := Lookup{Conf: resolvconf.Conf{Ndots: 1}, Ask: each(func(ctx context.Context, q dns.Question) (node.Result, error) {
			r, err := z.ask(ctx, q)
			r.Source = source
			return r, err
		})}
		for range 400 { // one of eight is never the first: 10^-49
			r := l.Name(context.Background(), Request{Families: Inet | Inet6, Name: "www.example."})
			if len(r.Addresses) != 8 || !r.Addresses[0].Is4() || !r.Addresses[4].Is6() {
				t.Fatalf("got %v", r.Addresses)
			}
			seen[r.Addresses[0]], seen[r.Addresses[4]] = true, true
		}
		return len(seen)
	}
	for source, want := range map[node.Source]int{node.FromCache: 8, node.FromPeer: 8, node.FromServer: 2} {
		if got := firsts(source); got != want {
			t.Errorf("source %d: %d addresses were the first; want %d", source, got, want)
		}
	}
}

// Asking for one family after the other would double every wait.
func TestFamiliesAreAskedTogether(t *testing.T) {
	var asked []string
	l := Lookup{Conf: resolvconf.Conf{Ndots: 1}, Ask: func(_ context.Context, _ node.Options, questions []dns.Question) ([]node.Result, error) {
		asked = append(asked, fmt.Sprint(questions))
		return make([]node.Result, len(questions)), nil
	}}
	r := l.Name(context.Background(), Request{Families: Inet | Inet6, Name: "www."})
	if r.Status != TryAgain || len(asked) != 1 || asked[0] != "[www. A www. AAAA]" {
		t.Errorf("got %v after %v", r.Status, asked)
	}
}

func TestFindSaysWhatTheNodeSaid(t *testing.T) {
	z := &zone{records: []string{"www.example. 300 IN A 192.0.2.1", "www.example. 300 IN TXT hello", "7.2.0.192.in-addr.arpa. 60 IN PTR host.example."}}
	l := Lookup{Ask: each(z.ask), Conf: resolvconf.Conf{Ndots: 1, Search: []string{"example"}}}
	for _, c := range []struct {
		name  string
		types []uint16
		want  string
		n     int
	}{
		{"www", nil, "found", 2}, {"www", []uint16{16}, "found", 1}, {"www", []uint16{15}, "no such record", 1},
		{"nope", nil, "no such name", 2}, {"192.0.2.7", nil, "found", 1}, {"a..b", nil, "bad name", 0},
		{"192.0.2.7", []uint16{12}, "found", 1}, {"192.0.2.7", []uint16{1}, "no such name", 1},
		{"", nil, "bad name", 0}, {"", []uint16{2}, "bad name", 0}, {"a b", nil, "bad name", 0}, {"a b", []uint16{16}, "no such name", 1},
	} {
		f := l.Find(t.Context(), c.name, c.types...)
		if words[f.Status] != c.want || len(f.Results) != c.n {
			t.Errorf("%s %v: got %s with %d results; want %s with %d", c.name, c.types, words[f.Status], len(f.Results), c.want, c.n)
		}
	}
}

// TestProgramsOptionsGoWithItsQuestions, as far as they are its own, and never beyond
// what glibc allows: anybody can send any.
func TestProgramsOptionsGoWithItsQuestions(t *testing.T) {
	host := resolvconf.Conf{Ndots: 1, Timeout: 5 * time.Second, Attempts: 2}
	for options, want := range map[string]node.Options{
		"ndots:2": {}, "timeout:5 attempts:2": {}, "timeout:1 attempts:1": {Timeout: time.Second, Attempts: 1},
		"timeout:30": {Timeout: 30 * time.Second}, "use-vc": {TCP: true}, "rotate": {Rotate: true},
		"timeout:9999999999 attempts:9999999999": {Timeout: 30 * time.Second, Attempts: 5},
		"timeout:-5 attempts:-5":                 {Timeout: time.Second, Attempts: 1},
	} {
		var got node.Options
		l := Lookup{Conf: host, Ask: func(_ context.Context, own node.Options, _ []dns.Question) ([]node.Result, error) {
			got = own
			return nil, context.DeadlineExceeded
		}}
		r := l.Name(t.Context(), Request{Families: Inet, Name: "www.example", ResOptions: &options})
		if r.Status != TryAgain || got != want {
			t.Errorf("%s: got status %d, %+v; want %+v", options, r.Status, got, want)
		}
	}
}

func TestOptionsThatAreTheHostsAreNotTheProgramsOwn(t *testing.T) {
	host := resolvconf.Conf{Ndots: 1, Timeout: time.Second, Attempts: 1, Rotate: true, UseTCP: true}
	if own := ownOptions(host.WithEnv(nil, new("use-vc rotate timeout:1 attempts:1")), host); own != (node.Options{}) {
		t.Errorf("got %+v; want none", own)
	}
}
