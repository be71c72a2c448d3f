package parity

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mcdns/test/checks"
	"mcdns/test/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

// records is what the DNS server knows: the shapes of data that names have.
const records = `
four.lan.example. A 192.0.2.4
six.lan.example. AAAA 2001:db8::6
both.lan.example. A 192.0.2.7
both.lan.example. A 192.0.2.8
both.lan.example. AAAA 2001:db8::7
MixedCase.lan.example. A 192.0.2.9
under_score.lan.example. A 192.0.2.10
_srv._tcp.lan.example. A 192.0.2.11
-dash.lan.example. A 192.0.2.12
local.lan.example. AAAA fe80::1
mapped.lan.example. AAAA ::ffff:192.0.2.1
mail.lan.example. MX 10 four.lan.example.
text.lan.example. TXT "no address"
deep.a.b.c.lan.example. A 192.0.2.13
one.lan.example. CNAME both.lan.example.
two.lan.example. CNAME one.lan.example.
three.lan.example. CNAME two.lan.example.
upper.lan.example. CNAME BOTH.Lan.Example.
nowhere.lan.example. CNAME missing.lan.example.
nodata.lan.example. CNAME text.lan.example.
foursix.lan.example. CNAME six.lan.example.
loop1.lan.example. CNAME loop2.lan.example.
loop2.lan.example. CNAME loop1.lan.example.
badtarget.lan.example. CNAME bad!name.lan.example.
bad!name.lan.example. A 192.0.2.14
both.other.example. A 198.51.100.7
onlyother.other.example. A 198.51.100.8
four.lan.example.other.example. A 198.51.100.9
top. A 192.0.2.15
top.lan.example. A 192.0.2.16
xn--bcher-kva.lan.example. A 192.0.2.17
4.2.0.192.in-addr.arpa. PTR four.lan.example.
7.2.0.192.in-addr.arpa. PTR both.lan.example.
7.2.0.192.in-addr.arpa. PTR one.lan.example.
8.2.0.192.in-addr.arpa. CNAME 8.0-15.2.0.192.in-addr.arpa.
8.0-15.2.0.192.in-addr.arpa. PTR Classless.lan.example.
9.2.0.192.in-addr.arpa. PTR bad!name.lan.example.
10.2.0.192.in-addr.arpa. PTR under_score.lan.example.
11.2.0.192.in-addr.arpa. TXT "no pointer"
6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR six.lan.example.
`

// names are what programs ask for: every name of the zone in the ways that
// people write it, and what is no name at all.
func names() []string {
	list := []string{
		"", ".", "..", "a..b", ".a", "missing", "missing.lan.example", "missing.", "lan.example", "example", "a.b.c", "a.b.c.lan.example",
		"192.0.2.4", "192.0.2.4.", "2001:db8::6", "fe80::1%1", "1.2", "0x7f.1", "1.2.3.4.5", "localhost", "a b", "a!b", "a\\x01b", "b\\xc3\\xbccher",
		"b\\xfccher", "\\xff", "*", "*.lan.example", "four\\.lan.example", "\\102oth.lan.example", "-", "_", "both.other", "onlyother", "no/slash", "@", "under_score",
		strings.Repeat("x", 63), strings.Repeat("x", 64), strings.Repeat("x", 255), strings.Repeat("x", 1100),
		strings.TrimSuffix(strings.Repeat("abcdefg.", 31), "."), strings.TrimSuffix(strings.Repeat("abcdefg.", 32), "."),
		strings.Repeat("a.", 130), "bad!name.lan.example", "big.lan.example", "big",
	}
	for line := range strings.Lines(records) {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasSuffix(fields[0], "arpa.") {
			continue
		}
		full := strings.TrimSuffix(fields[0], ".")
		short := strings.TrimSuffix(strings.TrimSuffix(full, ".lan.example"), ".other.example")
		list = append(list, full, full+".", strings.ToUpper(full), short, short+".", "no."+full)
	}
	return list
}

var addresses = []string{
	"192.0.2.4", "192.0.2.7", "192.0.2.8", "192.0.2.9", "192.0.2.10", "192.0.2.11", "192.0.2.99", "198.51.100.1", "0.0.0.0", "255.255.255.255", "127.0.0.1",
}

var addresses6 = []string{
	"2001:db8::6", "2001:db8::7", "::1", "::", "::2", "::192.0.2.4", "::ffff:192.0.2.4", "::ffff:192.0.2.99", "fe80::1", "ff02::1",
}

const (
	canonical  = 0x2
	v4mapped   = 0x8
	all        = 0x10
	configured = 0x20
	idn        = 0x40
	canonIDN   = 0x80
)

