// Package report says what the node and the daemon are doing, in the words of the
// control socket. It stands apart from daemon/control, which the command links too.
//
// Read report.go first (status and peers), then trouble.go (what is not as it should be),
// outage.go (what an outage cost), lost.go (who is gone), line.go (systemd's line), reach.go (the ways to peers), query.go
// (where an answer is from) and held.go (what is held).
package report

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	"mcdns/daemon/asked"
	"mcdns/daemon/beside"
	"mcdns/daemon/clients"
	"mcdns/daemon/clock"
	"mcdns/daemon/config"
	"mcdns/daemon/control"
	"mcdns/daemon/glibc"
	"mcdns/daemon/links"
	"mcdns/daemon/loop"
	"mcdns/daemon/nsswitch"
	"mcdns/daemon/survive"
	"mcdns/daemon/trips"
	"mcdns/gocore/node"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
)

// Seen is what the last look at the machine found.
type Seen struct {
	Settings node.Settings
	Group    config.Group
	Keys     []trust.KeyID // those in use
	// Problem says why a host with a key file does not share, "" if it does.
	Problem  string
	Warnings []config.Warning
	// Beyond: programs of other network namespaces are answered too; Hosts: names of
	// /etc/hosts are.
	Beyond, Hosts bool
}

// Config is what a Reporter needs.
type Config struct {
	Version string
	Loop    *loop.Loop
	Self    func() wire.Peer
	// Seen is called for each report.
	Seen func() Seen
	// Find looks a name up as the module would, but for how the node is asked, if that is
	// not nil; Renew asks it so that it asks a server, whatever is held.
	Find  func(ctx context.Context, name string, types []uint16, ask glibc.Ask) glibc.Finding
	Renew glibc.Ask
	// Dropped adds the counts of datagrams that the node never saw.
	Dropped func(to map[string]uint64)
	Saver   Saver
	Group   Group
	Trips   *trips.Trips
	// Now is CLOCK_BOOTTIME.
	Now func() time.Duration
	// Asked are the questions of a day.
	Asked *asked.Asked
	// Wiring is how programs of this machine get to mcdnsd. It may hang with the disk.
	Wiring func(readsHosts bool) nsswitch.Wiring
	Log    *slog.Logger
}

// Saver is what saves the answers held (store.Saver).
type Saver interface {
	Off() bool
	Trouble() string
}

// Reporter is what the control socket has it all from.
type Reporter struct {
	config  Config
	started time.Time
	last    lastStatus                      // the loop's
	spell   spell                           // the loop's
	met     met                             // the loop's
	outage  outage                          // the loop's
	losses  losses                          // the loop's
	said    string                          // by Line, whose caller it belongs to
	named   map[control.TroubleKind]ongoing // SayTroubles's, likewise
	looking atomic.Bool                     // SayTroublesBeside's
	// reaching is locked while peers are tried.
	reaching sync.Mutex
	disk     beside.Kept[onDisk]
}

// New makes a reporter.
func New(c Config) *Reporter { return &Reporter{config: c, started: time.Now(), met: met{}} }

// glance is what the loop says of the node for Status: its own, no
// part of it shared.
type glance struct {
	status   node.Status
	spell    spell
	outage   *control.Outage
	now      time.Duration
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
	s.Peers = max(int(s.Group), 0)
	if s.Upstream == l.Upstream {
		s.Since += v.Now - l.at
	} else {
		s.Since = 0
	}
	return s
}

func (r *Reporter) status(v loop.View) node.Status {
	s := r.last.of(v, func() node.Status { return v.Node.Status(v.Now) })
	r.spell.note(groupState(s.Group), v.Now)
	return s
}

// spell is how long the group has been what it is.
type spell struct {
	state control.GroupState
	since time.Duration
}

func (s *spell) note(state control.GroupState, now time.Duration) {
	if state != s.state {
		s.state, s.since = state, now
	}
}

func groupState(g node.GroupState) control.GroupState {
	switch g {
	case node.Solo:
		return control.Solo
	case node.Isolated:
		return control.Isolated
	}
	return control.WithPeers
}

func (r *Reporter) look(v loop.View) glance {
	g := glance{status: r.status(v), now: v.Now, counters: map[string]uint64{}}
	g.spell, g.outage = r.spell, r.outage.report(v.Now)
	for i, n := range v.Counters {
		if name := node.Counter(i).String(); name != "unknown" {
			g.counters[name] = n
		}
	}
	return g
}

