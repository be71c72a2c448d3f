package listener

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"mcdns/gocore/dns"
)

// maxRequest: EDNS options fill a request, no more than a link carries.
const maxRequest = 4096

// rest is between two tries while a socket has nothing but errors: trying at once
// would take a processor for as long as they last.
func (l *Listener) rest() {
	select {
	case <-time.After(100 * time.Millisecond):
	case <-l.ctx.Done():
	}
}

// serveUDP reads requests until the socket is closed. What is answered at once
// is answered here; a question gets a goroutine of its own.
func (l *Listener) serveUDP(conn *net.UDPConn) {
	buf := make([]byte, maxRequest)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			l.rest()
			continue
		}
		if from.Port() == 0 {
			continue // nobody to reply to
		}
		r, ok := parse(buf[:n])
		if !ok {
			continue
		}
		if r.Rcode != dns.RcodeSuccess || r.Any() {
			send(conn, l.answer(l.ctx, &r, false), from)
			continue
		}
		l.begin(conn, append([]byte(nil), buf[:n]...), from)
	}
}

// begin works on a question beside the others. Beyond the bounds it is dropped,
// as a full socket would drop it: the client asks again.
func (l *Listener) begin(conn *net.UDPConn, request []byte, from netip.AddrPort) {
	client := from.Addr().Unmap()
	if !l.load.begin(client) {
		return
	}
	l.group.Go(func() {
		defer l.load.end(client)
		ctx := l.ctx
		if !client.IsLoopback() {
			limited, cancel := context.WithTimeout(ctx, discard)
			defer cancel()
			ctx = limited
		}
		r, ok := parse(request)
		if !ok {
			return
		}
		send(conn, l.answer(ctx, &r, false), from)
	})
}

// send sends a reply, if there is one. The deadline is the socket's: that of the reply
// before may have passed.
func send(conn *net.UDPConn, reply []byte, to netip.AddrPort) {
	if reply == nil {
		return
	}
	conn.SetWriteDeadline(time.Now().Add(writeWait))
	conn.WriteToUDPAddrPort(reply, to)
}
