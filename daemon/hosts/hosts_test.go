package hosts

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mcdns/gocore/dns"
)

const file = `
# a comment
127.0.0.1	localhost
::1 localhost ip6-localhost # and more
192.0.2.7  www.Example www
2001:db8::7 www.example
10.0.0.1 gw
10.0.0.1 other
fe80::1%eth0 link
nonsense here
192.0.2.9
::ffff:192.0.2.8 mapped
`

func TestFileSaysWhatGlibcReadsInIt(t *testing.T) {
	table := Parse(file)
	for _, c := range []struct {
		name, want string
		v4, v6     bool
		known      bool
	}{
		{"www.example", "www.Example [www] [192.0.2.7 2001:db8::7]", true, true, true},
		{"WWW.EXAMPLE.", "www.Example [www] [192.0.2.7]", true, false, true},
		{"www", "www.Example [www] []", false, true, true},
		{"localhost", "localhost [] [127.0.0.1 ::1]", true, true, true},
		{"mapped", "mapped [] [192.0.2.8]", true, true, true},
		{"link", "link [] [fe80::1%eth0]", true, true, true},
		{"here", " [] []", true, true, false},
		{"example", " [] []", true, true, false},
	} {
		v, known := table.Name(c.name, c.v4, c.v6)
		if got := fmt.Sprint(v.Canonical, " ", v.Aliases, " ", v.Addrs); got != c.want || known != c.known {
			t.Errorf("%s: got %s, %v; want %s, %v", c.name, got, known, c.want, c.known)
		}
	}
	if names, known := table.Address(netip.MustParseAddr("10.0.0.1")); !known || strings.Join(names, " ") != "gw" {
		t.Errorf("10.0.0.1: got %v, %v; want the first line's", names, known)
	}
	if _, known := (*Table)(nil).Name("www", true, true); known {
		t.Error("no table knows a name")
	}
}

func TestFileAnswersDNSQuestions(t *testing.T) {
	table := Parse(file)
	for _, c := range []struct {
		name string
		typ  uint16
		kind dns.Kind
		data string
	}{
		{"www.example", dns.TypeA, dns.Positive, "192.0.2.7"},
		{"www.example", dns.TypeAAAA, dns.Positive, "2001:db8::7"},
		{"gw", dns.TypeAAAA, dns.NoData, ""},
		{"gw", 15, dns.NoData, ""},
		{"7.2.0.192.in-addr.arpa", dns.TypePTR, dns.Positive, "www.Example."},
		{"no.example", dns.TypeA, 0, ""},
		{"9.2.0.192.in-addr.arpa", dns.TypePTR, 0, ""},
	} {
		q, err := dns.NewQuestion(c.name, c.typ)
		if err != nil {
			t.Fatal(err)
		}
		a := table.Answer(q)
		if (a == nil) != (c.kind == 0) || a != nil && (a.Kind != c.kind || !strings.Contains(strings.Join(a.Records(), " "), c.data)) {
			t.Errorf("%v: got %+v; want kind %d %s", q, a, c.kind, c.data)
		}
	}
}

func TestHugeFileIsBounded(t *testing.T) {
	var b strings.Builder
	for i := range maxAddrs + 10 {
		fmt.Fprintf(&b, "192.0.2.%d many\n", i)
	}
	if v, _ := Parse(b.String()).Name("many", true, true); len(v.Addrs) != maxAddrs {
		t.Errorf("%d addresses; want %d", len(v.Addrs), maxAddrs)
	}
}

// taken is what nss/fill.c takes for a name (name_length).
func taken(name string) bool {
	for i := range len(name) {
		if name[i] <= ' ' || name[i] >= 0x7f {
			return false
		}
	}
	return 0 < len(name) && len(name) < 1025
}

func FuzzParse(f *testing.F) {
	f.Add(file)
	f.Add("192.0.2.1 caf\u00e9 a\u00a0b \xff \u0085 a\x00b c:d\n")
	f.Fuzz(func(t *testing.T, text string) {
		table := Parse(text)
		for _, e := range slices.Concat(slices.Collect(maps.Values(table.names)), slices.Collect(maps.Values(table.addrs))) {
			if i := slices.IndexFunc(e.names, func(n string) bool { return !taken(n) }); i >= 0 {
				t.Errorf("the module refuses %q and with it %q", e.names[i], e.names)
			}
		}
		for name := range table.names {
			if q, err := dns.NewQuestion(name, dns.TypeA); err == nil {
				table.Answer(q)
			}
		}
		for ptr := range table.reverse {
			if q, err := dns.NewQuestion(ptr, dns.TypePTR); err == nil {
				table.Answer(q)
			}
		}
	})
}

// TestNamesThatFitNobodyAreLeftOut: the module would refuse a whole reply for one.
func TestNamesThatFitNobodyAreLeftOut(t *testing.T) {
	long := strings.Repeat("x", maxName)
	table := Parse("192.0.2.1 " + long + "y ok " + long + "\n192.0.2.2 " + long + "y\n192.0.2.3 a\x00b c\x1bd e\n192.0.2.4 caf\u00e9 a\u00a0b \xff cafe\n")
	for addr, want := range map[string][]string{
		"192.0.2.1": {"ok", long}, "192.0.2.2": nil, "192.0.2.3": {"e"}, "192.0.2.4": {"cafe"},
	} {
		if got, _ := table.Address(netip.MustParseAddr(addr)); !slices.Equal(got, want) {
			t.Errorf("%s: got %q; want %q", addr, got, want)
		}
	}
}

// TestFileThatIsTooLongEndsWithAWholeLine: the last one may be cut in a name.
func TestFileThatIsTooLongEndsWithAWholeLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hosts")
	const line = "192.0.2.1 a.example\n"
	text := strings.Repeat(" ", maxFile-len(line)-len("192.0.2.2 b.exam")-1) + "\n" + line + "192.0.2.2 b.example\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	_, first := table.Name("a.example", true, true)
	_, cut := table.Name("b.exam", true, true)
	if !first || cut {
		t.Errorf("the last whole line is known: %v, half a name is: %v", first, cut)
	}
}

func TestNamesAreBounded(t *testing.T) {
	all := Parse("")
	all.add(netip.MustParseAddr("192.0.2.1"), make([]string, maxNames+1))
	if len(all.names) > 0 {
		t.Errorf("got %d names", len(all.names))
	}
}
