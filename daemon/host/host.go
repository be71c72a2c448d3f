// Package host is mcdnsd: it joins the parts of the daemon around one node and
// follows the machine as it changes.
//
// What goes on where: the loop runs the node and sends datagrams;
// one goroutine for each address family receives, opens and decodes them; each
// question to a DNS server, each program's connection and each stream has one of
// its own. Changes of configuration, resolv.conf, keys and links all end in
// refresh, which looks at everything anew: what it was that changed does not
// matter, so no event can be mistaken.
//
// Read host.go first: what is made, in which order, and how it ends. Then refresh.go
// with what it looks at: routes.go (which servers), listen.go (addresses
// of our own), hosts.go, own.go; look.go and retry.go say when it looks
// again, and news.go what is said of it. systemd.go is what systemd is told.
package host

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"mcdns/daemon/asked"
	"mcdns/daemon/beside"
	"mcdns/daemon/clients"
	"mcdns/daemon/clock"
	"mcdns/daemon/config"
	"mcdns/daemon/control"
	"mcdns/daemon/files"
	"mcdns/daemon/glibc"
	"mcdns/daemon/hosts"
	"mcdns/daemon/links"
	"mcdns/daemon/listener"
	"mcdns/daemon/logs"
	"mcdns/daemon/loop"
	"mcdns/daemon/metrics"
	"mcdns/daemon/nsssock"
	"mcdns/daemon/nsswitch"
	"mcdns/daemon/report"
	"mcdns/daemon/resolvconf"
	"mcdns/daemon/serve"
	"mcdns/daemon/store"
	"mcdns/daemon/streams"
	"mcdns/daemon/systemd"
	"mcdns/daemon/trips"
	"mcdns/daemon/upstream"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
)

// Options are what the command line and the environment decide.
type Options struct {
	// ConfigPath is the configuration file.
	ConfigPath string
	// RunDir is where the sockets are: /run/mcdns.
	RunDir string
	// StateDir is where saved state goes if the configuration does not say.
	StateDir string
	Version  string
	// Level is the log's; refresh sets it from the configuration.
	Level *slog.LevelVar
	Log   *slog.Logger
}

// Host is a running mcdnsd.
type Host struct {
	options Options
	log     *slog.Logger
	known   known

	// The parts, as build makes them.
	speaker *logs.Speaker
	loop    *loop.Loop
	client  *upstream.Client
	streams *streams.Streams
	lan     *links.LAN
	saver   store.Saver
	nss     *nsssock.Server
	dns     *listener.Listener
	control *control.Socket
	report  *report.Reporter
	scraped *metrics.Endpoint
	counts  metrics.Counts

	// restored is closed when the node has what was saved, or is to go on without.
	restored chan struct{}
	// changed says that the status line is not true any more.
	changed chan struct{}

	refreshing sync.Mutex
	past       // guarded by refreshing
	looks      looks
}

// past is what refresh finds the news by.
type past struct {
	current   view
	hostsFile hostsFile
}

// known is what the last refresh found, for those who may not wait for the next.
type known struct {
	self  atomic.Pointer[wire.Peer]
	ring  atomic.Pointer[trust.Ring]
	conf  atomic.Pointer[resolvconf.Conf]
	hosts atomic.Pointer[hosts.Table]
	scope atomic.Uint32 // links.Scope
	shown atomic.Pointer[view]
	asked *asked.Asked // what programs asked for
	trips *trips.Trips // to peers
}

// Run runs mcdnsd until ctx ends, then stops it cleanly. reload tells it to read
// its configuration again. An error means that it could not start.
func Run(ctx context.Context, o Options, reload <-chan os.Signal) error {
	return newHost(o).run(ctx, reload)
}

func newHost(o Options) *Host {
	return &Host{
		options: o, log: o.Log, changed: make(chan struct{}, 1),
		restored: make(chan struct{}), known: known{asked: asked.New(clock.Boot), trips: &trips.Trips{Now: clock.Boot}},
	}
}

