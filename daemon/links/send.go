package links

import (
	"crypto/rand"
	"errors"
	"reflect"
	"syscall"
	"time"

	"mcdns/gocore/node"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
)

// Send does the effect: sealing takes a microsecond and the sockets never wait.
// Without a key or a socket it does nothing.
func (l *LAN) Send(s node.Send) {
	l.mu.Lock()
	sockets := l.sockets
	l.mu.Unlock()
	ring := l.config.Ring()
	if ring == nil || sockets == nil {
		return
	}
	plain, err := wire.Encode(s.Message)
	if err != nil {
		l.unmade.Do(func() {
			l.config.Log.Error("a datagram could not be made; said once", "kind", reflect.TypeOf(s.Message.Body), "error", err)
		})
		return
	}
	var nonce [trust.NonceSize]byte
	rand.Read(nonce[:])
	datagram := ring.Seal(plain, nonce)
	if s.To.IsValid() {
		l.sent(sockets.sendTo(datagram, s.To), s, len(datagram))
		return
	}
	for _, way := range s.Ways {
		l.sent(sockets.sendGroup(datagram, way), s, len(datagram))
	}
}

// sent counts what left and what did not: a link that just went down is found out
// by netlink, not by a line for each datagram.
func (l *LAN) sent(err error, s node.Send, size int) {
	if err != nil {
		l.dropped.unsent.Add(1)
		if errors.Is(err, syscall.EPERM) {
			l.dropped.refused.Store(int64(l.config.Now()))
		}
		return
	}
	l.config.Counts.Sent(s.Message.Body, !s.To.IsValid(), size)
}

// refusedFor is how long a refusal counts: the group speaks every 15 s at least.
const refusedFor = 30 * time.Second

// Refused reports whether this machine does not let datagrams to the group out. The
// kernel says "not permitted" for each that a firewall's output chain drops.
func (l *LAN) Refused() bool {
	at := l.dropped.refused.Load()
	return at != 0 && l.config.Now()-time.Duration(at) < refusedFor
}
