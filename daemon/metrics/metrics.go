// Package metrics counts what mcdnsd does, for monitoring: a page in the text
// format of Prometheus, on the control socket and, if the administrator names an
// address, over TCP. No metric names a peer, a program or a name that was looked
// up, so the number of series is bounded by what is configured here.
//
// Read metrics.go first: which there are. Then counts.go (what the daemon counts for
// them), page.go (how they are written), process.go, endpoint.go (TCP) and health.go (what is asked
// beside them).
package metrics

import (
	"runtime"
	"slices"
	"strings"

	"mcdns/daemon/control"
	"mcdns/gocore/wire"
)

// Page is the page: the status of the node, and what was counted beside it.
func (c *Counts) Page(s *control.Status) []byte {
	buf := make(page, 0, 24<<10)
	p := &buf
	p.family("build_info", "gauge", "The versions of mcdnsd and of Go.")
	p.sample("build_info", 1, "version", s.Version, "goversion", runtime.Version())
	p.one("uptime_seconds", "gauge", "How long mcdnsd has been running.", s.UptimeS)
	p.process()
	c.lookups(p)
	p.cache(&s.Cache)
	p.servers(s)
	c.upstream(p)
	p.group(&s.Group)
	c.datagrams(p)
	for _, f := range counters {
		p.family(f.name, "counter", f.help)
		for _, from := range f.from {
			p.sample(f.name, float64(s.Counters[from.counter]), from.labels...)
		}
	}
	p.family("trouble", "gauge", "1 for what keeps this host from its group (key, key_unused, isolated, unsent, tcp), the disk (unsaved, unread) or its programs (nss).")
	for _, kind := range control.TroubleKinds {
		has := slices.ContainsFunc(s.Troubles, func(t control.Trouble) bool { return t.Kind == kind })
		p.sample("trouble", flag(has), "kind", string(kind))
	}
	p.one("config_warnings", "gauge", "What mcdnsd.conf and resolv.conf have that is left out.", float64(len(s.Warnings)))
	return buf
}

func (c *Counts) lookups(p *page) {
	p.family("lookups_total", "counter", "Questions of this host's programs, by where the answer is from and what it was.")
	for i, source := range sources {
		for j, result := range results {
			if (source == "none") == (result == "failed") {
				p.sample("lookups_total", float64(c.Lookups.counts[i][j].Load()), "source", source, "result", result)
			}
		}
	}
	p.family("lookup_duration_seconds", "histogram", "How long the questions of programs took.")
	for i, source := range sources {
		p.histogram("lookup_duration_seconds", &c.Lookups.took[i], "source", source)
	}
}

func (p *page) cache(c *control.Cache) {
	p.family("cache_entries", "gauge", "Answers held; stale ones are past their TTL.")
	p.sample("cache_entries", float64(c.Entries-c.Stale), "state", "fresh")
	p.sample("cache_entries", float64(c.Stale), "state", "stale")
	p.one("cache_negative_entries", "gauge", "Those of the answers held that say that there is none.", float64(c.Negative))
	p.one("cache_bytes", "gauge", "What the answers held take.", float64(c.Bytes))
	p.one("cache_limit_bytes", "gauge", "Room for answers.", float64(c.Limit))
}

var (
	serverStates = []control.State{control.Up, control.Suspect, control.Down}
	groupStates  = []control.GroupState{control.WithPeers, control.Isolated, control.Solo}
)

// A serverKey tells DNS servers apart. Several domains may have one server.
type serverKey struct{ addr, kind string }

func (p *page) servers(s *control.Status) {
	p.family("upstream_state", "gauge", "1 for the state of the DNS servers together.")
	state(p, "upstream_state", s.Upstream, serverStates)
	var keys []serverKey
	worst := map[serverKey]control.Server{}
	for _, server := range s.Servers {
		k := serverKey{server.Addr, "all"}
		switch {
		case server.Fallback:
			k.kind = "fallback"
		case server.Domain != "":
			k.kind = "domain"
		}
		before, twice := worst[k]
		if !twice {
			keys = append(keys, k)
		}
		if !twice || rank(server.State) > rank(before.State) {
			worst[k] = server
		}
	}
	p.family("server_state", "gauge", "1 for the state of a DNS server: for all names, of a domain alone, or a fallback.")
	for _, k := range keys {
		state(p, "server_state", worst[k].State, serverStates, "server", k.addr, "kind", k.kind)
	}
	p.family("server_cut_off", "gauge", "1 if peers reach a DNS server and this host does not.")
	for _, k := range keys {
		p.sample("server_cut_off", flag(worst[k].CutOff), "server", k.addr, "kind", k.kind)
	}
}

// rank orders states: up, suspect, down.
func rank(state control.State) int {
	for i, s := range serverStates {
		if s == state {
			return i
		}
	}
	return -1
}