func (h *Host) run(ctx context.Context, reload <-chan os.Signal) error {
	var sockets sockets
	var err error
	if sockets.nss, err = h.listen(); err != nil {
		return err
	}
	h.answer(sockets.nss)
	sockets.control = h.listenControl()
	if err := h.build(); err != nil {
		sockets.close()
		return err
	}
	nodeCtx, stopNode := context.WithCancel(context.Background())
	defer stopNode()
	done := make(chan struct{})
	h.refresh()
	h.restore(loadWithin)
	if sockets.control != nil {
		go h.control.Serve(sockets.control)
	}
	go func() { defer close(done); h.loop.Run(nodeCtx) }()
	unfollow := h.follow()
	h.tellStatus(systemd.Ready)
	h.log.Info("ready", "version", h.options.Version)
	again := make(chan struct{})
	go func() { defer close(again); h.again(ctx, reload) }()
	h.wait(ctx)
	select {
	case <-again:
	case <-time.After(drainFor): // a disk hangs
	}

	systemd.Notify(systemd.Stopping)
	h.stop(sockets, unfollow)
	stopNode()
	<-done // BYE is sent
	h.close()
	return nil
}

// answer serves programs from the first moment: until there is a node to ask
// they see signs of life and wait, where a silent daemon would after 250 ms send
// them to a DNS server that may be dead.
func (h *Host) answer(l *clients.Acceptor) {
	h.nss = nsssock.New(nsssock.Config{
		Lookup:      h.lookup,
		Sees:        h.sees,
		Scope:       h.known.scope.Load,
		Beyond:      h.beyond,
		Started:     h.restored, // after the first refresh
		Connections: connections(),
		Log:         logs.Component(h.log, "nss"),
	})
	go h.nss.Serve(l)
	// Now, on this thread: on a busy machine another one takes 100 ms to run.
	runtime.Gosched()
}

// machineID is that of machine-id(5), empty on a machine that has none.
func machineID() string {
	text, err := files.Read("/etc/machine-id", 256)
	if id := strings.TrimSpace(string(text)); err == nil && id != "uninitialized" {
		return id
	}
	return ""
}

// identity is this host's id, of the key in its state.
func (h *Host) identity(saved *store.Store) uint64 {
	is, err := saved.Identity(machineID())
	if err != nil {
		h.log.Warn("this host's id is for this run only", store.Why(err)...)
	}
	if is.Copied {
		h.log.Info("the saved state is a copy of another machine's: this host takes an id of its own")
	}
	return is.ID
}

