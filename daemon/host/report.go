package host

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"runtime/metrics"
	"strings"
	"time"

	"mcdns/daemon/clients"
	"mcdns/daemon/clock"
	"mcdns/daemon/control"
	"mcdns/daemon/loop"
	"mcdns/daemon/nsssock"
	"mcdns/daemon/survive"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// glance is what the loop says of the node for Status: its own, no
// part of it shared.
type glance struct {
	status   node.Status
	counters map[string]uint64
}

// lastStatus is the node's last full status. It is the loop's alone.
type lastStatus struct {
	node.Status
	at, until time.Duration
}

// dear is how much longer a status stands than it took to make: it walks the whole
// cache, and a user who asks for it without end must not hold lookups up for more
// than a hundredth of the time.
const dear = 100

// of is the status at a moment: its states are true, what had to be counted may be
// as old as dear allows, half a second with a full cache.
func (l *lastStatus) of(v loop.View, make func() node.Status) node.Status {
	if now := v.Now; now >= l.until || now < l.at {
		begun := clock.Boot()
		l.Status, l.at = make(), now
		l.until = now + dear*(clock.Boot()-begun)
	}
	s := l.Status
	s.Upstream, s.Group = v.Node.Upstream(), v.Node.Group()
	if s.Upstream == l.Upstream {
		s.Since += v.Now - l.at
	} else {
		s.Since = 0
	}
	return s
}

func (h *Host) status(v loop.View) node.Status {
	return h.last.of(v, func() node.Status { return v.Node.Status(v.Now) })
}

func (h *Host) look(v loop.View) glance {
	g := glance{status: h.status(v), counters: map[string]uint64{}}
	for i, n := range v.Counters {
		if name := node.Counter(i).String(); name != "unknown" {
			g.counters[name] = n
		}
	}
	return g
}

// Status is for `mcdns status`.
func (h *Host) Status(ctx context.Context) (control.Status, error) {
	seen, err := loop.See(ctx, h.loop, h.look)
	if err != nil {
		return control.Status{}, err
	}
	v, s := h.shown.Load(), seen.status
	name, _ := os.Hostname()
	out := control.Status{
		Schema: control.StatusSchema, Version: h.options.Version, Host: name,
		UptimeS: time.Since(h.started).Seconds(), Group: h.groupStatus(v),
		Upstream: s.Upstream.String(), UpstreamS: s.Since.Seconds(),
		Cache: control.Cache{
			Entries: s.Entries, Stale: s.Stale, Negative: s.Negative, Bytes: s.Bytes, Limit: v.config.Size,
		},
		Process: process(), Namespaces: namespaces(h.beyond()), Counters: seen.counters, Warnings: []string{},
	}
	out.Group.State, out.Group.Peers, out.Group.Proven, out.Group.Deaf = s.Group, s.Peers, s.Proven, s.Deaf
	for _, w := range v.warnings {
		out.Warnings = append(out.Warnings, w.String())
	}
	for _, server := range s.Servers {
		out.Servers = append(out.Servers, control.Server{
			Addr: server.Addr.String(), State: server.State.String(), Fallback: server.Fallback,
			Domain: server.Domain, CutOff: server.CutOff,
			LastSuccessS: seconds(server.Success), LastFailureS: seconds(server.Failure),
		})
	}
	h.lan.Counters(out.Counters)
	out.Counters["datagrams_lost"] = h.loop.Lost()
	out.Counters["internal_errors"] = h.loop.Panics() + survive.Panics()
	return out, nil
}

// beyond reports whether programs of other network namespaces are answered.
func (h *Host) beyond() bool { return h.shown.Load().config.ProgramsBeyond }

// namespaces are those whose programs are answered.
func namespaces(beyond bool) string {
	switch {
	case beyond:
		return "all"
	case !clients.NetworksKnown():
		return "unknown"
	}
	return "own"
}

// process asks the runtime for what it knows anyway: nothing is counted for it.
func process() control.Process {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	p := control.Process{Goroutines: runtime.NumGoroutine()}
	if live[0].Value.Kind() == metrics.KindUint64 { // else this Go no longer has it
		p.HeapBytes = live[0].Value.Uint64()
	}
	return p
}

// statusLine is for `systemctl status`.
func (h *Host) statusLine() string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	text, _ := loop.See(ctx, h.loop, func(v loop.View) string {
		s := h.status(v)
		return fmt.Sprintf("STATUS=upstream %s, group %s, %d answers", s.Upstream, s.Group, s.Entries)
	})
	return text
}

func (h *Host) groupStatus(v *view) control.Group {
	g := control.Group{
		Problem: v.problem, KeyFile: v.config.KeyFile, KeyIDs: []string{}, Interfaces: []string{},
		IPv4: v.config.Group4.String(), IPv6: v.config.Group6.String(), Port: v.config.Port,
	}
	if ring := h.ring.Load(); ring != nil {
		for _, id := range ring.IDs() {
			g.KeyIDs = append(g.KeyIDs, id.String())
		}
	}
	for _, l := range v.settings.Links {
		g.Interfaces = append(g.Interfaces, l.Name)
	}
	return g
}