// questions asks every function everything, in an order that the seed gives.
func questions(seed uint64) []string {
	var list []string
	for _, name := range names() {
		for _, family := range []int{unix.AF_UNSPEC, unix.AF_INET, unix.AF_INET6} {
			for _, flags := range []int{0, canonical, configured, canonical | configured, idn, canonical | canonIDN | idn} {
				list = append(list, fmt.Sprintf("gai %d %d %s", family, flags, name))
			}
		}
		list = append(list, fmt.Sprintf("gai %d %d %s", unix.AF_INET6, v4mapped, name), fmt.Sprintf("gai %d %d %s", unix.AF_INET6, v4mapped|all, name),
			"name "+name, fmt.Sprintf("name2 %d %s", unix.AF_INET, name), fmt.Sprintf("name2 %d %s", unix.AF_INET6, name))
	}
	for _, address := range addresses {
		list = append(list, fmt.Sprintf("addr %d %s", unix.AF_INET, address), "info 0 "+address, "info 8 "+address, "info 4 "+address)
	}
	for _, address := range addresses6 {
		list = append(list, fmt.Sprintf("addr %d %s", unix.AF_INET6, address), "info 0 "+address, "info 8 "+address, "info 4 "+address)
	}
	rand.New(rand.NewPCG(seed, 1)).Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
	return list
}

// pair is two hosts that differ in their hosts: line.
type pair struct {
	dns, mcdns *lab.Host
	server     [2]*lab.LAN
	ask        string
}

func newPair(t *testing.T) *pair { return newPairOf(t, 1, 73) }

// newPairOf has so many DNS servers on each LAN, which have a number and the next one.
func newPairOf(t *testing.T, servers int, number byte) *pair {
	t.Helper()
	lab.Need(t)
	zone := lab.NewZone(time.Hour)
	for line := range strings.Lines(records) {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue
		}
		if err := zone.Parse(strings.NewReader(name + " 3600 IN " + rest + "\n")); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	for i := range 500 { // more than UDP carries
		zone.Name("big.lan.example", fmt.Sprintf("10.1.%d.%d", i/250, i%250+1), fmt.Sprintf("2001:db8:1::%x", i+1))
	}
	p := &pair{ask: filepath.Join(t.TempDir(), "ask")}
	cc, err := exec.LookPath("cc")
	if err != nil {
		lab.Skip(t, "cc is not installed")
	}
	if out, err := exec.Command(cc, "-O1", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-o", p.ask, "testdata/ask.c").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i, nss := range []string{"dns", "mcdns"} {
		p.server[i] = lab.Start(t, lab.Config{Hosts: 1, Servers: servers, NSS: nss, Zone: zone, Number: number + byte(i), NoKey: true, Program: lab.BuiltIn})
		if err := p.server[i].Server.Slow(0); err != nil {
			t.Fatal(err)
		}
	}
	p.dns, p.mcdns = p.server[0].Hosts[0], p.server[1].Hosts[0]
	return p
}

// options gives both hosts the same resolv.conf but for the server's address.
func (p *pair) options(t *testing.T, text string) {
	t.Helper()
	for _, l := range p.server {
		h := l.Hosts[0]
		if err := h.SetResolvConf("nameserver " + l.Server.Host.Addr.String() + "\n" + text); err != nil {
			t.Fatal(err)
		}
	}
}

func (p *pair) answers(t *testing.T, h *lab.Host, list []string, env []string) []string {
	t.Helper()
	cmd := h.Command(p.ask)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stdin = strings.NewReader(strings.Join(list, "\n") + "\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != len(list) {
		t.Fatalf("%d answers to %d questions", len(lines), len(list))
	}
	return lines
}

// compare asks both hosts. What differs for no reason that is listed in
// reasons_test.go is an error; it returns how many differ for each that is.
func (p *pair) compare(t *testing.T, list []string, env ...string) map[string]int {
	t.Helper()
	differ, odd := p.differences(t, list, env)
	if len(odd) > 0 && len(odd) <= 3 {
		// A machine so busy that mcdnsd gets no turn for 240 ms sends the module on
		// to the next one, which is not there: seen once in 40 runs of 7200 questions, with
		// 36 programs that wanted to run. What is different by rule is so again.
		t.Logf("asked again: %q", odd)
		_, odd = p.differences(t, odd, env)
	}
	checks.Add(t, t.Name()+": answers that differ from those of nss-dns, without a listed reason", "0",
		fmt.Sprintf("%d of %d", len(odd), len(list)), len(odd) == 0)
	return differ
}

// differences counts the answers that differ for each listed reason, and returns
// the questions whose answers differ without one.
func (p *pair) differences(t *testing.T, list, env []string) (listed map[string]int, odd []string) {
	t.Helper()
	want := p.answers(t, p.dns, list, env)
	got := p.answers(t, p.mcdns, list, env)
	listed = map[string]int{}
	for i := range list {
		if got[i] == want[i] {
			continue
		}
		if why := reason(list[i], got[i], want[i]); why != "" {
			listed[why]++
			continue
		}
		if odd = append(odd, list[i]); len(odd) <= 20 {
			t.Logf("%.80s: got %.200s; nss-dns says %.200s", list[i], got[i], want[i])
		}
	}
	return listed, odd
}

