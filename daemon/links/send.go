package links

import (
	"crypto/rand"
	"errors"
	"reflect"
	"syscall"

	"mcdns/gocore/node"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
)

// Send does the effect: sealing takes a microsecond and the sockets never wait.
// Without a key or a socket it does nothing.
func (l *LAN) Send(s node.Send) {
	ring, sockets := l.config.Ring(), l.sockets.Load()
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
	l.sentGroup(s, func(way node.Way) error {
		err := sockets.sendGroup(datagram, way)
		l.sent(err, s, len(datagram))
		return err
	})
}

// sent counts what left and what did not: a link that just went down is found out
// by netlink, not by a line for each datagram.
func (l *LAN) sent(err error, s node.Send, size int) {
	if err != nil {
		l.dropped.unsent.Add(1)
		return
	}
	l.config.Counts.Sent(s.Message.Body, !s.To.IsValid(), size)
}

// sentGroup sends to the group by each way, and notes of a HELLO whether any lets it
// out: it goes by every link and both families, other messages by the ways where a
// member was heard.
func (l *LAN) sentGroup(s node.Send, send func(node.Way) error) {
	left, refused := false, false
	for _, way := range s.Ways {
		err := send(way)
		left = left || err == nil
		refused = refused || errors.Is(err, syscall.EPERM)
	}
	if _, whole := s.Message.Body.(*wire.Hello); whole {
		l.dropped.refused.Store(refused && !left)
	}
}

// Refused reports whether this machine lets nothing out to the group: no copy of the
// last HELLO left, and the kernel said "not permitted", as it does for each datagram
// that a firewall's output chain drops. One family or one peer that is refused is not
// it. It holds until the next HELLO, for in a big group one is rarer than any time-out.
func (l *LAN) Refused() bool { return l.dropped.refused.Load() }
