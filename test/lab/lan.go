package lab

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vishvananda/netlink"
)

// Lines for Config.NSS: a host with mcdns, and one without.
const (
	WithMcdns    = "files mcdns [!UNAVAIL=return] dns"
	WithoutMcdns = "files dns"
)

// BuiltIn, for Config.Program, is the DNS server of this package.
const BuiltIn = "builtin"

// Config says what LAN to make. The zero value of each field is its default.
type Config struct {
	// 1 to 250. The kernel has room for 1024 neighbours of all network namespaces
	// together: where all hosts speak to all by unicast, as mcdns does when it
	// starts, 30 hosts fill it, and addresses beyond are not reached.
	Hosts   int
	Servers int    // DNS servers, 1 to 100; default 1
	NSS     string // the hosts: line of nsswitch.conf; default WithMcdns
	Zone    *Zone  // what the DNS servers know; default an empty zone
	Number  byte   // the LAN is 10.Number/16 and fdNumber::/64; 10 to 99, default 77

	// Program is the DNS server: BuiltIn, or "unbound" or "dnsmasq" of the
	// distribution, which cannot do all that a Server can. Default: what
	// MCDNS_LAB_SERVER says, else BuiltIn.
	Program string

	// Binaries is needed where NSS names mcdns; default: those of build/.
	Binaries *Binaries
	// Conf is /etc/mcdns/mcdnsd.conf; empty: no such file.
	Conf string
	// NoKey leaves /etc/mcdns/group.key out, so that every host runs solo.
	NoKey bool
	// Stopped leaves mcdnsd for the caller to start.
	Stopped bool

	// Switch puts the user-space switch in the bridge's place even where Faults
	// is zero, so that SetFaults, Cut and Partition work.
	Switch bool
	Faults Faults
	Seed   uint64 // of the switch's dice; default 1

	// LogDir keeps what the daemons say on standard error, one file per host
	// and program. Empty: the files end with the lab; see Unit.Log.
	LogDir string
}

func (c *Config) hasMcdns() bool { return slices.Contains(strings.Fields(c.NSS), "mcdns") }

// runsMcdns says whether the host was made to have mcdns.
func (h *Host) runsMcdns() bool { return slices.Contains(strings.Fields(h.nss), "mcdns") }

func (c *Config) fill() error {
	if c.Servers == 0 {
		c.Servers = 1
	}
	if c.NSS == "" {
		c.NSS = WithMcdns
	}
	if c.Zone == nil {
		c.Zone = NewZone(time.Minute)
	}
	if c.Number == 0 {
		c.Number = 77
	}
	if c.Program == "" {
		c.Program = cmp.Or(os.Getenv("MCDNS_LAB_SERVER"), BuiltIn)
	}
	if c.Seed == 0 {
		c.Seed = 1
	}
	if c.Faults != (Faults{}) {
		c.Switch = true
	}
	if c.Hosts < 1 || c.Hosts > 250 || c.Servers < 1 || c.Servers > 100 || c.Number < 10 || c.Number > 99 {
		return fmt.Errorf("lab: no LAN with %d hosts, %d servers and number %d", c.Hosts, c.Servers, c.Number)
	}
	return nil
}

// LAN is a network of hosts, its DNS servers and its router.
type LAN struct {
	Hosts   []*Host
	Servers []*Server
	Server  *Server // the first of Servers
	Router  *Host
	Zone    *Zone

	cfg       Config
	serial    int32
	dir       string // the files of all hosts
	moduleDir string // holds libnss_mcdns.so.2 alone
	bridge    *netlink.Bridge
	wire      *wire // the switch; nil on a bridge
	ports     []*port
	key       []byte
	closed    bool
}

var lans atomic.Int32