// build makes everything that needs no network.
func (h *Host) build() error {
	conf, _, _ := config.Load(h.options.ConfigPath)
	saved := store.At(h.stateDir(conf.Save), h.log)
	h.saver.Begin(saved, h.changes, h.log)
	self := wire.Peer{ID: h.identity(saved), Epoch: random()}
	h.known.self.Store(&self)
	h.client = upstream.New(upstream.DefaultSockets, func() bool { return h.known.conf.Load().UseTCP })
	h.client.Note(h.counts.Upstream.Note)
	h.streams = streams.New(streams.Config{
		Self: func() wire.Peer { return *h.known.self.Load() }, Ring: h.known.ring.Load,
		Put: func(in node.Input) error { return h.loop.Put(in) }, Now: clock.Boot,
		// Twice: an answer may come in several copies, and a cache that fills up
		// keeps the better ones.
		PullBytes: func() int { return 2 * h.known.shown.Load().config.Size },
		Members:   func() []netip.Addr { return h.loop.Proven(membersWithin) },
		Log:       logs.Component(h.log, "streams"),
	})
	h.lan = links.NewLAN(links.Config{
		Ring: h.known.ring.Load, Hear: func(in node.Received) { h.known.trips.Heard(&in); h.loop.Offer(in) },
		Streams: h.streams, Counts: &h.counts.Datagrams, Now: clock.Boot, Log: h.log,
	})
	h.speaker = logs.NewSpeaker(h.log)
	var err error
	h.loop, err = loop.New(node.Config{
		Self: self, Rand: mathrand.New(mathrand.NewPCG(random(), random())), Version: h.options.Version,
		Secret: [2]uint64{random(), random()},
	}, loop.Drivers{
		Ask: h.client.Ask, Answered: h.counts.Lookups.Note, Send: h.send, Pull: h.streams.Pull, Page: h.streams.Page, Log: h.sayNode,
		Handled: h.handled,
	})
	if err != nil {
		return err
	}
	h.dns = listener.New(listener.Config{Ask: h.resolve, Failed: h.cannotListen, Log: logs.Component(h.log, "listener")})
	h.report = report.New(report.Config{
		Asked:   h.known.asked,
		Version: h.options.Version, Loop: h.loop, Self: func() wire.Peer { return *h.known.self.Load() },
		Seen: h.seen, Find: h.find, Renew: h.renewAll, Dropped: h.dropped, Saver: &h.saver,
		Group: report.Group{Refused: h.lan.Refused, Blocked: h.streams.Blocked, Refusals: h.lan.Refusals, Reach: h.streams.Reach},
		Trips: h.known.trips, Now: clock.Boot,
		Wiring: nsswitch.Host().Wiring, Log: h.log,
	})
	page := h.counts.Source(h.report.Status)
	h.scraped = metrics.NewEndpoint(page, h.health(), logs.Component(h.log, "metrics"), h.cannotServeMetrics)
	h.control = control.New(h.report, control.Page{Type: metrics.ContentType, Make: page}, h.health(), h.beyond)
	return nil
}

func (h *Host) health() metrics.Health { return metrics.Health{Alive: h.isAlive, Ready: h.isReady} }

// isAlive is nil if the node answers.
func (h *Host) isAlive(ctx context.Context) error {
	_, err := loop.See(ctx, h.loop, func(loop.View) bool { return true })
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("mcdnsd is frozen, or this machine is overloaded")
	}
	return err
}

// isReady is isAlive, once what an earlier run saved was read.
func (h *Host) isReady(ctx context.Context) error {
	select {
	case <-h.restored:
		return h.isAlive(ctx)
	default:
		return errors.New("what was saved is being read")
	}
}

// seen is what the last refresh found, for a report.
func (h *Host) seen() report.Seen {
	v := h.known.shown.Load()
	return report.Seen{
		Settings: v.settings, Group: v.config.Group, Keys: v.keys, Problem: v.problem, Warnings: v.warnings,
		Beyond: v.config.ProgramsBeyond, Hosts: v.config.Hosts,
	}
}

// dropped adds what the node never saw.
func (h *Host) dropped(to map[string]uint64) {
	h.lan.Counters(to)
	h.streams.Counters(to)
}

// beyond reports whether programs of other network namespaces are answered.
func (h *Host) beyond() bool { return h.known.shown.Load().config.ProgramsBeyond }

// lookup is what a lookup goes by now.
func (h *Host) lookup() glibc.Lookup {
	return glibc.Lookup{Ask: h.resolveAll, Conf: *h.known.conf.Load(), Hosts: h.known.hosts.Load(), Own: h.own()}
}

// find looks a name up for a person, who may have changed resolv.conf just now. ask is how
// the node is asked, nil for as programs ask it.
func (h *Host) find(ctx context.Context, name string, types []uint16, ask glibc.Ask) glibc.Finding {
	h.lookAgain()
	l := h.lookup()
	if ask != nil {
		l.Ask = ask
	}
	return l.Find(ctx, name, types...)
}