func seconds(age time.Duration) *float64 {
	if age >= wire.Never {
		return nil
	}
	s := age.Seconds()
	return &s
}

// Peers is for `mcdns peers`.
func (h *Host) Peers(ctx context.Context) (control.Peers, error) {
	out, err := loop.See(ctx, h.loop, peers)
	out.Schema, out.Self = control.PeersSchema, idString(h.self.Load().ID)
	return out, err
}

func peers(v loop.View) control.Peers {
	out := control.Peers{State: v.Node.Group(), Peers: []control.Peer{}}
	for _, p := range v.Node.Peers(v.Now) {
		out.Peers = append(out.Peers, control.Peer{
			ID: idString(p.Peer.ID), Addr: p.Addr.String(), Version: p.Version, Names: p.Names,
			SinceS: p.Since.Seconds(), LastS: p.Last.Seconds(), Proven: p.Proven, HearsUs: p.HearsUs,
			Told: p.Told, Contradicted: p.Contradicted,
		})
	}
	return out
}

func idString(id uint64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], id)
	return hex.EncodeToString(b[:])
}

// Query is for `mcdns query`.
func (h *Host) Query(ctx context.Context, name string, types []uint16) (control.Answer, error) {
	begin := time.Now()
	h.lookAgain()
	found := nsssock.Find(ctx, h.resolveAll, *h.conf.Load(), h.hosts.Load(), h.own(), name, types...)
	out := control.Answer{
		Schema: control.AnswerSchema, Name: name, Status: found.Status, Results: []control.Result{},
		DurationMS: float64(time.Since(begin).Microseconds()) / 1000,
	}
	seen, err := loop.See(ctx, h.loop, origins)
	if err != nil {
		return out, err
	}
	out.Upstream = seen.upstream
	for _, r := range found.Results {
		result := h.result(r)
		if result.Origin != nil {
			result.PeerAddr = seen.addrs[r.Peer]
		}
		out.Results = append(out.Results, result)
	}
	return out, nil
}

// from is what Query has to say beside the answer.
type from struct {
	upstream string
	addrs    map[wire.Peer]string
}

func origins(v loop.View) from {
	f := from{upstream: v.Node.Upstream().String(), addrs: map[wire.Peer]string{}}
	for _, p := range v.Node.Peers(v.Now) {
		f.addrs[p.Peer] = p.Addr.Addr().String()
	}
	return f
}

var kinds = map[dns.Kind]string{
	dns.Positive: "positive", dns.NoData: "no such record", dns.NXDomain: "no such name",
}

var sources = map[node.Source]string{
	node.FromCache: "cache", node.FromServer: "server", node.FromPeer: "peer", node.FromHere: "here",
}

func (h *Host) result(r node.Result) control.Result {
	a := r.Answer
	if a == nil {
		return control.Result{Kind: "no answer", Records: []string{}, Values: []string{}}
	}
	out := control.Result{
		Name: a.Question.Name, Type: typeName(a.Question), Kind: kinds[a.Kind],
		Records: append([]string{}, a.RecordsLeft(r.Age, r.TTL)...), Values: []string{},
		Origin: &control.Origin{
			TTLs: r.TTL.Seconds(), LifeS: r.Life.Seconds(), OriginalTTLs: a.TTL.Seconds(), AgeS: r.Age.Seconds(),
			Stale: r.Stale, Source: sources[r.Source], Server: h.serverName(a.Server),
		},
	}
	if r.Peer != (wire.Peer{}) {
		out.Peer = idString(r.Peer.ID)
	}
	if view, err := a.View(); err == nil {
		for _, addr := range view.Addrs {
			out.Values = append(out.Values, addr.String())
		}
		out.Values = append(out.Values, view.Names...)
	}
	return out
}

// serverName is the address of a server that this host knows by its hash.
func (h *Host) serverName(id dns.ServerID) string {
	set := h.shown.Load().settings
	for _, list := range [][]node.Server{set.Servers, set.Fallback} {
		for _, s := range list {
			if s.ID == id && id != 0 {
				return addrString(s.Addr)
			}
		}
	}
	return ""
}

// addrString leaves the usual port out.
func addrString(a netip.AddrPort) string {
	if a.Port() == 53 {
		return a.Addr().String()
	}
	return a.String()
}

// typeName is the type's mnemonic, TYPEn if it has none (RFC 3597).
func typeName(q dns.Question) string {
	_, name, _ := strings.Cut(q.String(), " ")
	return name
}

// members are the addresses of those that are proven, nobody's if the node does not
// answer at once.
func (h *Host) members() []netip.Addr {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	addrs, _ := loop.See(ctx, h.loop, func(v loop.View) (addrs []netip.Addr) {
		for _, p := range v.Node.Peers(v.Now) {
			addrs = append(addrs, p.Addr.Addr())
		}
		return addrs
	})
	return addrs
}
