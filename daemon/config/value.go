package config

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"mcdns/daemon/logs"
	"mcdns/daemon/upstream"
	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

const (
	// minSize holds a few thousand answers: below it a host forgets faster than
	// it asks.
	minSize = 1 << 20
	maxSize = 16 << 30
	// maxList bounds every list; the node takes 8 servers, nobody has 1000 zones.
	maxList = 1024
	// maxRoutes: each is looked at for every question.
	maxRoutes = 64
)

func list(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' })
}

func setGroup4(c *Config, value string) error {
	a, err := netip.ParseAddr(value)
	if err != nil || !a.Is4() || !a.IsMulticast() {
		return errors.New("is not an IPv4 multicast address")
	}
	// Anything else could be routed off the link, where no TTL of 255 arrives.
	if !a.IsLinkLocalMulticast() {
		return errors.New("is not link-local: 224.0.0.0/24 is (RFC 5771)")
	}
	c.Group4 = a
	return nil
}

func setGroup6(c *Config, value string) error {
	a, err := netip.ParseAddr(value)
	if err != nil || !a.Is6() || !a.IsLinkLocalMulticast() || a.Zone() != "" {
		return errors.New("is not a link-local IPv6 multicast address (ff02::/16)")
	}
	c.Group6 = a
	return nil
}

func setPort(c *Config, value string) error {
	n, err := strconv.ParseUint(value, 10, 16)
	if err != nil || n == 0 {
		return errors.New("is not a port")
	}
	c.Port = uint16(n)
	return nil
}

func setInterfaces(c *Config, value string) error {
	names := list(value)
	if len(names) == 1 && names[0] == "auto" {
		names = nil
	}
	if len(names) > maxList {
		return errors.New("has too many names")
	}
	for _, n := range names {
		if len(n) > 15 || strings.ContainsAny(n, "/:") {
			return errors.New("is not a list of interfaces")
		}
	}
	c.Interfaces = names
	return nil
}

func setKeyFile(c *Config, value string) error {
	if !filepath.IsAbs(value) {
		return errors.New("is not an absolute path")
	}
	c.KeyFile = filepath.Clean(value)
	return nil
}

func setSave(c *Config, value string) error {
	if value == "no" || value == "" {
		c.Save = value
		return nil
	}
	if !filepath.IsAbs(value) {
		return errors.New("is neither a directory nor \"no\"")
	}
	c.Save = filepath.Clean(value)
	return nil
}

// ParseLevel reads the name of a log level.
func ParseLevel(name string) (slog.Level, bool) {
	l, ok := map[string]slog.Level{
		"error": slog.LevelError, "warn": slog.LevelWarn, "notice": logs.LevelNotice,
		"info": slog.LevelInfo, "debug": slog.LevelDebug,
	}[name]
	return l, ok
}

func setLevel(c *Config, value string) error {
	l, ok := ParseLevel(value)
	if !ok {
		return errors.New("is none of error, warn, notice, info, debug")
	}
	c.Level = l
	return nil
}

func setSize(c *Config, value string) error {
	n, err := parseSize(value)
	if err != nil {
		return err
	}
	if n < minSize || n > maxSize {
		return errors.New("is not between 1MiB and 16GiB")
	}
	c.Size = int(n)
	return nil
}

func parseSize(value string) (int64, error) {
	digits := strings.TrimRight(value, "KMGiB")
	unit, ok := map[string]int64{
		"": 1, "B": 1, "K": 1 << 10, "KiB": 1 << 10, "M": 1 << 20, "MiB": 1 << 20, "G": 1 << 30, "GiB": 1 << 30,
	}[value[len(digits):]]
	n, number := whole(digits)
	if !number || !ok {
		return 0, errors.New("is not a size (as in 64MiB)")
	}
	return min(n, math.MaxInt64/unit) * unit, nil
}

// whole reads a number. One that is too large is the largest there is: what a
// setting allows at most, its own bound says better.
func whole(digits string) (n int64, ok bool) {
	u, err := strconv.ParseUint(digits, 10, 64)
	return int64(min(u, math.MaxInt64)), err == nil || errors.Is(err, strconv.ErrRange)
}

func duration(field func(*Config) *time.Duration, most time.Duration) setting {
	return func(c *Config, value string) error {
		d, err := parseDuration(value)
		if err != nil {
			return err
		}
		if d > most {
			return fmt.Errorf("is more than %ds", int64(most.Seconds()))
		}
		*field(c) = d
		return nil
	}
}

// parseDuration reads whole numbers with one unit, s by default: 30s, 15m, 1d.
func parseDuration(value string) (time.Duration, error) {
	units := map[string]time.Duration{
		"": time.Second, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
	}
	digits := strings.TrimRight(value, "smhdw")
	unit, ok := units[value[len(digits):]]
	n, number := whole(digits)
	if !number || !ok {
		return 0, errors.New("is not a time (as in 30s, 15m, 12h, 3d)")
	}
	return min(time.Duration(n), math.MaxInt64/unit) * unit, nil
}

func names(field func(*Config) *[]string) setting {
	return func(c *Config, value string) error {
		var out []string
		for _, n := range list(value) {
			q, err := dns.NewQuestion(strings.TrimPrefix(n, "*."), 1)
			if err != nil {
				return fmt.Errorf("is not a list of names: %w", err)
			}
			out = append(out, q.Name)
		}
		if len(out) > maxList {
			return errors.New("has too many names")
		}
		*field(c) = out
		return nil
	}
}

func yes(field func(*Config) *bool) setting {
	return func(c *Config, value string) error {
		if value != "yes" && value != "no" {
			return errors.New("is neither yes nor no")
		}
		*field(c) = value == "yes"
		return nil
	}
}

