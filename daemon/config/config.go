// Package config reads mcdnsd.conf and its drop-ins. A resolver that refuses to
// start over a spelling mistake is worse than the mistake, so nothing in these
// files is fatal: a bad line is left out with a warning that names file and
// line, and the default stands.
//
// Read config.go first: what there is to set, and the table of keys. Then load.go
// (which files, and what becomes of bad lines) and value.go (one kind of value after
// the other).
package config

import (
	"log/slog"
	"net/netip"
	"time"

	"mcdns/daemon/upstream"
	"mcdns/gocore/node"
)

// Path is where the configuration is unless MCDNS_CONFIG says otherwise.
const Path = "/etc/mcdns/mcdnsd.conf"

// Config is what mcdnsd.conf can say.
type Config struct {
	Group
	Cache
	Names
	// Servers are the DNS servers; empty means follow /etc/resolv.conf.
	Servers []netip.AddrPort
	// Fallback are asked only while all others are down; those of Verified by DNS over TLS
	// alone, under the name that their certificates must bear, whatever TLS says.
	Fallback []netip.AddrPort
	Verified map[netip.AddrPort]string
	// Routes are domains with servers of their own.
	Routes []Route
	// TLS says whether servers are asked by DNS over TLS, TLSNames by which names
	// those at an address prove themselves.
	TLS      upstream.TLSMode
	TLSNames map[netip.Addr]string
	// TellName: the group is told what this host is called.
	TellName bool
	// ProgramsBeyond: programs of other network namespaces are answered too.
	ProgramsBeyond bool
	// Listen are the addresses on which DNS questions are answered; none means
	// that they are not. Unless ListenBeyond, all are loopback addresses.
	Listen       []netip.AddrPort
	ListenBeyond bool
	// Metrics are the addresses on which they are served over TCP; none means that
	// they are not. Unless MetricsBeyond, all are loopback addresses.
	Metrics       []netip.AddrPort
	MetricsBeyond bool
	// Level is the least severe level that is logged.
	Level slog.Level
}

// Group is with whom this host shares, and where.
type Group struct {
	// Group4, Group6 and Port are where the group meets; all hosts must agree.
	Group4, Group6 netip.Addr
	Port           uint16
	// Interfaces are the names of the interfaces to share on; empty means all
	// that are fit for it.
	Interfaces []string
	// KeyFile holds the group's key; keys that only open lie in keys.d beside it.
	KeyFile string
}

// Cache is how many answers are held, and how long.
type Cache struct {
	// Size is the room for answers, in bytes.
	Size int
	// MinTTL, MaxTTL and NegativeTTL bound the lives of own answers.
	MinTTL, MaxTTL, NegativeTTL time.Duration
	// FetchAhead asks for what an answer will be followed by.
	FetchAhead bool
	// MaxStale (the key cache.stale) is how long past its TTL an answer may serve in an outage.
	MaxStale time.Duration
	// Save is the directory for the saved state: "" for the default
	// (STATE_DIRECTORY, else /var/lib/mcdns), "no" for none.
	Save string
}

// Names is what is said of some names.
type Names struct {
	// NoShare and LocalOnly are names with a final dot (node.Settings).
	NoShare, LocalOnly []string
	// Forward are special-use names that go to the DNS servers all the same.
	Forward []string
	// Hosts: /etc/hosts is read, for a host where files does not come first.
	Hosts bool
	// StopRebinding holds back public names' private addresses, but for
	// PrivateNames.
	StopRebinding bool
	PrivateNames  []string
}

// A Route is a domain, with a final dot, that is asked of Servers alone.
type Route struct {
	Domain  string
	Servers []netip.AddrPort
}

// Default is the configuration of an empty file.
func Default() Config {
	d := node.Defaults()
	return Config{
		Group: Group{
			Group4:  netip.AddrFrom4([4]byte{224, 0, 0, 254}),
			Group6:  netip.MustParseAddr("ff02::114"),
			Port:    7353,
			KeyFile: "/etc/mcdns/group.key",
		},
		Cache: Cache{
			Size:        d.CacheBytes,
			MaxTTL:      d.MaxTTL,
			NegativeTTL: d.NegativeTTL,
			MaxStale:    d.MaxStale,
			FetchAhead:  d.FetchAhead,
		},
		TellName: true,
		Level:    slog.LevelInfo,
	}
}

// A setting puts a value of the file into a Config. What it returns is said
// after the name and the value: "is not a size".
type setting func(c *Config, value string) error

// settings are all there are, by section and key.
var settings = map[string]map[string]setting{
	"group": {
		"group4":     setGroup4,
		"group6":     setGroup6,
		"port":       setPort,
		"interfaces": setInterfaces,
		"key_file":   setKeyFile,
	},
	"servers": {
		"servers":   setServers,
		"fallback":  setFallback,
		"tls":       setTLS,
		"tls_names": setTLSNames,
	},
	"cache": {
		"size":         setSize,
		"min_ttl":      duration(func(c *Config) *time.Duration { return &c.MinTTL }, time.Hour),
		"max_ttl":      duration(func(c *Config) *time.Duration { return &c.MaxTTL }, 7*24*time.Hour),
		"negative_ttl": duration(func(c *Config) *time.Duration { return &c.NegativeTTL }, 24*time.Hour),
		"stale":        duration(func(c *Config) *time.Duration { return &c.MaxStale }, 365*24*time.Hour),
		"fetch_ahead":  yes(func(c *Config) *bool { return &c.FetchAhead }),
		"save":         setSave,
	},
	"sharing": {
		"no_share":   names(func(c *Config) *[]string { return &c.NoShare }),
		"local_only": names(func(c *Config) *[]string { return &c.LocalOnly }),
		"tell_name":  yes(func(c *Config) *bool { return &c.TellName }),
	},
	"names": {
		"forward":        names(func(c *Config) *[]string { return &c.Forward }),
		"hosts":          yes(func(c *Config) *bool { return &c.Hosts }),
		"stop_rebinding": yes(func(c *Config) *bool { return &c.StopRebinding }),
		"private_names":  names(func(c *Config) *[]string { return &c.PrivateNames }),
	},
	"programs": {
		"beyond": yes(func(c *Config) *bool { return &c.ProgramsBeyond }),
	},
	"listener": {
		"listen": addrPorts(func(c *Config) *[]netip.AddrPort { return &c.Listen }, "off", dnsPort),
		"beyond": yes(func(c *Config) *bool { return &c.ListenBeyond }),
	},
	"metrics": {
		"listen": addrPorts(func(c *Config) *[]netip.AddrPort { return &c.Metrics }, "off", metricsPort),
		"beyond": yes(func(c *Config) *bool { return &c.MetricsBeyond }),
	},
	"log": {"level": setLevel},
}
