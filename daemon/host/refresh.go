package host

import (
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"

	"mcdns/daemon/clock"
	"mcdns/daemon/config"
	"mcdns/daemon/files"
	"mcdns/daemon/groupkey"
	"mcdns/daemon/hosts"
	"mcdns/daemon/links"
	"mcdns/daemon/logs"
	"mcdns/daemon/nsswitch"
	"mcdns/daemon/resolvconf"
	"mcdns/daemon/upstream"
	"mcdns/daemon/watch"
	"mcdns/gocore/dns"
	"mcdns/gocore/names"
	"mcdns/gocore/node"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
)

// view is everything that refresh found, to be compared with the last time.
type view struct {
	config   config.Config
	warnings []config.Warning
	conf     resolvconf.Conf
	// routes are those of the configuration and of the system's links.
	routes   []config.Route
	settings node.Settings
	// ours are the addresses that our own listener holds, and nobody else.
	ours []netip.AddrPort
	// problem says why a host with a key file does not share, "" if it does.
	problem string
	// all are the machine's interfaces, blind says that the kernel did not list
	// them this time: those of the time before stand.
	all    []links.Interface
	blind  bool
	unread error // why settings of the time before stand, nil if they were read
	hasKey bool
	// ownNames: a service that knows this host's own names stands behind mcdns in
	// nsswitch.conf; ownFirst: before dns.
	ownNames, ownFirst bool
	keys               []trust.KeyID // the one that seals first
	place              links.Place
}

// refresh looks at configuration, resolv.conf, keys and interfaces and hands the
// node its settings if anything is new. It may be called at any time.
func (h *Host) refresh() {
	h.refreshing.Lock()
	defer h.refreshing.Unlock()
	machine := resolvconf.Real()
	v := h.read(machine)
	if v.conf.Problem != "" && len(v.config.Servers) == 0 {
		v.warn(resolvconf.Path, v.conf.Problem+": asking 127.0.0.1, as glibc does")
	}
	ring, problems := h.readKeys(v.config.KeyFile)
	v.hasKey = ring != nil || len(problems) > 0
	h.known.ring.Store(ring)
	if ring != nil {
		v.keys = ring.IDs()
	}
	v.readSwitch(nsswitch.Path)
	v.all, v.blind = h.ifaces(links.List)
	for _, name := range missing(v.config.Interfaces, v.all) {
		v.warn("group.interfaces", "there is no "+name)
	}
	h.known.scope.Store(links.Scope(v.all))
	chosen := links.Choose(v.all, v.config.Interfaces)
	if err := h.lan.Set(group(v.config), ring != nil, chosen); err != nil {
		problems = append(problems, err)
		ring = nil
	}
	v.problem = oneLine(problems)
	v.place = h.current.place.Next(clock.Boot(), v.all, chosen, v.servers())
	v.settings = settings(v, machine.Noting(&v.unread), ring, chosen)
	h.apply(v)
}

// read reads what the administrator and the system have set. What was read before
// stands while the machine fails to read (out of descriptors or memory, a disk with
// errors), for defaults would send every question elsewhere. retry reads again.
func (h *Host) read(machine resolvconf.Machine) (v view) {
	before := h.known.shown.Load()
	v.config, v.warnings, v.unread = config.Load(h.options.ConfigPath)
	if v.unread != nil && before != nil {
		v.config = before.config
	}
	v.ours = h.listen53(v.config)
	machine = machine.Noting(&v.unread)
	v.conf = machine.Read()
	v.followLinks(machine)
	if v.unread == nil {
		return v
	}
	v.warn("settings", v.unread.Error()+"; what is known from before stands, tried again")
	if before != nil {
		v.conf, v.routes = before.conf, before.routes
	}
	return v
}

// readKeys reads the group's keys. Those read before stand, as all that is read.
func (h *Host) readKeys(file string) (*trust.Ring, []error) {
	ring, problems := groupkey.Load(file)
	if before := h.known.ring.Load(); before != nil && slices.ContainsFunc(problems, files.Passing) {
		return before, problems
	}
	return ring, problems
}

// ifaces lists the interfaces: those of the last time if the kernel does not say
// (out of descriptors or memory), for a host without any leaves its group and its
// place. retry asks again.
func (h *Host) ifaces(list func() ([]links.Interface, error)) (all []links.Interface, blind bool) {
	all, err := list()
	if err == nil {
		return all, false
	}
	if !h.current.blind {
		h.log.Warn("cannot list interfaces; those known before stand", "error", err)
	}
	return h.current.all, true
}

// warn adds what `mcdns status` and the log say beside what is wrong in files.
func (v *view) warn(what, text string) {
	v.warnings = append(v.warnings, config.Warning{File: what, Text: text})
}