// setServers reads items set apart by commas: servers for all names, or a domain
// with servers of its own. Only blanks stand within an item, lest one forgotten
// comma give a domain's servers every question.
func setServers(c *Config, value string) error {
	var plain, routes []string
	for _, item := range strings.Split(value, ",") {
		if isRoute(item) {
			routes = append(routes, item)
		} else {
			plain = append(plain, item)
		}
	}
	servers, err := parseServers(strings.Join(plain, " "), "auto")
	if err != nil {
		return err
	}
	c.Servers, c.Routes = servers, nil
	for _, item := range routes {
		if err := c.addRoute(item); err != nil {
			return err
		}
	}
	return nil
}

// setFallback reads servers, some with the name that they must prove.
func setFallback(c *Config, value string) error {
	var addrs []string
	verified := map[netip.AddrPort]string{}
	for _, s := range list(value) {
		addr, name, named := strings.Cut(s, "#")
		addrs = append(addrs, addr)
		if !named {
			continue
		}
		server, err := parseServer(addr, dnsPort)
		q, bad := dns.NewQuestion(name, 1)
		if err != nil || bad != nil || q.Name == "." {
			return errors.New("is not a list of addresses, some with names (as in 192.0.2.53 192.0.2.1#dns.example)")
		}
		verified[server] = strings.TrimSuffix(q.Name, ".")
	}
	servers, err := parseServers(strings.Join(addrs, " "), "none")
	if err != nil {
		return err
	}
	if c.Fallback, c.Verified = servers, nil; len(verified) > 0 {
		c.Verified = verified
	}
	return nil
}

// isRoute reports whether an item begins with a domain: addresses have colons too.
func isRoute(item string) bool {
	words := list(item)
	if len(words) == 0 || words[0] == "auto" {
		return false
	}
	_, err := parseServer(words[0], dnsPort)
	return err != nil && strings.Contains(item, ":")
}

// addRoute takes one "domain: servers"; a domain named twice has the servers of
// both.
func (c *Config) addRoute(item string) error {
	domain, addrs, _ := strings.Cut(item, ":")
	text := strings.TrimSpace(domain)
	q, err := dns.NewQuestion(text, 1)
	// 192.0.2.300 is a mistaken address and no domain: no top level is a number
	// (RFC 3696 section 2).
	if err != nil || q.Name == "." || strings.ContainsAny(text, " \t") || numeric(q.Name) {
		return errors.New("is no list of addresses and domains with theirs (as in 192.0.2.53, corp.example: 10.0.0.1 10.0.0.2)")
	}
	servers, err := parseServers(addrs, "")
	if err != nil {
		return err
	}
	i := slices.IndexFunc(c.Routes, func(r Route) bool { return r.Domain == q.Name })
	if i < 0 {
		i = len(c.Routes)
		c.Routes = append(c.Routes, Route{Domain: q.Name})
	}
	r := &c.Routes[i]
	r.Servers = append(r.Servers, servers...)
	if len(r.Servers) == 0 || len(r.Servers) > wire.MaxServers || len(c.Routes) > maxRoutes {
		return fmt.Errorf("has a domain without a server, more than %d servers for one, or more than %d domains", wire.MaxServers, maxRoutes)
	}
	return nil
}

// numeric reports whether the last label of a name is a number.
func numeric(name string) bool {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	return strings.Trim(labels[len(labels)-1], "0123456789") == ""
}

func setTLS(c *Config, value string) error {
	modes := map[string]upstream.TLSMode{"no": upstream.TLSOff, "opportunistic": upstream.TLSOpportunistic, "strict": upstream.TLSStrict}
	mode, ok := modes[value]
	if !ok {
		return errors.New("is none of no, opportunistic, strict")
	}
	c.TLS = mode
	return nil
}

func setTLSNames(c *Config, value string) error {
	out := map[netip.Addr]string{}
	for _, s := range list(value) {
		text, name, _ := strings.Cut(s, "#")
		addr, err := netip.ParseAddr(text)
		q, bad := dns.NewQuestion(name, 1)
		if err != nil || bad != nil || len(out) >= maxList {
			return errors.New("is not a list of addresses and names (as in 192.0.2.53#dns.example)")
		}
		out[addr.WithZone("")] = strings.TrimSuffix(q.Name, ".")
	}
	c.TLSNames = nil
	if len(out) > 0 {
		c.TLSNames = out
	}
	return nil
}

// addrPorts reads addresses; one without a port gets the usual one.
func addrPorts(field func(*Config) *[]netip.AddrPort, none string, usual uint16) setting {
	return func(c *Config, value string) error {
		out, err := parseAddrs(value, none, usual)
		if err == nil {
			*field(c) = out
		}
		return err
	}
}

// Ports of addresses that are written without one.
const (
	dnsPort     = 53
	metricsPort = 9753
)

func parseServers(value, none string) ([]netip.AddrPort, error) {
	return parseAddrs(value, none, dnsPort)
}

// parseAddrs reads a list of at most wire.MaxServers; the word none stands for
// no address.
func parseAddrs(value, none string, usual uint16) (out []netip.AddrPort, err error) {
	for _, s := range list(value) {
		if s == none {
			continue
		}
		a, err := parseServer(s, usual)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	if len(out) > wire.MaxServers {
		return nil, fmt.Errorf("has more than %d addresses", wire.MaxServers)
	}
	return out, nil
}

func parseServer(s string, usual uint16) (netip.AddrPort, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.AddrPortFrom(a, usual), nil
	}
	if a, err := netip.ParseAddrPort(s); err == nil && a.Port() != 0 {
		return a, nil
	}
	return netip.AddrPort{}, errors.New("is not a list of addresses (as in 192.0.2.53 or [2001:db8::53]:5353)")
}
