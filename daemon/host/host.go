// Package host is mcdnsd: it joins the parts of the daemon around one node and
// follows the machine as it changes.
//
// What goes on where: the loop runs the node and sends datagrams;
// one goroutine for each address family receives, opens and decodes them; each
// question to a DNS server, each program's connection and each stream has one of
// its own. Changes of configuration, resolv.conf, keys and links all end in
// refresh, which looks at everything anew: what it was that changed does not
// matter, so no event can be mistaken.
package host

import (
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
	"sync"
	"sync/atomic"
	"time"

	"mcdns/daemon/clients"
	"mcdns/daemon/clock"
	"mcdns/daemon/config"
	"mcdns/daemon/control"
	"mcdns/daemon/files"
	"mcdns/daemon/hosts"
	"mcdns/daemon/links"
	"mcdns/daemon/listener"
	"mcdns/daemon/logs"
	"mcdns/daemon/loop"
	"mcdns/daemon/metrics"
	"mcdns/daemon/nsssock"
	"mcdns/daemon/resolvconf"
	"mcdns/daemon/store"
	"mcdns/daemon/streams"
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
	speaker *speaker
	started time.Time
	loop    *loop.Loop
	client  *upstream.Client
	streams *streams.Streams
	store   *store.Store
	nss     *nsssock.Server
	control *control.Socket
	dns     *listener.Listener
	listens []netip.AddrPort // as last configured; guarded by refreshing
	counts  metrics.Counts
	scraped *metrics.Endpoint
	scrapes []netip.AddrPort // as last configured; guarded by refreshing
	mute    atomic.Bool      // an address for metrics could not be opened
	hosts   atomic.Pointer[hosts.Table]
	// hostsFile is what hosts are of; noHosts: it could not be read, as was said.
	// Both are guarded by refreshing.
	hostsFile files.Kept[*hosts.Table]
	noHosts   bool
	deaf      atomic.Bool // an address of the listener could not be opened
	looks     looks

	self atomic.Pointer[wire.Peer]
	ring atomic.Pointer[trust.Ring]
	conf atomic.Pointer[resolvconf.Conf]
	// scope is links.Scope as it is now.
	scope atomic.Uint32
	lan   *links.LAN

	// restored is closed when the node has what was saved, or is to go on without.
	restored chan struct{}
	// changed says that the status line is not true any more.
	changed chan struct{}

	refreshing sync.Mutex
	current    view // guarded by refreshing
	shown      atomic.Pointer[view]
	saver      saver
	last       lastStatus // the loop's
}

// Run runs mcdnsd until ctx ends, then stops it cleanly. reload tells it to read
// its configuration again. An error means that it could not start.
func Run(ctx context.Context, o Options, reload <-chan os.Signal) error {
	return newHost(o).run(ctx, reload)
}

func newHost(o Options) *Host {
	return &Host{
		options: o, log: o.Log, started: time.Now(), changed: make(chan struct{}, 1),
		restored: make(chan struct{}),
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
	notify("READY=1\n" + h.statusLine())
	h.log.Info("ready", "version", h.options.Version)
	h.wait(ctx, reload)

	notify("STOPPING=1")
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
		Ask:         h.resolveAll,
		Conf:        func() resolvconf.Conf { return *h.conf.Load() },
		Sees:        h.sees,
		Hosts:       h.hosts.Load,
		Own:         h.own,
		Scope:       h.scope.Load,
		Beyond:      h.beyond,
		Started:     h.restored, // after the first refresh
		Connections: connections(),
		Log:         logs.Component(h.log, "nss"),
	})
	go h.nss.Serve(l)
	// Now, on this thread: on a busy machine another one takes 100 ms to run.
	runtime.Gosched()
}

// build makes everything that needs no network.
func (h *Host) build() error {
	conf, _, _ := config.Load(h.options.ConfigPath)
	h.store = h.openStore(conf.Save)
	id, err := h.store.ID()
	if err != nil {
		h.log.Warn("this host's id is for this run only", whyUnsaved(err)...)
	}
	self := wire.Peer{ID: id, Epoch: random()}
	h.self.Store(&self)
	h.client = upstream.New(upstream.DefaultSockets, func() bool { return h.conf.Load().UseTCP })
	h.streams = streams.New(streams.Config{
		Self: func() wire.Peer { return *h.self.Load() }, Ring: h.ring.Load,
		Put: func(in node.Input) error { return h.loop.Put(in) }, Now: clock.Boot,
		// Twice: an answer may come in several copies, and a cache that fills up
		// keeps the better ones.
		PullBytes: func() int { return 2 * h.shown.Load().config.Size },
		Members:   h.members,
		Log:       logs.Component(h.log, "streams"),
	})
	h.lan = links.NewLAN(links.Config{
		Ring: h.ring.Load, Hear: func(in node.Received) { h.loop.Offer(in) },
		Streams: h.streams, Counts: &h.counts.Datagrams, Now: clock.Boot, Log: h.log,
	})
	h.speaker = newSpeaker(h.log)
	h.loop, err = loop.New(node.Config{
		Self: self, Rand: mathrand.New(mathrand.NewPCG(random(), random())), Version: h.options.Version,
		Secret: [2]uint64{random(), random()},
	}, loop.Drivers{
		Ask: h.ask, Answered: h.counts.Lookups.Note, Send: h.send, Pull: h.streams.Pull, Page: h.streams.Page, Log: h.sayNode,
	})
	if err != nil {
		return err
	}
	h.dns = listener.New(listener.Config{Ask: h.resolve, Log: logs.Component(h.log, "listener")})
	h.scraped = metrics.NewEndpoint(metrics.Source(h.metrics), logs.Component(h.log, "metrics"))
	h.control = control.New(h, metrics.Source(h.metrics), h.beyond)
	return nil
}

