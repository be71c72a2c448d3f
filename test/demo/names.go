package main

import (
	"fmt"
	"slices"
	"time"

	"mcdns/test/lab"
)

// ttl is short, so that all TTLs run out while somebody watches.
const ttl = 5 * time.Second

// names is what the hosts look up, and the truth about it.
type names struct {
	zone   *lab.Zone
	timed  []string // looked up first by the C program, which takes the time
	apps   []string // looked up first by other programs
	expect map[string]expected
	next   int // number of the next address
}

// expected is what a lookup has to say, in the words of lab.Lookup.
type expected struct {
	result string
	addrs  []string
}

var sites = []string{
	"library", "school", "hospital", "bakery", "museum", "harbour", "theatre", "brewery", "farm", "post", "bank",
	"hotel", "garage", "cinema", "archive", "chapel", "mill", "zoo",
}

// newNames makes 13 names for each site: ordinary ones, some with one family
// only, some with aliases, one that does not exist, and one address to be
// looked up in reverse.
func newNames() *names {
	n := &names{zone: lab.NewZone(ttl), expect: map[string]expected{}}
	for _, site := range sites {
		n.addSite(site + ".example")
	}
	return n
}

func (n *names) addSite(domain string) {
	at := func(service string) string { return service + "." + domain }
	for _, service := range []string{"www", "shop", "wiki", "news"} {
		n.host(at(service), 1, 1)
	}
	n.host(at("cluster"), 4, 4)
	n.host(at("mail"), 1, 0)
	n.host(at("printer"), 2, 0)
	n.host(at("sensor"), 0, 1)
	n.alias(at("login"), at("www"))
	n.alias(at("edge"), at("cluster"))
	n.alias(at("cdn"), at("edge")) // a chain of two
	n.want(at("closed"), "NONAME") // a name that does not exist
	n.timed = append(n.timed, at("login"), at("edge"), at("cdn"), at("closed"))
	n.reverse(at("www"))
}

// host gives a name addresses of its own.
func (n *names) host(name string, four, six int) {
	var addrs []string
	for range four {
		addrs = append(addrs, n.address4())
	}
	for range six {
		n.next++
		addrs = append(addrs, fmt.Sprintf("2001:db8::%x", n.next))
	}
	n.zone.Name(name, addrs...)
	n.want(name, "OK", addrs...)
	n.timed = append(n.timed, name)
}

// address4 walks through the addresses for documentation (RFC 5737), and starts
// again at their end.
func (n *names) address4() string {
	nets := []string{"192.0.2", "198.51.100", "203.0.113"}
	n.next++
	return fmt.Sprintf("%s.%d", nets[n.next/250%3], n.next%250+1)
}

func (n *names) alias(name, target string) {
	n.zone.Alias(name, target)
	n.want(name, "OK", n.expect[target].addrs...)
}

func (n *names) reverse(name string) {
	addr := n.expect[name].addrs[0]
	n.zone.Pointer(addr, name)
	n.want(addr, "OK", name)
	n.timed = append(n.timed, addr)
}

func (n *names) want(name, result string, addrs ...string) {
	addrs = slices.Clone(addrs)
	slices.Sort(addrs)
	n.expect[name] = expected{result, addrs}
}

// app makes one more name, for a program other than the C program to look up.
func (n *names) app(name string) {
	n.host(name, 1, 1)
	n.timed = n.timed[:len(n.timed)-1]
	n.apps = append(n.apps, name)
}

func (n *names) all() []string { return slices.Concat(n.timed, n.apps) }

// right says whether a lookup said what is true.
func (n *names) right(l lab.Lookup) bool {
	want := n.expect[l.Name]
	return l.Result == want.result && slices.Equal(l.Addrs, want.addrs)
}