func (c *Counts) upstream(p *page) {
	p.family("upstream_queries_total", "counter", "Questions to DNS servers, by what became of them.")
	for i, outcome := range outcomes {
		p.sample("upstream_queries_total", float64(c.Upstream.counts[i].Load()), "result", outcome)
	}
	p.family("upstream_duration_seconds", "histogram", "How long DNS servers took to reply.")
	p.histogram("upstream_duration_seconds", &c.Upstream.took)
}

func (p *page) group(g *control.Group) {
	p.family("group_state", "gauge", "1 for the state of the group: peers, isolated (a key, but nobody is heard) or solo (no key).")
	state(p, "group_state", g.State, groupStates)
	p.family("peers", "gauge", "Peers heard lately; all of them have shown that they are alive now.")
	p.sample("peers", float64(g.Peers), "state", "proven")
	p.one("peers_deaf", "gauge", "Those of the peers that do not hear this host's multicast.", float64(g.Deaf))
}

func (c *Counts) datagrams(p *page) {
	each := func(name string, value func(direction, transport int, kind wire.Kind) uint64) {
		for i, direction := range directions {
			for j, transport := range transports {
				for k := range wire.EachKind {
					p.sample(name, float64(value(i, j, k)), "direction", direction, "transport", transport, "type", strings.ToLower(k.String()))
				}
			}
		}
	}
	p.family("peer_packets_total", "counter", "Datagrams of the group.")
	each("peer_packets_total", func(i, j int, k wire.Kind) uint64 { return c.Datagrams.counts[i][j][k].packets.Load() })
	p.family("peer_bytes_total", "counter", "Bytes of the group's datagrams, less their UDP and IP headers.")
	each("peer_bytes_total", func(i, j int, k wire.Kind) uint64 { return c.Datagrams.counts[i][j][k].bytes.Load() })
}

// from is a counter of control.Status as a sample.
type from struct {
	counter string
	labels  []string
}

// counters are the metrics that the status has already counted.
var counters = []struct {
	name, help string
	from       []from
}{
	{"upstream_asked_total", "Questions to DNS servers, by what for: a program's lookup, to refresh, to probe, or ahead of a program.", []from{
		{"upstream_asked", []string{"purpose", "lookup"}}, {"upstream_refresh", []string{"purpose", "refresh"}},
		{"upstream_probe", []string{"purpose", "probe"}}, {"upstream_ahead", []string{"purpose", "ahead"}},
	}},
	{"cache_evictions_total", "Answers that had to make room.", []from{{"evicted", nil}}},
	{"answers_announced_total", "Answers told to the group.", []from{{"answers_announced", nil}}},
	{"answers_untold_total", "Answers that the group was not told: too many at once.", []from{{"answers_untold", nil}}},
	{"answers_taken_total", "Answers of peers that were kept.", []from{{"answers_taken", nil}}},
	{"answers_refused_total", "Answers of peers that were not taken: a peer may not give them (rule), or gave too many at once (rate).", []from{
		{"answers_refused", []string{"reason", "rule"}}, {"peer_flood", []string{"reason", "rate"}},
	}},
	{"answers_contradicted_total", "Answers of peers that a DNS server said otherwise, in a way that is not rotation.", []from{{"answers_contradicted", nil}}},
	{"peer_rejected_total", "Datagrams not taken: of another group's key (foreign), another version of mcdns (version), no key's (forged), from beyond the link (off_link), too many (flood, lost), ...", []from{
		{"datagrams_foreign", []string{"reason", "foreign"}}, {"datagrams_version", []string{"reason", "version"}},
		{"datagrams_forged", []string{"reason", "forged"}},
		{"datagrams_malformed", []string{"reason", "malformed"}}, {"datagrams_off_link", []string{"reason", "off_link"}},
		{"datagrams_repeated", []string{"reason", "repeated"}},
		{"datagrams_stray", []string{"reason", "stray"}}, {"datagrams_flood", []string{"reason", "flood"}},
		{"datagrams_lost", []string{"reason", "lost"}}, {"peer_late", []string{"reason", "late"}},
		{"peer_replayed", []string{"reason", "replayed"}}, {"peer_duplicate", []string{"reason", "duplicate"}},
	}},
	{"peer_unsent_total", "Datagrams that could not be sent.", []from{{"datagrams_unsent", nil}}},
	{"streams_total", "Streams over TCP that this host wanted to open to peers, by what became of it.", []from{
		{"streams_opened", []string{"result", "opened"}}, {"streams_failed", []string{"result", "failed"}},
	}},
	{"rebinding_stopped_total", "Answers held back by stop_rebinding.", []from{{"rebinding_stopped", nil}}},
	{"internal_errors_total", "What mcdnsd could not bear; the log has the first of each run.", []from{{"internal_errors", nil}}},
}