// sayNode logs what the node says: a change of state, so systemd is told too. It
// is the loop that calls it.
func (h *Host) sayNode(l node.Log) {
	h.speaker.say(l)
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

// send sends to the group. The node speaks under a new epoch where somebody cloned
// this host: its streams must too.
func (h *Host) send(s node.Send) {
	if *h.self.Load() != s.Message.From {
		self := s.Message.From
		h.self.Store(&self)
	}
	h.lan.Send(s)
}

func random() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.BigEndian.Uint64(b[:])
}

// restore hands the node what an earlier run saved, so that the first lookup
// finds it. A disk that does not answer must not hold lookups up: what is on it
// then comes late, and until it has come nothing is saved, for a file written anew
// would be without it.
func (h *Host) restore(limit time.Duration) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.saver.mu.Lock()
		defer h.saver.mu.Unlock()
		h.load()
	}()
	select {
	case <-done:
	case <-time.After(limit):
		h.log.Warn("the disk does not answer; going on without saved answers until it does", "waited", limit)
	}
	close(h.restored)
}

func (h *Host) load() {
	begun := clock.Boot()
	entries, err := h.store.Load(stamp(begun))
	if err != nil {
		h.log.Warn("not all saved answers are usable", "usable", len(entries), "error", err)
	}
	took := clock.Boot() - begun
	for i := range entries {
		entries[i].Age += took
	}
	// In pieces: lookups may be waiting for the node by now.
	for some := range slices.Chunk(entries, 1<<15) {
		h.loop.Put(node.Restore{Entries: some})
	}
	if len(entries) > 0 {
		h.log.Info("saved answers restored", "answers", len(entries))
	}
}

// resolve asks the node, which must hear of what was saved before anything else.
func (h *Host) resolve(ctx context.Context, q dns.Question) (node.Result, error) {
	if a := h.hosts.Load().Answer(q); a != nil {
		return node.Result{Answer: a, Source: node.FromHere}, nil
	}
	results, err := h.resolveAll(ctx, []dns.Question{q})
	if err != nil {
		return node.Result{}, err
	}
	return results[0], nil
}

func (h *Host) resolveAll(ctx context.Context, questions []dns.Question) ([]node.Result, error) {
	select {
	case <-h.restored:
		return h.loop.ResolveAll(ctx, questions)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// wait does what is done again and again until ctx ends.
func (h *Host) wait(ctx context.Context, reload <-chan os.Signal) {
	save := time.NewTicker(saveEvery)
	defer save.Stop()
	rejoin := time.NewTicker(rejoinEvery)
	defer rejoin.Stop()
	watchdog, stop := h.watchdog()
	defer stop()
	wall := clock.NewWall(clock.Boot(), time.Now())
	wallSet, stopWall := clock.WallSet()
	defer stopWall()
	for {
		select {
		case <-ctx.Done():
			return
		case <-reload:
			h.log.Info("configuration is read again")
			h.refresh()
		case <-wallSet:
			h.noticePause(wall)
		case <-save.C:
			h.noticePause(wall)
			h.saveBeside()
		case <-h.changed:
			notify(h.statusLine())
		case <-rejoin.C:
			h.lan.Rejoin()
			h.retry()
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
	saveEvery = 60 * time.Second // PROTOCOL 6.2
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
	unfollow()
	h.saveLast(saveWithin)
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
	h.speaker.close(100 * time.Millisecond)
}

func (h *Host) openStore(dir string) *store.Store {
	switch dir {
	case "no":
		return &store.Store{}
	case "":
		dir = h.options.StateDir
	}
	s, err := store.Open(dir)
	if err != nil {
		h.log.Warn("nothing will be saved; answers are lost when mcdnsd stops", whyUnsaved(err)...)
		return &store.Store{}
	}
	return s
}

// connections is the most programs that are served at once: a quarter of the
// descriptors, the rest is for DNS servers, streams and files.
func connections() int {
	const most = 4096
	n := fileLimit() / 4
	return int(min(max(n, 64), most))
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

var errRunning = errors.New("another mcdnsd is running")

// listen takes the NSS socket that systemd passed, or makes one.
func (h *Host) listen() (*clients.Acceptor, error) {
	if l := passed(); l != nil {
		return clients.NewAcceptor(l)
	}
	l, err := listenUnix(h.options.RunDir, "nss.sock")
	if err != nil {
		return nil, err
	}
	return clients.NewAcceptor(l)
}

// listenControl makes the control socket. Names are answered without it, only
// `mcdns` cannot ask.
func (h *Host) listenControl() *net.UnixListener {
	l, err := listenUnix(h.options.RunDir, "control.sock")
	if err != nil {
		h.log.Warn("no control socket; mcdns status will not work", "error", err)
		return nil
	}
	return l
}
