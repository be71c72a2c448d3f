package host

import (
	"fmt"
	"io/fs"
	"testing"

	"mcdns/daemon/config"
	"mcdns/daemon/resolvconf"
)

// linked is a machine with a resolv.conf and links from index 2 on.
func linked(conf string, links ...string) resolvconf.Machine {
	files := map[string]string{resolvconf.Path: conf}
	var names []string
	for i, text := range links {
		names = append(names, fmt.Sprint(i+2))
		files[fmt.Sprintf("/run/systemd/netif/links/%d", i+2)] = "OPER_STATE=routable\n" + text + "\n"
	}
	return resolvconf.Machine{
		Hostname: func() (string, error) { return "h", nil },
		Stamp:    func(string) (resolvconf.Stamp, bool) { return resolvconf.Unknown, false },
		ReadDir:  func(string) ([]string, error) { return names, nil },
		ReadFile: func(path string) ([]byte, error) {
			if text, ok := files[path]; ok {
				return []byte(text), nil
			}
			return nil, fs.ErrNotExist
		},
	}
}

func TestLinksRouteTheirDomains(t *testing.T) {
	const lan, vpn = "DNS=192.168.1.1\nDOMAINS=lan", "DNS=10.0.0.1 10.0.0.2\nROUTE_DOMAINS=corp.example"
	const home = "nameserver 192.168.1.1\nsearch home.example\n"
	cases := []struct {
		name    string
		machine resolvconf.Machine
		config  string
		want    string // servers, search, routes
	}{
		{"no links", linked(home), "", "[192.168.1.1:53] [home.example] []"},
		{"the LAN's servers are asked anyway", linked(home, lan), "", "[192.168.1.1:53] [home.example lan] []"},
		{"a VPN beside it", linked(home, lan, vpn), "", "[192.168.1.1:53] [home.example lan] [{corp.example. [10.0.0.1:53 10.0.0.2:53]}]"},
		{"resolv.conf has the servers of both", linked("nameserver 192.168.1.1\nnameserver 10.0.0.1\nsearch lan\n", lan, vpn), "",
			"[192.168.1.1:53 10.0.0.1:53] [lan] [{lan. [192.168.1.1:53]} {corp.example. [10.0.0.1:53 10.0.0.2:53]}]"},
		{"two links for one domain", linked(home, vpn, "DNS=10.0.0.3 10.0.0.1\nDOMAINS=Corp.Example"), "",
			"[192.168.1.1:53] [home.example corp.example] [{corp.example. [10.0.0.1:53 10.0.0.2:53 10.0.0.3:53]}]"},
		{"a VPN for all names", linked(home, lan, vpn+" ."), "", "[10.0.0.1:53 10.0.0.2:53] [home.example lan] [{lan. [192.168.1.1:53]}]"},
		{"a VPN for all names and no resolv.conf", linked("", vpn+" ."), "", "[10.0.0.1:53 10.0.0.2:53] [] []"},
		{"resolved's stub routes", linked("nameserver 127.0.0.53\n", lan, vpn+" ."), "", "[127.0.0.53:53] [] []"},
		{"our own listener stands at the stub's address", linked("nameserver 127.0.0.53\n", lan), "[listener]\nlisten = 127.0.0.53\n", "[127.0.0.53:53] [lan] [{lan. [192.168.1.1:53]}]"},
		{"servers of the administrator's own", linked(home, lan, vpn+" ."), "[servers]\nservers = 192.0.2.1\n", "[192.168.1.1:53] [home.example] []"},
		{"a domain of the administrator's own", linked(home, vpn+" lab.example"), "[servers]\nservers = corp.example: 192.0.2.1\n",
			"[192.168.1.1:53] [home.example] [{corp.example. [192.0.2.1:53]} {lab.example. [10.0.0.1:53 10.0.0.2:53]}]"},
		{"a zone by name and by index", linked("nameserver fe80::1%eth0\n", "DNS=fe80::1\nDOMAINS=lan"), "", "[[fe80::1%eth0]:53] [lan] []"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v := view{config: config.Default(), conf: c.machine.Read()}
			if w := config.Parse(&v.config, "f", []byte(c.config)); len(w) > 0 {
				t.Fatal(w)
			}
			before := fmt.Sprint(v.config)
			v.ours = listens(v.config)
			v.followLinks(c.machine)
			if got := fmt.Sprint(v.conf.Servers, v.conf.Search, v.routes); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if v.conf.Problem != "" {
				t.Errorf("problem %q, with servers to ask", v.conf.Problem)
			}
			if after := fmt.Sprint(v.config); after != before {
				t.Errorf("the configuration changed: %s", after)
			}
		})
	}
}

// What is routed is private to the site: it is a search domain for the node.
func TestRoutedDomainsAreThoseTheNodeSearches(t *testing.T) {
	m := linked("nameserver 192.168.1.1\nsearch home.example\n", "DNS=10.0.0.1\nDOMAINS=corp.example\nROUTE_DOMAINS=lab.example")
	v := view{config: config.Default(), conf: m.Read()}
	v.followLinks(m)
	s := settings(v, m, nil, nil)
	if got, want := fmt.Sprint(s.Search), "[home.example. corp.example. corp.example. lab.example.]"; got != want {
		t.Errorf("got %s; want %s", got, want)
	}
	if len(s.Routes) != 2 || s.Routes[0].Domain != "corp.example." || s.Routes[0].Servers[0].ID == 0 {
		t.Errorf("got routes %v", s.Routes)
	}
}

func TestLinksRoutesAreBounded(t *testing.T) {
	var all []resolvconf.Link
	for i := range 2 * maxLinkRoutes {
		all = append(all, resolvconf.Link{Servers: addrPorts(fmt.Sprintf("10.0.0.%d:53", i+1)), Search: []string{fmt.Sprintf("d%d.", i), "same."}})
	}
	routes := withLinks(nil, all, addrPorts("192.0.2.1:53"))
	if len(routes) != maxLinkRoutes || len(routes[1].Servers) != 8 {
		t.Errorf("got %d routes, %d servers for one", len(routes), len(routes[1].Servers))
	}
	if got := len(withSearch(nil, all)); got != resolvconf.MaxSearch {
		t.Errorf("got %d search domains", got)
	}
}
