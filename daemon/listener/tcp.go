package listener

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"mcdns/daemon/serve"
)

// A conn is one TCP connection. Replies leave in the order in which they are
// ready (RFC 7766 section 7).
type conn struct {
	net.Conn
	client netip.Addr
	since  time.Time // of the last request
	busy   int       // requests under way; both guarded by table.mu
	writes sync.Mutex
}

// table holds the connections.
type table struct {
	mu   sync.Mutex
	open map[*conn]struct{}
	shut bool
}

// add lets a connection in. When the table is full, the one that has been idle
// longest goes: whoever just holds connections open must not lock others out.
func (t *table) add(c *conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.shut || !c.client.IsLoopback() && t.of(c.client) >= maxClientConns {
		return false
	}
	if len(t.open) >= maxConnections {
		oldest := t.idlest()
		if oldest == nil {
			return false
		}
		oldest.Close()
		delete(t.open, oldest)
	}
	c.since = time.Now()
	t.open[c] = struct{}{}
	return true
}

func (t *table) of(client netip.Addr) (n int) {
	for c := range t.open {
		if c.client == client {
			n++
		}
	}
	return n
}

// idlest is the connection without a request under way whose last one lies
// furthest back, nil if all are at work.
func (t *table) idlest() *conn {
	var oldest *conn
	for c := range t.open {
		if c.busy == 0 && (oldest == nil || c.since.Before(oldest.since)) {
			oldest = c
		}
	}
	return oldest
}

func (t *table) remove(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, c)
}

func (t *table) note(c *conn, requests int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.busy += requests
	c.since = time.Now()
}

func (t *table) closeAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.shut = true
	for c := range t.open {
		c.Close()
	}
}

func (l *Listener) serveTCP(listener *net.TCPListener) {
	serve.Accept(listener.AcceptTCP, func(nc *net.TCPConn) {
		c := &conn{Conn: nc, client: nc.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()}
		if !l.table.add(c) {
			nc.Close()
			return
		}
		l.group.Go(func() { l.serveConn(c) })
	}, nil)
}

// serveConn reads requests until the client closes, says nothing for too long
// or sends what is no request.
func (l *Listener) serveConn(c *conn) {
	defer l.table.remove(c)
	defer c.Close()
	var group sync.WaitGroup
	defer group.Wait()
	slots := make(chan struct{}, maxPipelined)
	for {
		p, err := readRequest(c, l.conf.Idle)
		if err != nil {
			return
		}
		r, ok := parse(p)
		if !ok {
			return
		}
		slots <- struct{}{} // the client is not read from until there is room
		l.table.note(c, 1)
		group.Go(func() {
			defer func() { <-slots }()
			defer l.table.note(c, -1)
			if reply := l.answer(l.ctx, &r, true); reply != nil {
				c.send(reply)
			}
		})
	}
}

// readRequest reads one request; the time is for all of it, so that a byte now
// and then does not hold a connection open.
func readRequest(c *conn, patience time.Duration) ([]byte, error) {
	c.SetReadDeadline(time.Now().Add(patience))
	var length [2]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(length[:]))
	if n > maxRequest {
		return nil, errors.New("request is too long")
	}
	p := make([]byte, n)
	_, err := io.ReadFull(c, p)
	return p, err
}

// send writes length and reply at once (RFC 7766 section 8).
func (c *conn) send(reply []byte) {
	framed := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(reply)), uint16(len(reply)))
	c.writes.Lock()
	defer c.writes.Unlock()
	c.SetWriteDeadline(time.Now().Add(writeWait))
	if _, err := c.Write(append(framed, reply...)); err != nil {
		c.Close()
	}
}