func TestAnswersAreThoseOfNssDns(t *testing.T) {
	p := newPair(t)
	seed := uint64(time.Now().UnixNano())
	list := questions(seed)
	if len(list) < 5000 {
		t.Fatalf("%d questions; want 5000", len(list))
	}
	p.options(t, "search lan.example other.example\n")
	differ := p.compare(t, list)
	t.Logf("%d questions, seed %d", len(list), seed)
	for why, n := range differ {
		t.Logf("%d differ: %s", n, why)
	}
}

// The caller's environment and the host's options change what nss-dns asks for.
func TestOptionsAreThoseOfNssDns(t *testing.T) {
	p := newPair(t)
	aliases := filepath.Join(t.TempDir(), "aliases")
	text := "short both.lan.example\nFour  six.lan.example\nmissing nowhere.lan.example\ntop top\nsix one\none three\n"
	if err := os.WriteFile(aliases, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, conf, env string }{
		{"no search list", "", ""},
		{"one domain", "domain lan.example\n", ""},
		{"the last of two lines counts", "domain other.example\nsearch lan.example\n", ""},
		{"ndots 3", "search lan.example\noptions ndots:3\n", ""},
		{"ndots 0", "search lan.example\noptions ndots:0\n", ""},
		{"ndots no number", "search lan.example\noptions ndots:x\n", ""},
		{"ndots below 0", "search lan.example\noptions ndots:-1\n", ""},
		{"no-aaaa", "search lan.example\noptions no-aaaa\n", ""},
		{"no-tld-query", "search lan.example\noptions no-tld-query\n", ""},
		{"root on the list", "search . lan.example\n", ""},
		{"rotate, edns0, trust-ad, use-vc", "search lan.example\noptions rotate edns0 trust-ad use-vc\n", ""},
		{"comments, tabs, nonsense", "# x\n;y\nsearch\tlan.example\t\nfrobnicate\noptions\tbogus timeout:1 ndots:2\n", ""},
		{"sortlist", "search lan.example\nsortlist 192.0.2.8/255.255.255.255\n", ""},
		{"LOCALDOMAIN", "search lan.example\n", "LOCALDOMAIN=other.example"},
		{"LOCALDOMAIN of two", "search x.example\n", "LOCALDOMAIN=other.example lan.example"},
		{"LOCALDOMAIN, empty", "search lan.example\n", "LOCALDOMAIN="},
		{"RES_OPTIONS", "search lan.example\n", "RES_OPTIONS=ndots:3 no-aaaa"},
		{"RES_OPTIONS over options", "search lan.example\noptions ndots:3\n", "RES_OPTIONS=ndots:1"},
		{"HOSTALIASES", "search lan.example\n", "HOSTALIASES=" + aliases},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p.options(t, test.conf)
			var list []string
			for k, q := range questions(uint64(i)) {
				if k%16 == 0 {
					list = append(list, q)
				}
			}
			for _, name := range []string{"short", "four", "missing", "top", "six", "one", "both", "both.lan.example", "deep.a.b"} {
				list = append(list, "gai 0 2 "+name, "name2 2 "+name, "name2 10 "+name, "gai 2 2 "+name)
			}
			var env []string
			if test.env != "" {
				env = []string{test.env}
			}
			p.compare(t, list, env...)
		})
	}
}

// A server in trouble: what getaddrinfo makes of it must be the same, so that a
// program tries again later and does not take the name for one that is not there.
func TestServersInTroubleAreAsInNssDns(t *testing.T) {
	p := newPair(t)
	p.options(t, "search lan.example\noptions timeout:1 attempts:1\n")
	tests := []struct {
		name  string
		enter func(*lab.Server) error
	}{
		{"SERVFAIL", (*lab.Server).ServFail},
		{"nobody listens", (*lab.Server).Refuse},
		{"silent", (*lab.Server).Freeze},
	}
	for i, test := range tests {
		if i > 0 && checks.File == "" {
			break // each waits for time-outs
		}
		t.Run(test.name, func(t *testing.T) {
			var list []string
			for _, family := range []int{unix.AF_UNSPEC, unix.AF_INET, unix.AF_INET6} {
				for _, flags := range []int{0, canonical} {
					list = append(list, fmt.Sprintf("gai %d %d never%d.lan.example", family, flags, i))
				}
			}
			list = append(list, fmt.Sprintf("name never%d.lan.example", i), fmt.Sprintf("name2 10 never%d.lan.example", i),
				fmt.Sprintf("addr 2 203.0.113.%d", i+1), fmt.Sprintf("info 0 203.0.113.%d", i+1), fmt.Sprintf("info 8 203.0.113.%d", i+1))
			for _, l := range p.server {
				if err := test.enter(l.Server); err != nil {
					t.Fatal(err)
				}
			}
			p.compare(t, list)
			for _, l := range p.server {
				if err := l.Server.On(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
