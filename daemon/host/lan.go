package host

import (
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"mcdns/daemon/clock"
	"mcdns/daemon/config"
	"mcdns/daemon/links"
	"mcdns/daemon/survive"
	"mcdns/gocore/node"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
)

// lan is this host's end of the group: sockets while there is a key, none
// without one.
type lan struct {
	host    *Host
	now     func() time.Duration // clock.Boot
	dropped links.Dropped
	// flood, foreign, version, forged and malformed count datagrams dropped before
	// the node saw them.
	flood, foreign, version, forged, malformed, unsent atomic.Uint64
	// When a foreign key, and another version, was last logged, on clock.Boot.
	saidForeign, saidVersion atomic.Int64
	unmade                   sync.Once

	mu        sync.Mutex
	sockets   *links.Sockets
	group     links.Group
	failed    string // what Join last failed with
	receivers sync.WaitGroup
}

func (l *lan) init(h *Host) { l.host, l.now = h, clock.Boot }

// set opens, closes and joins what the configuration, the key and the links ask
// for.
func (l *lan) set(c config.Config, ring *trust.Ring, chosen []node.Link) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	want := links.Group{IPv4: c.Group4, IPv6: c.Group6, Port: c.Port}
	if l.sockets != nil && (ring == nil || l.group != want) {
		l.shut()
	}
	if ring == nil {
		return nil
	}
	if l.sockets == nil {
		if err := l.open(want); err != nil {
			return err
		}
	}
	l.join(chosen)
	return nil
}

func (l *lan) open(g links.Group) error {
	s, err := links.Open(g)
	if err != nil {
		return fmt.Errorf("cannot share: %w", err)
	}
	if err := l.host.streams.Listen(g.Port); err != nil {
		s.Close()
		return fmt.Errorf("cannot share: %w", err)
	}
	l.sockets, l.group = s, g
	for _, v6 := range []bool{false, true} {
		r := &receiver{lan: l, floods: trust.NewFloods(random())}
		l.receivers.Add(1)
		go func() {
			defer l.receivers.Done()
			s.Receive(v6, &l.dropped, r.receive)
		}()
	}
	return nil
}

func (l *lan) shut() {
	l.sockets.Close()
	l.host.streams.Unlisten()
	l.receivers.Wait()
	l.sockets = nil
}

// join says what failed when it changes: a link that refuses does so at every
// refresh.
func (l *lan) join(chosen []node.Link) {
	text := ""
	if err := l.sockets.Join(chosen); err != nil {
		text = err.Error()
	}
	if text != l.failed && text != "" {
		l.host.log.Warn("cannot hear the group everywhere", "error", text)
	}
	l.failed = text
}

func (l *lan) rejoin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sockets != nil {
		l.sockets.Rejoin()
	}
}

func (l *lan) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sockets != nil {
		l.shut()
	}
}

// send does the effect on the loop: sealing takes a microsecond and
// the sockets never wait.
func (l *lan) send(s node.Send) {
	if *l.host.self.Load() != s.Message.From {
		self := s.Message.From // a new epoch: somebody cloned this host
		l.host.self.Store(&self)
	}
	l.mu.Lock()
	sockets := l.sockets
	l.mu.Unlock()
	ring := l.host.ring.Load()
	if ring == nil || sockets == nil {
		return
	}
	plain, err := wire.Encode(s.Message)
	if err != nil {
		l.unmade.Do(func() {
			l.host.log.Error("a datagram could not be made; said once", "kind", reflect.TypeOf(s.Message.Body), "error", err)
		})
		return
	}
	var nonce [trust.NonceSize]byte
	rand.Read(nonce[:])
	datagram := ring.Seal(plain, nonce)
	if s.To.IsValid() {
		l.sent(sockets.SendTo(datagram, s.To), s, len(datagram))
		return
	}
	for _, way := range s.Ways {
		l.sent(sockets.SendGroup(datagram, way), s, len(datagram))
	}
}

// sent counts what left and what did not: a link that just went down is found out
// by netlink, not by a line for each datagram.
func (l *lan) sent(err error, s node.Send, size int) {
	if err != nil {
		l.unsent.Add(1)
		return
	}
	l.host.counts.Datagrams.Sent(s.Message.Body, !s.To.IsValid(), size)
}

var (
	errSolo  = errors.New("no group key")
	errFlood = errors.New("too many forged datagrams of this source")
)

// receiver is one address family's goroutine.
type receiver struct {
	lan    *lan
	floods *trust.Floods
}

// open opens a datagram. What stands in clear is looked at first: what claims no
// key of this host costs nothing, and is charged to nobody.
func (r *receiver) open(p links.Packet) ([]byte, error) {
	ring := r.lan.host.ring.Load()
	if ring == nil {
		return nil, errSolo
	}
	if err := ring.Claims(p.Data); err != nil {
		return nil, err
	}
	now, from := clock.Boot(), p.From.Addr()
	if !r.floods.Allow(now, from, p.Link) {
		return nil, errFlood
	}
	plain, err := ring.Open(p.Data)
	r.floods.Opened(now, from, p.Link, len(p.Data), err == nil)
	return plain, err
}

// receive takes one datagram: the cheap checks first, then the key, then the
// bounds of its contents. The node decides about the rest.
func (r *receiver) receive(p links.Packet) {
	l := r.lan
	var unborne error
	defer func() {
		if unborne != nil {
			l.malformed.Add(1)
		}
	}()
	defer survive.Into(&unborne)
	plain, err := r.open(p)
	switch err {
	case nil:
	case errSolo:
		return
	case errFlood:
		l.flood.Add(1)
		return
	case trust.ErrForeign:
		l.foreign.Add(1)
		l.sayHourly(&l.saidForeign, p, "another group key is in use on this link; said once an hour")
		return
	case trust.ErrVersion:
		l.version.Add(1)
		l.sayHourly(&l.saidVersion, p, "another version of mcdns is in use on this link, and shares nothing with this one; said once an hour")
		return
	case trust.ErrShort:
		l.malformed.Add(1)
		return
	default:
		l.forged.Add(1)
		return
	}
	m, err := wire.Decode(plain)
	if err != nil {
		l.malformed.Add(1)
		return
	}
	m.Tag = trust.Tag(p.Data)
	l.host.counts.Datagrams.Received(m.Body, p.Group, len(p.Data))
	l.host.loop.Offer(node.Received{Message: m, From: p.From, Link: p.Link, Group: p.Group})
}

// sayHourly logs who sent what this host cannot read, once an hour at most whoever
// sends. Anybody can send it without a key, so it is no warning.
func (l *lan) sayHourly(said *atomic.Int64, p links.Packet, what string) {
	now, last := int64(l.now()), said.Load()
	if last != 0 && time.Duration(now-last) < time.Hour || !said.CompareAndSwap(last, now) {
		return
	}
	l.host.log.Info(what, "from", p.From.Addr())
}
