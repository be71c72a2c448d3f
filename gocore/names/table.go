package names

import "strings"

// use is what becomes of a special name.
type use uint8

const (
	// always: answered here whatever the configuration says.
	always use = iota
	// never: leaves only if it is listed in Lists.Forward.
	never
	// domain: leaves if it is listed, or lies under a search or routing domain.
	domain
	// site: may be asked of servers that stand on this site.
	site
)

// A zone is a row of the table.
type zone struct {
	name string
	use  use
	rfc  string
}

// table holds the special-use names, each with who says so. Answers are those
// of RFC 6303's empty zones: the top exists, nothing below it does.
var table = []zone{
	{"localhost.", always, "RFC 6761 section 6.3: addresses of this host, nothing else"},
	{"invalid.", never, "RFC 6761 section 6.4: never exists"},
	{"onion.", never, "RFC 7686 section 2, rule 4: a question gives a Tor user away"},
	{"resolver.arpa.", never, "RFC 9462 section 8.2: means the resolver that is asked"},
	{"test.", domain, "RFC 6761 section 6.2"},
	{"local.", domain, "RFC 6762 section 3 and 22.1: belongs to multicast DNS; sites that run it as a domain search it"},
	{"service.arpa.", domain, "RFC 9665 section 9.1"},
	{"home.arpa.", site, "RFC 8375 section 4: the home's own servers know it, no others"},

	// This host itself (RFC 6303 sections 4.2 and 4.3).
	{"127.in-addr.arpa.", always, "RFC 6303 section 4.2"},
	{loopback6, always, "RFC 6303 section 4.3"},
	{"0.in-addr.arpa.", never, "RFC 6303 section 4.2"},
	{"255.255.255.255.in-addr.arpa.", never, "RFC 6303 section 4.2"},
	{unspecified6, never, "RFC 6303 section 4.3"},

	// Addresses that mean something on this site alone.
	{"10.in-addr.arpa.", site, "RFC 6303 section 4.1"},
	{"168.192.in-addr.arpa.", site, "RFC 6303 section 4.1"},
	{"254.169.in-addr.arpa.", site, "RFC 6303 section 4.2"},
	{"d.f.ip6.arpa.", site, "RFC 6303 section 4.4"},
	{"8.e.f.ip6.arpa.", site, "RFC 6303 section 4.5"},
	{"9.e.f.ip6.arpa.", site, "RFC 6303 section 4.5"},
	{"a.e.f.ip6.arpa.", site, "RFC 6303 section 4.5"},
	{"b.e.f.ip6.arpa.", site, "RFC 6303 section 4.5"},
	{"2.0.192.in-addr.arpa.", site, "RFC 6303 section 4.2"},
	{"100.51.198.in-addr.arpa.", site, "RFC 6303 section 4.2"},
	{"113.0.203.in-addr.arpa.", site, "RFC 6303 section 4.2"},
	{"8.b.d.0.1.0.0.2.ip6.arpa.", site, "RFC 6303 section 4.6"},
}

// single stands for all names of one label. Home routers answer for those of
// their clients; on the Internet they are top-level domains, which have no
// hosts (RFC 7085). systemd-resolved sends none of them to any server.
var single = zone{".", site, "resolved.conf(5), ResolveUnicastSingleLabel="}

// Names of ::1 and :: (RFC 3596 section 2.5).
var (
	unspecified6 = strings.Repeat("0.", 32) + "ip6.arpa."
	loopback6    = "1." + strings.Repeat("0.", 31) + "ip6.arpa."
)

var byName = index()

func index() map[string]*zone {
	m := make(map[string]*zone)
	for i := range table {
		m[table[i].name] = &table[i]
	}
	for _, first := range numbers(16, 31) {
		m[first+".172.in-addr.arpa."] = &zone{first + ".172.in-addr.arpa.", site, "RFC 6303 section 4.1"}
	}
	for _, first := range numbers(64, 127) {
		m[first+".100.in-addr.arpa."] = &zone{first + ".100.in-addr.arpa.", site, "RFC 7793"}
	}
	return m
}
