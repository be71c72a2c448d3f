package links

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"mcdns/gocore/node"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
)

// Config is what a LAN needs.
type Config struct {
	// Ring is the keys as they are now, nil for solo.
	Ring func() *trust.Ring
	// Hear hands the node what a peer said. It must not wait.
	Hear    func(node.Received)
	Streams Streams
	Counts  Counts
	// Now is CLOCK_BOOTTIME.
	Now func() time.Duration
	Log *slog.Logger
}

// Streams are those of the group over TCP: they are taken on the same port, and
// as long.
type Streams interface {
	Listen(port uint16) error
	Unlisten()
}

// Counts hears of each datagram of so many bytes that opened, and of each that left.
type Counts interface {
	Received(b wire.Body, multicast bool, size int)
	Sent(b wire.Body, multicast bool, size int)
}

// LAN is this host's end of the group: sockets while there is a key, none without
// one.
type LAN struct {
	config   Config
	dropped  dropped
	refusals refusals
	// When a foreign key, and another version, was last logged.
	saidForeign, saidVersion atomic.Int64
	unmade                   sync.Once

	// sockets is nil while nothing is shared. Send takes it without mu: who joins waits for
	// the kernel, for as long as that makes and removes interfaces of others.
	sockets atomic.Pointer[sockets]

	mu        sync.Mutex // held by who opens, joins or closes
	group     Group
	failed    string // what join last failed with
	receivers sync.WaitGroup
}

// NewLAN makes one that hears nothing yet.
func NewLAN(c Config) *LAN { return &LAN{config: c} }

// Set opens, closes and joins what the configuration, the keys and the links ask
// for; without keys it closes everything. After an error nothing is shared; call
// it again to try again.
func (l *LAN) Set(want Group, keys bool, chosen []node.Link) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sockets.Load() != nil && (!keys || l.group != want) {
		l.shut()
	}
	if !keys {
		return nil
	}
	if l.sockets.Load() == nil {
		if err := l.open(want); err != nil {
			return err
		}
	}
	l.join(chosen)
	return nil
}

func (l *LAN) open(g Group) error {
	s, err := open(g)
	if err != nil {
		return fmt.Errorf("cannot share: %w", err)
	}
	if err := l.config.Streams.Listen(g.Port); err != nil {
		s.close()
		return fmt.Errorf("cannot share: %w", err)
	}
	l.sockets.Store(s)
	l.group = g
	l.dropped.refused.Store(false)
	for _, v6 := range []bool{false, true} {
		r := newReceiver(l)
		l.receivers.Go(func() { s.read(v6, &l.dropped, l.config.Now, r.receive) })
	}
	return nil
}

func (l *LAN) shut() {
	l.sockets.Swap(nil).close()
	l.config.Streams.Unlisten()
	l.receivers.Wait()
}

// join says what failed when it changes: a link that refuses does so at every
// call of Set.
func (l *LAN) join(chosen []node.Link) {
	text := ""
	if err := l.sockets.Load().join(chosen); err != nil {
		text = err.Error()
	}
	if text != l.failed && text != "" {
		l.config.Log.Warn("cannot hear the group everywhere", "error", text)
	}
	l.failed = text
}

// Rejoin makes switches remember this host, see sockets.rejoin.
func (l *LAN) Rejoin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.sockets.Load(); s != nil {
		s.rejoin()
	}
}

// Close ends it; nothing is heard after it returns.
func (l *LAN) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sockets.Load() != nil {
		l.shut()
	}
}

// dropped counts what the node never saw, and what did not leave.
type dropped struct {
	// offLink: the TTL was not 255. size: longer than a datagram may be. stray:
	// sent to another group or without saying by which interface.
	offLink, size, stray atomic.Uint64
	// flood: its source had sent too much that was forged. foreign, version: under
	// another group's key, of another version. malformed: opened, and no message.
	// repeated: these very bytes were heard before.
	flood, foreign, version, forged, malformed, repeated atomic.Uint64
	unsent                                               atomic.Uint64
	refused                                              atomic.Bool // no copy of the last HELLO was let out
}

// Counters adds what was dropped before the node saw it, by the names that status
// and metrics show.
func (l *LAN) Counters(to map[string]uint64) {
	d := &l.dropped
	to["datagrams_flood"] = d.flood.Load()
	to["datagrams_foreign"] = d.foreign.Load()
	to["datagrams_forged"] = d.forged.Load()
	to["datagrams_version"] = d.version.Load()
	to["datagrams_malformed"] = d.malformed.Load() + d.size.Load()
	to["datagrams_off_link"] = d.offLink.Load()
	to["datagrams_repeated"] = d.repeated.Load()
	to["datagrams_stray"] = d.stray.Load()
	to["datagrams_unsent"] = d.unsent.Load()
}
