package story

import (
	"fmt"
	"slices"
	"time"

	"mcdns/test/lab"
)

// Names is what the hosts look up, and the truth about it.
type Names struct {
	Zone  *lab.Zone
	Timed []string // looked up first by the C program, which takes the time
	Apps  []string // looked up first by other programs

	expect map[string]expected
	next   int // number of the next address
}

// expected is what a lookup has to say, in the words of lab.Lookup.
type expected struct {
	result string
	addrs  []string
}

// Sites are enough domains for 234 names.
var Sites = []string{
	"library", "school", "hospital", "bakery", "museum", "harbour", "theatre", "brewery", "farm", "post", "bank",
	"hotel", "garage", "cinema", "archive", "chapel", "mill", "zoo",
}

// NewNames makes 13 names for each site: ordinary ones, some with one family
// only, some with aliases, one that does not exist, and one address to be
// looked up in reverse. ttl, in whole seconds, is that of all their records.
func NewNames(ttl time.Duration, sites []string) *Names {
	n := &Names{Zone: lab.NewZone(ttl), expect: map[string]expected{}}
	for _, site := range sites {
		n.addSite(site + ".example")
	}
	return n
}

func (n *Names) addSite(domain string) {
	at := func(service string) string { return service + "." + domain }
	for _, service := range []string{"www", "shop", "wiki", "news"} {
		n.Timed = append(n.Timed, n.Host(at(service), 1, 1))
	}
	n.Timed = append(n.Timed,
		n.Host(at("cluster"), 4, 4), n.Host(at("mail"), 1, 0), n.Host(at("printer"), 2, 0), n.Host(at("sensor"), 0, 1),
		n.alias(at("login"), at("www")), n.alias(at("edge"), at("cluster")),
		n.alias(at("cdn"), at("edge")), // a chain of two
	)
	n.want(at("closed"), "NONAME") // a name that does not exist
	n.Timed = append(n.Timed, at("closed"), n.reverse(at("www")))
}

// Host gives a name so many addresses of its own, in place of those it had, and
// returns the name. It is on none of the lists.
func (n *Names) Host(name string, four, six int) string {
	var addrs []string
	for range four {
		addrs = append(addrs, n.address4())
	}
	for range six {
		n.next++
		addrs = append(addrs, fmt.Sprintf("2001:db8::%x", n.next))
	}
	n.Zone.Remove(name)
	n.Zone.Name(name, addrs...)
	n.want(name, "OK", addrs...)
	return name
}

// address4 walks through the addresses for documentation (RFC 5737), and starts
// again at their end.
func (n *Names) address4() string {
	nets := []string{"192.0.2", "198.51.100", "203.0.113"}
	n.next++
	return fmt.Sprintf("%s.%d", nets[n.next/250%3], n.next%250+1)
}

func (n *Names) alias(name, target string) string {
	n.Zone.Alias(name, target)
	n.want(name, "OK", n.expect[target].addrs...)
	return name
}

func (n *Names) reverse(name string) string {
	addr := n.expect[name].addrs[0]
	n.Zone.Pointer(addr, name)
	n.want(addr, "OK", name)
	return addr
}

func (n *Names) want(name, result string, addrs ...string) {
	addrs = slices.Clone(addrs)
	slices.Sort(addrs)
	n.expect[name] = expected{result, addrs}
}

// App makes one more name, for a program other than the C program to look up.
func (n *Names) App(name string) { n.Apps = append(n.Apps, n.Host(name, 1, 1)) }

// All is Timed and Apps.
func (n *Names) All() []string { return slices.Concat(n.Timed, n.Apps) }

// Addresses is the truth about a name, sorted as text.
func (n *Names) Addresses(name string) []string { return n.expect[name].addrs }

// Right says whether a lookup said what is true.
func (n *Names) Right(l lab.Lookup) bool {
	want := n.expect[l.Name]
	return l.Result == want.result && slices.Equal(l.Addrs, want.addrs)
}

// Complaint says what is wrong with a lookup, for people.
func (n *Names) Complaint(host *lab.Host, l lab.Lookup) string {
	want := n.expect[l.Name]
	return fmt.Sprintf("%s: %s: got %s %v after %v; want %s %v",
		host.Name, l.Name, l.Result, l.Addrs, l.Took, want.result, want.addrs)
}