// oneLine joins errors as one line of the log.
func oneLine(errs []error) string {
	var all []string
	for _, err := range errs {
		all = append(all, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return strings.Join(all, "; ")
}

// missing are the names that no interface has.
func missing(names []string, all []links.Interface) (none []string) {
	for _, name := range names {
		if !slices.ContainsFunc(all, func(i links.Interface) bool { return i.Name == name }) {
			none = append(none, name)
		}
	}
	return none
}

// servers are the DNS servers to ask: those configured, else resolv.conf's.
func (v *view) servers() []netip.AddrPort {
	servers := v.config.Servers
	if len(servers) == 0 {
		servers = v.conf.Servers
	}
	return notOurs(servers, v.ours)
}

// group is where the hosts meet.
func group(c config.Config) links.Group {
	return links.Group{IPv4: c.Group4, IPv6: c.Group6, Port: c.Port}
}

// settings is what the node is told.
func settings(v view, machine resolvconf.Machine, ring *trust.Ring, chosen []node.Link) node.Settings {
	c := v.config
	return node.Settings{
		Servers: machine.Servers(v.servers()), Fallback: machine.Servers(notOurs(c.Fallback, v.ours)),
		Timeout: v.conf.Timeout, Attempts: v.conf.Attempts, Rotate: v.conf.Rotate,
		Lists: names.Lists{
			Search:  append(absolute(v.conf.Search), domains(v.routes)...),
			Forward: c.Forward, NoShare: c.NoShare, LocalOnly: c.LocalOnly, PrivateNames: c.PrivateNames,
		},
		Routes: nodeRoutes(machine, v.routes, v.ours), FetchAhead: c.FetchAhead, StopRebinding: c.StopRebinding,
		Shares: ring != nil, Name: toldName(c.TellName, os.Hostname), Links: chosen, Place: v.place.ID,
		CacheBytes: c.Size,
		MaxTTL:     c.MaxTTL, NegativeTTL: c.NegativeTTL, MinTTL: c.MinTTL, MaxStale: c.MaxStale,
	}
}

// toldName is what the group is told that this host is called: the first label, for
// the rest is the network's; empty if that is no name that a HELLO can say.
func toldName(tell bool, hostname func() (string, error)) string {
	name, err := hostname()
	name, _, _ = strings.Cut(name, ".")
	if !tell || err != nil || !wire.IsName(name) {
		return ""
	}
	return name
}

// absolute gives search domains as the node compares them; what is no name is
// never asked below and so left out.
func absolute(search []string) []string {
	var out []string
	for _, s := range search {
		if q, err := dns.NewQuestion(s, 1); err == nil && s != "." {
			out = append(out, q.Name)
		}
	}
	return out
}

// apply makes the view the current one and says what is new about it.
func (h *Host) apply(v view) {
	before := h.current
	first := h.known.shown.Load() == nil
	h.current = v
	h.known.shown.Store(&v)
	h.known.conf.Store(&v.conf)
	h.options.Level.Set(v.config.Level)
	if forced, ok := config.ParseLevel(os.Getenv("MCDNS_LOG_LEVEL")); ok {
		h.options.Level.Set(forced)
	}
	h.readHosts(v.config.Hosts, hosts.Path)
	h.listenMetrics(before.config, v.config)
	h.client.SetTLS(upstream.TLS{Mode: v.config.TLS, Names: v.config.TLSNames, Verified: v.config.Verified, Log: logs.Component(h.log, "upstream")})
	h.sayProblems(before, v, first)
	if !first {
		h.sayChanges(before, v)
	}
	h.tell(before, v, first)
}

// tell hands the node what is new. Another group's key makes it solo for a
// moment: the hosts that it holds for proven are not those of the new group.
func (h *Host) tell(before, now view, first bool) {
	if parted(before, now) {
		alone := now.settings
		alone.Shares = false
		h.loop.Put(node.Configure{Settings: alone})
		first = true
	}
	if first || !reflect.DeepEqual(before.settings, now.settings) {
		h.loop.Put(node.Configure{Settings: now.settings})
	}
}

// parted reports whether the keys are those of another group.
func parted(before, now view) bool {
	common := slices.ContainsFunc(now.keys, func(id trust.KeyID) bool { return slices.Contains(before.keys, id) })
	return before.settings.Shares && now.settings.Shares && !common
}

// follow watches everything refresh looks at; the function it returns ends that.
// What cannot be watched is read again on SIGHUP, and the log says so.
func (h *Host) follow() func() {
	var closers []func()
	say := func(err error) {
		h.log.Warn("cannot follow changes; send SIGHUP after one", "error", err)
	}
	if w, err := watch.Files(h.refresh, h.files); err != nil {
		say(err)
	} else {
		closers = append(closers, func() { w.Close() })
	}
	if f, err := links.Follow(h.refresh); err != nil {
		say(err)
	} else {
		closers = append(closers, f.Close)
	}
	// What changed before the watch began.
	h.refresh()
	return func() {
		for _, c := range closers {
			c()
		}
	}
}

// files are all that refresh reads; of a directory it is any file in it.
func (h *Host) files() []string {
	path, key := h.options.ConfigPath, h.known.shown.Load().config.KeyFile
	own := []string{path, path + ".d/any", key, groupkey.Dir(key) + "/any"}
	return append(append(own, hosts.Path, nsswitch.Path), resolvconf.Paths...)
}