// New makes a LAN and waits until every mcdnsd on it is ready. Close ends it.
func New(cfg Config) (*LAN, error) {
	if !inside {
		return nil, errors.New("lab: not inside: call lab.Enter first")
	}
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	l := &LAN{cfg: cfg, Zone: cfg.Zone, serial: lans.Add(1), key: make([]byte, 32)}
	l.dir = filepath.Join(root, fmt.Sprint(l.serial))
	rand.Read(l.key)
	if err := l.build(); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func (l *LAN) build() error {
	steps := []func() error{l.layLogs, l.layModule, l.newMiddle, l.addRouter, l.addServers, l.addHosts, l.settle, l.startMcdnsd}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (l *LAN) layLogs() error {
	if l.cfg.LogDir == "" {
		return nil
	}
	return os.MkdirAll(l.cfg.LogDir, 0o755)
}

// layModule copies the module alone into a directory: everything in it will
// stand beside the C library.
func (l *LAN) layModule() error {
	if l.moduleDir = filepath.Join(l.dir, "module"); !l.cfg.hasMcdns() {
		return nil
	}
	if l.cfg.Binaries == nil {
		l.cfg.Binaries = FindBinaries()
	}
	if err := l.cfg.Binaries.check(); err != nil {
		return err
	}
	if err := os.MkdirAll(l.moduleDir, 0o755); err != nil {
		return err
	}
	so, err := os.ReadFile(l.cfg.Binaries.Module)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(l.moduleDir, "libnss_mcdns.so.2"), so, 0o755)
}

func (l *LAN) newMiddle() error {
	if l.cfg.Switch {
		l.wire = newWire(l.cfg.Seed, l.cfg.Faults)
		return nil
	}
	return l.newBridge()
}

func (l *LAN) add(name, nss string, high, low byte) (*Host, error) {
	h, err := l.newHost(name, nss, l.addr4(high, low), l.addr6(uint16(high), uint16(low)))
	if err != nil {
		return nil, err
	}
	return h, l.plug(h, netip.PrefixFrom(h.Addr, bits4), netip.PrefixFrom(h.Six, bits6))
}

func (l *LAN) addRouter() (err error) {
	if l.Router, err = l.add("router", "files", 0, 1); err != nil {
		return err
	}
	return l.Router.internet()
}

func (l *LAN) addServers() error {
	for i := range l.cfg.Servers {
		h, err := l.add(fmt.Sprintf("dns%d", i+1), "files", 0, byte(2+i))
		if err != nil {
			return err
		}
		s := newServer(h, l.Zone, l.cfg.Program)
		l.Servers = append(l.Servers, s)
		if err := s.open(); err != nil {
			return err
		}
	}
	l.Server = l.Servers[0]
	return nil
}

func (l *LAN) addHosts() error {
	for i := range l.cfg.Hosts {
		h, err := l.add(fmt.Sprintf("h%d", i+1), l.cfg.NSS, 1, byte(1+i))
		if err != nil {
			return err
		}
		l.Hosts = append(l.Hosts, h)
		if err := h.defaultRoutes(l.Router); err != nil {
			return err
		}
		if err := h.SetResolvConf(l.ResolvConf()); err != nil {
			return err
		}
	}
	return nil
}

func (l *LAN) settle() error {
	for _, p := range l.ports {
		if err := p.settle(true); err != nil {
			return err
		}
	}
	return nil
}

// ResolvConf is the resolv.conf of the LAN's hosts: every server, in order.
func (l *LAN) ResolvConf() string {
	var b strings.Builder
	for _, s := range l.Servers {
		fmt.Fprintf(&b, "nameserver %s\n", s.Host.Addr)
	}
	return b.String()
}

// Attach gives a host of another LAN one more interface, on this LAN.
func (l *LAN) Attach(h *Host) error {
	n := byte(1 + len(l.ports))
	return l.plug(h, netip.PrefixFrom(l.addr4(2, n), bits4), netip.PrefixFrom(l.addr6(2, uint16(n)), bits6))
}

// Close ends the LAN: every process on it, every host, every cable.
// A second Close does nothing.
func (l *LAN) Close() error {
	if l.closed {
		return nil
	}
	l.closed = true
	var errs []error
	for _, h := range l.everyone() {
		errs = append(errs, h.powerDown())
	}
	for _, p := range l.ports {
		errs = append(errs, p.unplug())
	}
	if l.wire != nil {
		l.wire.close()
	}
	if l.bridge != nil {
		errs = append(errs, netlink.LinkDel(l.bridge))
	}
	for _, h := range l.everyone() {
		errs = append(errs, h.end())
	}
	return errors.Join(append(errs, os.RemoveAll(l.dir))...)
}

// everyone lists the router, the servers' hosts and the hosts.
func (l *LAN) everyone() []*Host {
	var all []*Host
	if l.Router != nil {
		all = append(all, l.Router)
	}
	for _, s := range l.Servers {
		all = append(all, s.Host)
	}
	return append(all, l.Hosts...)
}

// end lets the host's thread go, and with it the host's namespaces.
func (h *Host) end() error {
	close(h.calls)
	return h.netns.Close()
}