// renewAll is resolveAll for who wants a server asked, whatever is held.
func (h *Host) renewAll(ctx context.Context, own node.Options, questions []dns.Question) ([]node.Result, error) {
	select {
	case <-h.restored:
		return h.loop.RenewAll(ctx, own, questions)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// sayNode logs what the node says: a change of state, so systemd is told too. It
// is the loop that calls it.
func (h *Host) sayNode(l node.Log) {
	h.speaker.Say(l.Level, l.Text, l.Args...)
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

// handled says that an outage is over, and what became of lookups in it.
func (h *Host) handled(v loop.View) {
	if l := h.report.Handled(v); l != nil {
		h.sayNode(*l)
	}
}

// send sends to the group. The node speaks under a new epoch where somebody cloned
// this host: its streams must too.
func (h *Host) send(s node.Send) {
	if *h.known.self.Load() != s.Message.From {
		self := s.Message.From
		h.known.self.Store(&self)
	}
	h.known.trips.Sent(&s)
	h.lan.Send(s)
}

func random() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.BigEndian.Uint64(b[:])
}

// restore hands the node what an earlier run saved, in pieces: lookups may be waiting
// for the node by then.
func (h *Host) restore(limit time.Duration) {
	h.saver.Restore(limit, func(entries []node.Entry) {
		for some := range slices.Chunk(entries, 1<<15) {
			h.loop.Put(node.Restore{Entries: some})
		}
	})
	close(h.restored)
}

// changes lists what is to be saved.
func (h *Host) changes(ctx context.Context, mark uint64) (store.Changes, error) {
	return loop.See(ctx, h.loop, func(v loop.View) store.Changes {
		entries, next := v.Node.Changes(v.Now, mark)
		return store.Changes{Now: store.StampAt(v.Now), Entries: entries, Mark: next}
	})
}

// resolve asks the node, which must hear of what was saved before anything else.
func (h *Host) resolve(ctx context.Context, q dns.Question) (node.Result, error) {
	if a := h.known.hosts.Load().Answer(q); a != nil {
		return node.Result{Answer: a, Source: node.FromHere}, nil
	}
	results, err := h.resolveAll(ctx, node.Options{}, []dns.Question{q})
	if err != nil {
		return node.Result{}, err
	}
	return results[0], nil
}

func (h *Host) resolveAll(ctx context.Context, own node.Options, questions []dns.Question) ([]node.Result, error) {
	select {
	case <-h.restored:
		results, err := h.loop.ResolveAll(ctx, own, questions)
		for i, r := range results {
			if r.Source != node.FromHere {
				h.known.asked.Note(questions[i])
			}
		}
		return results, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// again looks at the machine again when it is told to, and for what failed. It reads
// files, and so has a goroutine of its own: with a disk that hung a SIGHUP starved the
// watchdog, and mcdnsd was killed.
func (h *Host) again(ctx context.Context, reload <-chan os.Signal) {
	rejoin := time.NewTicker(rejoinEvery)
	defer rejoin.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-reload:
			h.log.Info("configuration is read again")
			h.refresh()
		case <-rejoin.C:
			h.lan.Rejoin()
			h.retry()
		}
	}
}

// wait does what is done again and again until ctx ends. It may not hang: it feeds the
// watchdog.
func (h *Host) wait(ctx context.Context) {
	save := time.NewTicker(saveEvery)
	defer save.Stop()
	line := time.NewTicker(lineEvery)
	defer line.Stop()
	watchdog, stop := systemd.Watchdog()
	defer stop()
	wall := clock.NewWall(clock.Boot(), time.Now())
	wallSet, stopWall := clock.WallSet()
	defer stopWall()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wallSet:
			h.noticePause(wall)
		case <-save.C:
			h.noticePause(wall)
			h.saver.Beside()
		case <-h.changed:
			h.tellStatus()
		case <-line.C:
			h.tellStatus()
			h.report.SayTroublesBeside()
		case <-watchdog:
			h.alive()
		}
	}
}

