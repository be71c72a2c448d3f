package resolvconf

import (
	"io"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// linksDir is where systemd-networkd keeps what it knows of each link, in a file
// named after its index. The files call themselves private; their keys are what
// sd-network(3) has read for systemd-resolved since 2016 (version 232).
const linksDir = "/run/systemd/netif/links"

const (
	maxLinks   = 1024 // a host of containers has hundreds
	maxDomains = 64   // of one link
)

// Link is what the system says of one interface.
type Link struct {
	// Servers are those to ask by way of the link, at most wire.MaxServers.
	Servers []netip.AddrPort
	// Search are its search domains, Routes those that only say what its servers
	// are asked for; names with a final dot, none is the root.
	Search, Routes []string
	// Default: its servers are for all names ("~."), and the link is up.
	Default bool
}

// Links lists the links that have servers, by index. There are none where one of
// servers is systemd-resolved's stub: it routes by link itself, and to go past it
// would lose what it knows beside these files (VPNs, resolvectl).
func (m Machine) Links(servers []netip.AddrPort) []Link {
	if slices.ContainsFunc(servers, isResolvedStub) {
		return nil
	}
	var out []Link
	for _, index := range m.linkIndexes() {
		name := strconv.Itoa(index)
		text, err := m.ReadFile(linksDir + "/" + name)
		if err != nil {
			continue // gone by now
		}
		if l := parseLink(name, text); len(l.Servers) > 0 {
			out = append(out, l)
		}
	}
	return out
}

func (m Machine) linkIndexes() []int {
	var all []int
	names, _ := m.ReadDir(linksDir)
	for _, name := range names {
		// Not what is being written: ".#4f3a2" becomes "4" by renaming.
		if n, err := strconv.Atoi(name); err == nil && n > 0 && strconv.Itoa(n) == name {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all[:min(len(all), maxLinks)]
}

// parseLink reads the file of the link with an index. What it does not know it
// leaves out.
func parseLink(index string, text []byte) Link {
	if len(text) > maxFile {
		text = text[:maxFile]
	}
	keys := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			keys[key] = value
		}
	}
	var l Link
	for s := range strings.FieldsSeq(keys["DNS"]) {
		if a, ok := parseLinkServer(index, s); ok && len(l.Servers) < wire.MaxServers && !slices.Contains(l.Servers, a) {
			l.Servers = append(l.Servers, a)
		}
	}
	up := slices.Contains([]string{"degraded-carrier", "degraded", "routable"}, keys["OPER_STATE"])
	for s := range strings.FieldsSeq(keys["DOMAINS"]) {
		l.addDomain(&l.Search, s, up)
	}
	for s := range strings.FieldsSeq(keys["ROUTE_DOMAINS"]) {
		l.addDomain(&l.Routes, s, up)
	}
	return l
}

func (l *Link) addDomain(to *[]string, s string, up bool) {
	if rest, tilde := strings.CutPrefix(s, "~"); tilde {
		to, s = &l.Routes, rest
	}
	if s == "." {
		l.Default = up
		return
	}
	q, err := dns.NewQuestion(s, 1)
	if err == nil && q.Name != "." && len(*to) < maxDomains && !slices.Contains(*to, q.Name) {
		*to = append(*to, q.Name)
	}
}

// parseLinkServer reads address, [address]:port or address:port, and then %link
// and #name, each of which may be missing (systemd's in_addr_full_to_string).
func parseLinkServer(index, s string) (netip.AddrPort, bool) {
	s, _, _ = strings.Cut(s, "#")
	s, zone, _ := strings.Cut(s, "%")
	a, err := netip.ParseAddrPort(s)
	if err != nil {
		addr, bad := netip.ParseAddr(s)
		a, err = netip.AddrPortFrom(addr, 53), bad
	}
	addr := a.Addr().Unmap()
	if err != nil || a.Port() == 0 || addr.IsUnspecified() || addr.IsMulticast() {
		return netip.AddrPort{}, false
	}
	if addr.Is6() && addr.IsLinkLocalUnicast() {
		if zone == "" || len(zone) > 15 {
			zone = index
		}
		addr = addr.WithZone(zone)
	}
	return netip.AddrPortFrom(addr, a.Port()), true
}

// readDir lists at most as many names as a directory full of rubbish may cost.
func readDir(path string) ([]string, error) {
	d, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(4 * maxLinks)
	if err == io.EOF { // it is empty
		err = nil
	}
	return names, err
}
