// Package resolvconf reads /etc/resolv.conf as glibc's resolver does, because
// the lines that programs relied on before mcdns must go on meaning what they
// meant (resolv.conf(5); glibc resolv/res_init.c).
//
// Read parse.go first: the file. Then machine.go (where it stands, and what counts
// instead), networkd.go (the system's links) and stamp.go (whether two programs see
// the same file).
package resolvconf

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Limits of glibc (resolv/resolv.h: MAXNS, RES_MAXNDOTS, RES_MAXRETRANS,
// RES_MAXRETRY).
const (
	maxServers  = 3
	maxNdots    = 15
	maxTimeout  = 30
	maxAttempts = 5
	maxFile     = 64 << 10
)

// MaxSearch bounds the search domains. glibc takes any number of them, but each is
// a question to the server.
const MaxSearch = 32

// Conf is what one resolv.conf says.
type Conf struct {
	// Servers in order of preference, never empty.
	Servers []netip.AddrPort
	// Problem is why Servers are glibc's own, 127.0.0.1 alone: "missing" and the
	// like; "" if the file names them.
	Problem string
	// Search domains as written, without a final dot; "." is the root.
	Search   []string
	Ndots    int
	Timeout  time.Duration
	Attempts int
	Rotate   bool
	// NoAAAA: never ask for IPv6 addresses.
	NoAAAA bool
	// NoTLDQuery: a name without dots is one of the search domains' only.
	NoTLDQuery bool
	// UseTCP: "use-vc", ask over TCP only.
	UseTCP bool
	// Stamp is that of the file, readable or not.
	Stamp Stamp
	// Young: the file may be changed once more and have the same stamp.
	Young bool
}

// Parse reads the text of a resolv.conf. hostname is that of the machine: its
// domain is searched if the file names none. Whatever the text is, the result
// is one that a resolver can work with.
func Parse(text []byte, hostname string) Conf {
	c := Conf{Ndots: 1, Timeout: 5 * time.Second, Attempts: 2}
	if len(text) > maxFile {
		text = text[:maxFile]
	}
	searched := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == ';' || line[0] == '#' {
			continue
		}
		key, rest := keyword(line)
		switch key {
		case "nameserver":
			c.addServer(rest)
		case "domain", "search": // the last of the two wins
			if words := fields(rest); len(words) > 0 {
				searched = true
				if key == "domain" {
					words = words[:1]
				}
				c.setSearch(words)
			}
		case "options":
			c.setOptions(rest)
		}
	}
	if !searched {
		if _, domain, ok := strings.Cut(hostname, "."); ok && domain != "" {
			c.setSearch([]string{domain})
		}
	}
	if len(c.Servers) == 0 {
		c.Problem = "names no server"
		c.Servers = []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 53)}
	}
	return c
}

// WithEnv applies the LOCALDOMAIN and RES_OPTIONS of a program's environment;
// nil stands for a variable that is not set.
func (c Conf) WithEnv(localdomain, resOptions *string) Conf {
	if localdomain != nil {
		line, _, _ := strings.Cut(*localdomain, "\n")
		c.setSearch(fields(line))
	}
	if resOptions != nil {
		c.setOptions(*resOptions)
	}
	return c
}

// keyword splits a line at the first blank, which must follow the keyword at
// once: glibc ignores lines that begin with a blank.
func keyword(line string) (string, string) {
	i := strings.IndexAny(line, " \t")
	if i < 0 {
		return "", ""
	}
	return line[:i], line[i:]
}

func fields(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' })
}

func (c *Conf) setSearch(words []string) {
	c.Search = nil
	for _, w := range words {
		if w != "." {
			w = strings.TrimSuffix(strings.TrimPrefix(w, "."), ".")
		}
		if w != "" && len(c.Search) < MaxSearch {
			c.Search = append(c.Search, w)
		}
	}
}

func (c *Conf) addServer(rest string) {
	words := fields(rest)
	if len(words) == 0 || len(c.Servers) == maxServers {
		return
	}
	if a, ok := parseAddr(words[0]); ok {
		c.Servers = append(c.Servers, netip.AddrPortFrom(a, 53))
	}
}

func parseAddr(s string) (netip.Addr, bool) {
	if a, ok := aton(s); ok {
		return a, true
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Is4() {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}

// aton is inet_aton(3): one to four numbers, decimal, octal or hexadecimal, the
// last filling what is left ("127.1").
func aton(s string) (netip.Addr, bool) {
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var value uint64
	for i, p := range parts {
		bits := 8
		if i == len(parts)-1 {
			bits = 8 * (5 - len(parts))
		}
		n, err := strconv.ParseUint(p, 0, bits)
		if err != nil || strings.ContainsAny(p, "_oObB+") && !strings.HasPrefix(strings.ToLower(p), "0x") {
			return netip.Addr{}, false
		}
		value = value<<bits | n
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true
}

func (c *Conf) setOptions(s string) {
	for _, w := range fields(s) {
		name, value, colon := strings.Cut(w, ":")
		if colon {
			name += ":"
		}
		switch name {
		case "ndots:":
			c.Ndots = min(atoi(value), maxNdots) & maxNdots // 4 bits in glibc: -1 is 15
		case "timeout:":
			c.Timeout = time.Duration(min(max(atoi(value), 1), maxTimeout)) * time.Second
		case "attempts:":
			c.Attempts = min(max(atoi(value), 1), maxAttempts)
		case "rotate":
			c.Rotate = true
		case "no-aaaa":
			c.NoAAAA = true
		case "no-tld-query":
			c.NoTLDQuery = true
		case "use-vc":
			c.UseTCP = true
		}
	}
}

// atoi is atoi(3): 0 for what is no number. Nine digits are enough to be beyond
// every limit.
func atoi(s string) int {
	digits := strings.TrimLeft(s, "+-")
	end := 0
	for end < len(digits) && end < 9 && digits[end] >= '0' && digits[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(s[:len(s)-len(digits)+end])
	if err != nil {
		return 0
	}
	return n
}
