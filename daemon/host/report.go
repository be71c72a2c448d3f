package host

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"os"
	"strings"
	"time"

	"mcdns/daemon/control"
	"mcdns/daemon/nsssock"
	"mcdns/daemon/owner"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// Status is for `mcdns status`.
func (h *Host) Status(ctx context.Context) (control.Status, error) {
	v := h.shown.Load()
	name, _ := os.Hostname()
	out := control.Status{
		Schema: control.StatusSchema, Version: h.options.Version, Host: name,
		UptimeS: time.Since(h.started).Seconds(), Group: h.groupStatus(v),
		Counters: map[string]uint64{}, Warnings: []string{},
	}
	for _, w := range v.warnings {
		out.Warnings = append(out.Warnings, w.String())
	}
	err := h.owner.Look(ctx, func(look owner.View) {
		s := look.Node.Status(look.Now)
		out.Upstream, out.UpstreamS = s.Upstream.String(), s.Since.Seconds()
		out.Group.State, out.Group.Peers, out.Group.Proven = s.Group, s.Peers, s.Proven
		out.Cache = control.Cache{
			Entries: s.Entries, Stale: s.Stale, Negative: s.Negative, Bytes: s.Bytes, Limit: v.config.Size,
		}
		for _, server := range s.Servers {
			out.Servers = append(out.Servers, control.Upstream{
				Addr: server.Addr.String(), State: server.State.String(), Fallback: server.Fallback,
				Domain: server.Domain, CutOff: server.CutOff,
				LastSuccessS: seconds(server.Success), LastFailureS: seconds(server.Failure),
			})
		}
		for i, n := range look.Counters {
			if name := node.Counter(i).String(); name != "unknown" {
				out.Counters[name] = n
			}
		}
	})
	h.lan.counters(out.Counters)
	out.Counters["datagrams_lost"] = h.owner.Lost()
	out.Counters["internal_errors"] = h.owner.Panics()
	return out, err
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

// counters adds what was dropped before the node saw it.
func (l *lan) counters(to map[string]uint64) {
	to["datagrams_flood"] = l.flood.Load()
	to["datagrams_foreign"] = l.foreign.Load()
	to["datagrams_forged"] = l.forged.Load()
	to["datagrams_malformed"] = l.malformed.Load() + l.dropped.Size.Load()
	to["datagrams_off_link"] = l.dropped.OffLink.Load()
	to["datagrams_stray"] = l.dropped.Stray.Load()
	to["datagrams_unsent"] = l.unsent.Load()
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
	out := control.Peers{Schema: control.PeersSchema, Self: idString(h.self.Load().ID), Peers: []control.Peer{}}
	err := h.owner.Look(ctx, func(v owner.View) {
		out.State = v.Node.Status(v.Now).Group
		for _, p := range v.Node.Peers(v.Now) {
			out.Peers = append(out.Peers, control.Peer{
				ID: idString(p.Peer.ID), Addr: p.Addr.String(), Version: p.Version, Names: p.Names,
				SinceS: p.Since.Seconds(), LastS: p.Last.Seconds(), Proven: p.Proven, HearsUs: p.HearsUs,
				Told: p.Told, Contradicted: p.Contradicted,
			})
		}
	})
	return out, err
}

func idString(id uint64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], id)
	return hex.EncodeToString(b[:])
}

// Query is for `mcdns query`.
func (h *Host) Query(ctx context.Context, name string, types []uint16) (control.Answer, error) {
	begin := time.Now()
	found := nsssock.Find(ctx, h.resolveAll, *h.conf.Load(), name, types...)
	out := control.Answer{
		Schema: control.AnswerSchema, Name: name, Status: found.Status, Results: []control.Result{},
		DurationMS: float64(time.Since(begin).Microseconds()) / 1000,
	}
	addrs := map[wire.Peer]string{}
	err := h.owner.Look(ctx, func(v owner.View) {
		out.Upstream = v.Node.Status(v.Now).Upstream.String()
		for _, p := range v.Node.Peers(v.Now) {
			addrs[p.Peer] = p.Addr.Addr().String()
		}
	})
	for _, r := range found.Results {
		result := h.result(r)
		if result.Origin != nil {
			result.PeerAddr = addrs[r.Peer]
		}
		out.Results = append(out.Results, result)
	}
	return out, err
}

var kinds = map[wire.Kind]string{
	wire.Positive: "positive", wire.NoData: "no such record", wire.NXDomain: "no such name",
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
		Records: append([]string{}, a.Records()...), Values: []string{},
		Origin: &control.Origin{
			TTLs: r.TTL.Seconds(), OriginalTTLs: a.TTL.Seconds(), AgeS: r.Age.Seconds(),
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
func (h *Host) serverName(id wire.ServerID) string {
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
func typeName(q wire.Question) string {
	_, name, _ := strings.Cut(q.String(), " ")
	return name
}
