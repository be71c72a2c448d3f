package resolvconf

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

func TestLinksSayWhatTheirServersAreFor(t *testing.T) {
	const stub = "nameserver 127.0.0.53\n"
	// As systemd-networkd writes it, but for keys of no interest here.
	const lan = "# This is private data. Do not parse.\nADMIN_STATE=configured\nOPER_STATE=routable\n" +
		"DNS=192.168.1.1 fd00::1\nNTP=192.168.1.1\nDOMAINS=lan\nROUTE_DOMAINS=\nLLMNR=yes\n"
	link := func(lines ...string) map[string]string {
		return map[string]string{linksDir + "/7": "OPER_STATE=routable\n" + strings.Join(lines, "\n") + "\n"}
	}
	cases := []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"no networkd", nil, "[]"},
		{"a LAN", map[string]string{linksDir + "/2": lan}, "[{[192.168.1.1:53 [fd00::1]:53] [lan.] [] false}]"},
		{"resolved's stub routes", map[string]string{linksDir + "/2": lan, Path: stub}, "[]"},
		{"by index", map[string]string{linksDir + "/10": "DNS=10.0.0.10", linksDir + "/9": "DNS=10.0.0.9"}, "[{[10.0.0.9:53] [] [] false} {[10.0.0.10:53] [] [] false}]"},
		{"other files", map[string]string{linksDir + "/.#2f": lan, linksDir + "/02": lan, linksDir + "/-1": lan, linksDir + "/x": lan}, "[]"},
		{"loopback and unmanaged links", map[string]string{linksDir + "/1": "ADMIN_STATE=unmanaged\nOPER_STATE=carrier\n"}, "[]"},
		{"unreadable", map[string]string{linksDir + "/2": "EACCES"}, "[]"},
		{"a VPN for two domains", link("DNS=10.0.0.1", "ROUTE_DOMAINS=Corp.Example 10.in-addr.arpa"), "[{[10.0.0.1:53] [] [corp.example. 10.in-addr.arpa.] false}]"},
		{"a VPN for all", link("DNS=10.0.0.1", "DOMAINS=corp.example", "ROUTE_DOMAINS=."), "[{[10.0.0.1:53] [corp.example.] [] true}]"},
		{"as in a .network file", link("DNS=10.0.0.1", "DOMAINS=corp.example ~lab.example ~."), "[{[10.0.0.1:53] [corp.example.] [lab.example.] true}]"},
		{"for all, without a carrier", link("DNS=10.0.0.1", "ROUTE_DOMAINS=. corp.example", "OPER_STATE=no-carrier"), "[{[10.0.0.1:53] [] [corp.example.] false}]"},
		{"domains without a server", link("DOMAINS=corp.example"), "[]"},
		{"ports, links and names", link("DNS=192.0.2.1:54 192.0.2.2%eth0 192.0.2.3:55%eth0#dns.example [2001:db8::1]:54 2001:db8::2%3#dns.example"),
			"[{[192.0.2.1:54 192.0.2.2:53 192.0.2.3:55 [2001:db8::1]:54 [2001:db8::2]:53] [] [] false}]"},
		{"link-local", link("DNS=fe80::1 fe80::2%eth0 [fe80::3]:54%9"), "[{[[fe80::1%7]:53 [fe80::2%eth0]:53 [fe80::3%9]:54] [] [] false}]"},
		{"nonsense", link("DNS=0.0.0.0 :: 224.0.0.1 ff02::1 192.0.2.1:0 192.0.2.300 dns.example %eth0 # [] 192.0.2.9 192.0.2.9", "DOMAINS=a..b ~ ~~x.. "+strings.Repeat("x", 64), "=", "DNS"),
			"[{[192.0.2.9:53] [] [] false}]"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := machine(c.files)
			if got := fmt.Sprint(m.Links(m.Read().Servers)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestHostileLinksAreBounded(t *testing.T) {
	files := map[string]string{}
	for i := range 2 * maxLinks {
		files[fmt.Sprintf("%s/%d", linksDir, i+1)] = "DNS=192.0.2.1\n"
	}
	if got := len(machine(files).Links(nil)); got != maxLinks {
		t.Errorf("got %d links; want %d", got, maxLinks)
	}
	var servers, domains []string
	for i := range 1000 {
		servers = append(servers, fmt.Sprintf("192.0.2.%d", i%250))
		domains = append(domains, fmt.Sprintf("d%d", i))
	}
	list := strings.Join(domains, " ")
	l := parseLink("1", []byte("DNS="+strings.Join(servers, " ")+"\nDOMAINS="+list+"\nROUTE_DOMAINS="+list))
	if len(l.Servers) != wire.MaxServers || len(l.Search) != maxDomains || len(l.Routes) != maxDomains {
		t.Errorf("got %d servers, %d and %d domains", len(l.Servers), len(l.Search), len(l.Routes))
	}
}

func FuzzParseLink(f *testing.F) {
	f.Add("OPER_STATE=routable\nDNS=192.0.2.1 [fe80::1%2]:53#x\nDOMAINS=a ~b .\nROUTE_DOMAINS=.")
	f.Fuzz(func(t *testing.T, text string) {
		l := parseLink("3", []byte(text))
		if len(l.Servers) > wire.MaxServers || len(l.Search) > maxDomains || len(l.Routes) > maxDomains {
			t.Fatalf("got %v", l)
		}
		for _, s := range l.Servers {
			if a := s.Addr(); s.Port() == 0 || a.IsUnspecified() || a.IsMulticast() || a.IsLinkLocalUnicast() && a.Is6() && a.Zone() == "" {
				t.Fatalf("server %v", s)
			}
		}
		for _, d := range append(l.Search, l.Routes...) {
			if q, err := dns.NewQuestion(d, 1); err != nil || q.Name != d || d == "." {
				t.Fatalf("domain %q", d)
			}
		}
	})
}

func TestEverythingReadIsFollowed(t *testing.T) {
	var read []string
	m := machine(map[string]string{Path: "nameserver 127.0.0.53\n"})
	readFile := m.ReadFile
	m.ReadFile = func(path string) ([]byte, error) { read = append(read, path); return readFile(path) }
	m.ReadDir = func(path string) ([]string, error) { read = append(read, path+"/any"); return []string{"2"}, nil }
	m.Servers(m.Read().Servers)
	m.Links(nil)
	if len(read) != 4 {
		t.Errorf("read %v", read)
	}
	for _, path := range read {
		if !slices.ContainsFunc(Paths, func(p string) bool { return filepath.Dir(p) == filepath.Dir(path) }) {
			t.Errorf("%s is read and not followed", path)
		}
	}
}