// Status is for `mcdns status`.
func (r *Reporter) Status(ctx context.Context) (control.Status, error) {
	seen, err := loop.See(ctx, r.config.Loop, r.look)
	if err != nil {
		return control.Status{}, err
	}
	v, s := r.config.Seen(), seen.status
	name, _ := os.Hostname()
	out := control.Status{
		Schema: control.StatusSchema, Version: r.config.Version, Host: name,
		UptimeS: time.Since(r.started).Seconds(), Group: groupStatus(v), Saved: saved(r.config.Saver),
		Upstream: control.State(s.Upstream.String()), UpstreamS: s.Since.Seconds(), Outage: seen.outage,
		Cache: control.Cache{
			Entries: s.Entries, Stale: s.Stale, Negative: s.Negative, Bytes: s.Bytes, Limit: v.Settings.CacheBytes,
		},
		Process: process(), Namespaces: namespaces(v.Beyond), Counters: seen.counters, Warnings: []string{},
	}
	out.Group.State, out.Group.StateS = seen.spell.state, (seen.now - seen.spell.since).Seconds()
	out.Group.Peers, out.Group.Proven, out.Group.Deaf = s.Peers, s.Proven, s.Deaf
	for _, w := range v.Warnings {
		out.Warnings = append(out.Warnings, w.String())
	}
	for _, server := range s.Servers {
		out.Servers = append(out.Servers, control.Server{
			Addr: server.Addr.String(), State: control.State(server.State.String()), Fallback: server.Fallback,
			Domain: server.Domain, CutOff: server.CutOff,
			LastSuccessS: seconds(server.Success), LastFailureS: seconds(server.Failure),
		})
	}
	disk := r.readDisk(v)
	out.NSS = control.NSS{Line: disk.wiring.Line, Module: disk.wiring.Module, AgeS: disk.ageS}
	out.Troubles = r.troubles(&out, disk)
	r.config.Dropped(out.Counters)
	out.Counters["datagrams_lost"] = r.config.Loop.Lost()
	out.Counters["internal_errors"] = r.config.Loop.Panics() + survive.Panics()
	return out, nil
}

// namespaces are those whose programs are answered.
func namespaces(beyond bool) control.Namespaces {
	switch {
	case beyond:
		return control.AllNamespaces
	case !clients.NetworksKnown():
		return control.UnknownNamespaces
	}
	return control.OwnNamespace
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

func saved(s Saver) control.Saved {
	switch why := s.Trouble(); {
	case s.Off():
		return control.Saved{State: control.SavingOff}
	case why != "":
		return control.Saved{State: control.Failing, Problem: why}
	}
	return control.Saved{State: control.Saving}
}

func groupStatus(v Seen) control.Group {
	g := control.Group{
		Problem: v.Problem, KeyFile: v.Group.KeyFile, KeyIDs: []string{}, Interfaces: []string{},
		IPv4: v.Group.Group4.String(), IPv6: v.Group.Group6.String(), Port: v.Group.Port,
	}
	for _, id := range v.Keys {
		g.KeyIDs = append(g.KeyIDs, id.String())
	}
	for _, l := range v.Settings.Links {
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
func (r *Reporter) Peers(ctx context.Context) (control.Peers, error) {
	out, err := loop.See(ctx, r.config.Loop, r.peers)
	out.Schema, out.Self = control.PeersSchema, idString(r.config.Self().ID)
	out.Refused = []control.Refused{}
	for _, f := range r.config.Group.Refusals() {
		out.Refused = append(out.Refused, refused(f, r.config.Now()))
	}
	return out, err
}

func (r *Reporter) peers(v loop.View) control.Peers {
	out := control.Peers{State: groupState(v.Node.Group()), Peers: []control.Peer{}}
	for _, p := range r.follow(v) {
		out.Peers = append(out.Peers, control.Peer{
			ID: idString(p.Peer.ID), Addr: r.met[p.Peer.ID].String(), Version: p.Version, Name: p.Name, Names: p.Names,
			SinceS: p.Since.Seconds(), LastS: p.Last.Seconds(), Proven: p.Proven, HearsUs: hearsUs(&p),
			RTTMS: r.roundTrip(p.Peer.ID), Told: p.Told, Contradicted: p.Contradicted,
		})
	}
	out.Lost = r.lost(v.Now)
	return out
}

// roundTrip is how long the last one took, nil if there was none.
func (r *Reporter) roundTrip(id uint64) *float64 {
	trip, known := r.config.Trips.Of(id)
	if !known {
		return nil
	}
	ms := milliseconds(trip.Took)
	return &ms
}

var refusals = map[error]control.Refusal{trust.ErrForeign: control.ForeignKey, trust.ErrVersion: control.OtherVersion, trust.ErrForged: control.Forged}

func refused(f links.Refusal, now time.Duration) control.Refused {
	out := control.Refused{Addr: f.From.String(), Why: refusals[f.Why], LastS: (now - f.Last).Seconds(), Noted: f.Noted}
	if f.Why == trust.ErrForeign {
		out.KeyID = f.Key.String()
	}
	return out
}

// hosts has one row for each host, as the status counts them: of one that was killed and
// came back, the run that was heard last.
func hosts(peers []node.PeerStatus) (one []node.PeerStatus) {
	at := map[uint64]int{}
	for _, p := range peers {
		i, twice := at[p.Peer.ID]
		switch {
		case !twice:
			at[p.Peer.ID] = len(one)
			one = append(one, p)
		case p.Last < one[i].Last:
			one[i] = p
		}
	}
	return one
}

// met is by which address each host is shown: its IPv4 address once that is known, for
// the one it was last heard by flips from datagram to datagram.
type met map[uint64]netip.AddrPort

func (m met) meet(peers []node.PeerStatus) {
	there := map[uint64]bool{}
	for _, p := range peers {
		id := p.Peer.ID
		there[id] = true
		if was, known := m[id]; !known || p.Addr.Addr().Is4() || !was.Addr().Is4() && was != p.Addr {
			m[id] = p.Addr
		}
	}
	maps.DeleteFunc(m, func(id uint64, _ netip.AddrPort) bool { return !there[id] })
}

func hearsUs(p *node.PeerStatus) *bool {
	if !p.HearsUs && !p.Deaf {
		return nil
	}
	hears := !p.Deaf
	return &hears
}

func idString(id uint64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], id)
	return hex.EncodeToString(b[:])
}
