package upstream

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"

	"mcdns/gocore/dns"
)

// A stream is one connection. Its reader hands replies to who waits for them.
type stream struct {
	conn   net.Conn
	alone  bool          // opened for a question that may stall it: for no other until it has answered
	closed chan struct{} // closed once err is set and nobody keeps the connection
	writes sync.Mutex

	mu    sync.Mutex // guards what follows, and alone
	err   error      // the first
	asked []waiter   // without a reply, the oldest first
	// since is when the first question left after the last reply: programs that wait
	// for less than silentAfter find a silent connection together.
	since time.Time
	// anyOrder: it has answered a question before an older one.
	anyOrder bool
}

// A waiter is a question without a reply.
type waiter struct {
	id uint16
	of *asking
}

const (
	// idleFor is how long a connection without questions stays open: as long as
	// servers usually keep theirs (RFC 7766 section 6.2.3).
	idleFor = 10 * time.Second
	// stalledAfter is when a connection on which nothing is heard gets no new questions,
	// and those behind the first move on. On one that answers in any order a slow name
	// holds up nobody: there it is silentAfter.
	stalledAfter = 200 * time.Millisecond
	// silentAfter: a server that was switched off says no goodbye, and the kernel would
	// go on for a quarter of an hour. What is under way waits on: it may just be slow,
	// and a name that takes it 4 s is answered after 4 s.
	silentAfter = 2 * time.Second
	// maxAsked at one time on one connection.
	maxAsked = 1 << 12
)

func newStream(conn net.Conn) *stream { return &stream{conn: conn, closed: make(chan struct{})} }

// parseTCP reads a reply of the server itself: what makes no sense is its own
// mistake, not a forger's.
func parseTCP(q dns.Question, id uint16, p []byte) (*dns.Answer, error) {
	answer, err := parse(q, id, p)
	if errors.Is(err, dns.ErrMismatch) {
		err = errNoAnswer
	}
	return answer, err
}

// enter draws an id that no question on this connection has.
func (c *stream) enter(a *asking) (id uint16, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.asked) >= maxAsked {
		return 0, errNoAnswer
	}
	if c.since.IsZero() {
		c.since = time.Now()
	}
	for id = newID(); c.index(id) >= 0; id++ {
	}
	c.asked = append(c.asked, waiter{id, a})
	return id, nil
}

func (c *stream) index(id uint16) int {
	return slices.IndexFunc(c.asked, func(w waiter) bool { return w.id == id })
}

func (c *stream) leave(a *asking) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = slices.DeleteFunc(c.asked, func(w waiter) bool { return w.of == a })
}

func (c *stream) write(query []byte) {
	c.writes.Lock()
	defer c.writes.Unlock()
	c.conn.SetWriteDeadline(time.Now().Add(idleFor))
	if _, err := c.conn.Write(query); err != nil {
		c.end(err)
	}
}

// load is how many questions wait.
func (c *stream) load() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.asked)
}

// asks reports whether a question waits.
func (c *stream) asks(q dns.Question) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.asked, func(w waiter) bool { return w.of.question == q })
}

// silence is for how long questions have gone unheard.
func (c *stream) silence() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		return 0
	}
	return time.Since(c.since)
}

func (c *stream) silentFor(d time.Duration) bool { return c.silence() >= d }

// stalls reports whether what is put to it now may wait for long.
func (c *stream) stalls() bool {
	c.mu.Lock()
	anyOrder := c.anyOrder
	c.mu.Unlock()
	return c.silentFor(silentAfter) || !anyOrder && c.silentFor(stalledAfter)
}

// forOthers reports whether any question may be put to it.
func (c *stream) forOthers() bool {
	c.mu.Lock()
	alone := c.alone
	c.mu.Unlock()
	return !alone && !c.stalls()
}

// holdsUp reports whether a question waits behind another while nothing is heard.
func (c *stream) holdsUp(q dns.Question) bool { return !c.inFront(q) && c.stalls() }

// inFront reports whether a question is what the server may be at.
func (c *stream) inFront(q dns.Question) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.asked) == 0 || c.asked[0].of.question == q
}

// end closes the connection and keeps the first reason: what the reader finds when
// we close is our own doing.
func (c *stream) end(err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
	}
	c.mu.Unlock()
	c.conn.Close() // over TLS it says goodbye, which may take seconds
}

// read hands out replies until the connection ends or has been idle.
func (c *stream) read() {
	var length [2]byte
	for {
		c.conn.SetReadDeadline(time.Now().Add(idleFor))
		n, err := io.ReadFull(c.conn, length[:])
		var timeout net.Error
		if n == 0 && errors.As(err, &timeout) && timeout.Timeout() && c.busy() {
			continue
		}
		if err != nil {
			c.end(err)
			return
		}
		p := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(c.conn, p); err != nil {
			c.end(err)
			return
		}
		c.deliver(p)
	}
}

func (c *stream) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.asked) > 0
}

// deliver hands a reply to who asked; what nobody asked for is ignored.
func (c *stream) deliver(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(p) >= 2 {
		id := binary.BigEndian.Uint16(p)
		if i := c.index(id); i >= 0 {
			c.asked[i].of.replies <- reply{id, p} // has room for one of each connection
			c.asked = slices.Delete(c.asked, i, i+1)
			c.anyOrder, c.alone = c.anyOrder || i > 0, false
		}
	}
	c.since = time.Time{}
	if len(c.asked) > 0 {
		c.since = time.Now()
	}
}

// tcpError tells a server that has no TCP or closes on us from one that is gone:
// it is there.
func tcpError(err error) error {
	for _, e := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, e) {
			return errNoAnswer
		}
	}
	return err
}