// noticePause makes answers older by what a paused machine missed (PROTOCOL 1.3).
func (h *Host) noticePause(wall *clock.Wall) {
	if by := wall.Leap(clock.Boot(), time.Now()); by > 0 {
		h.log.Info("the wall clock leapt ahead: answers are taken for that much older", "by", by)
		h.loop.Put(node.Paused{By: by})
	}
}

const (
	// membersWithin is how long a stream waits to hear whose address is a member's.
	membersWithin = 100 * time.Millisecond
	saveEvery     = 60 * time.Second // PROTOCOL 6.2
	// lineEvery: peers and answers come and go without a line in the log, and
	// systemctl status said "1 peer, 0 answers" where there were 4 and 44.
	lineEvery = 5 * time.Second
	// rejoinEvery is below the 125 s that a switch may give a member that nobody
	// asks (RFC 3810 section 9.4 less a margin; PROTOCOL 3.1).
	rejoinEvery = 100 * time.Second
	// loadWithin is time for the log of a full cache on a slow disk, and within the
	// patience of programs.
	loadWithin = 3 * time.Second
	// saveWithin is for the last save. With the sockets to close after it there is
	// room within the 5 s after which systemd kills.
	saveWithin = 2 * time.Second
	// drainFor is for what the node knows, and short: whoever comes meanwhile waits
	// in systemd's queue, and asks elsewhere 240 ms later. Those whose answer takes
	// longer are hung up on, and give the next mcdnsd 1.5 s.
	drainFor = 50 * time.Millisecond
)

// stop ends what comes from outside, in an order that loses no lookup: all that
// takes time first, while programs are served, then the listener (systemd holds it
// and queues for the next run), then what is under way. What is learnt after the
// save is not saved; it is what a few programs asked in a moment.
func (h *Host) stop(s sockets, unfollow func()) {
	new(beside.One).Do(drainFor, unfollow) // it waits for a look, and a disk hangs
	h.saver.Last(saveWithin)
	if s.control != nil {
		s.control.Close()
	}
	within(drainFor, h.control.Shutdown)
	h.dns.Close()
	h.scraped.Close()
	s.nss.Close()
	within(drainFor, h.nss.Shutdown)
}

func within(limit time.Duration, do func(context.Context)) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	do(ctx)
}

func (h *Host) close() {
	h.client.Close()
	h.streams.Close()
	h.lan.Close()
	h.speaker.Close(100 * time.Millisecond)
}

// stateDir is where saved state goes, "" for nowhere.
func (h *Host) stateDir(configured string) string {
	if configured == "no" {
		return ""
	}
	return cmp.Or(configured, h.options.StateDir)
}

// connections is the most programs that are served at once: a quarter of the
// descriptors, the rest is for DNS servers, streams and files.
func connections() int {
	const most = 4096
	n := fileLimit() / 4
	return int(min(max(n, 64), most))
}

func fileLimit() uint64 {
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r) != nil {
		return 1024
	}
	return r.Cur
}

// sockets are the Unix sockets.
type sockets struct {
	nss     *clients.Acceptor
	control *net.UnixListener // nil if it could not be opened
}

func (s sockets) close() {
	s.nss.Close()
	if s.control != nil {
		s.control.Close()
	}
}

// listen takes the NSS socket that systemd passed, or makes one.
func (h *Host) listen() (*clients.Acceptor, error) {
	if l := systemd.Socket("nss"); l != nil {
		return clients.NewAcceptor(l)
	}
	l, err := serve.Unix(h.options.RunDir, "nss.sock")
	if err != nil {
		return nil, err
	}
	return clients.NewAcceptor(l)
}

// listenControl makes the control socket. Names are answered without it, only
// `mcdns` cannot ask.
func (h *Host) listenControl() *net.UnixListener {
	l, err := serve.Unix(h.options.RunDir, "control.sock")
	if err != nil {
		h.log.Warn("no control socket; mcdns status will not work", "error", err)
		return nil
	}
	return l
}
