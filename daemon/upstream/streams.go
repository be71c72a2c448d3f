package upstream

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"mcdns/gocore/dns"
)

// streams keeps connections to servers open for the next questions, which go out
// without waiting for replies to those before (RFC 7766 section 6.2): a handshake
// costs more than a question. Mostly there is one to each server.
//
// Many servers answer a connection's questions one after another (dnsmasq does), so
// that a name they cannot answer holds up all behind it. What waits behind another
// question while nothing is heard moves to a connection of its own. The question in
// front stays, and is put there again when it is asked again: it would hold up one
// connection after the other.
type streams struct {
	dial func(ctx context.Context, server netip.AddrPort) (net.Conn, error)
	mu   sync.Mutex
	open map[netip.AddrPort][]*stream // the youngest last
	made map[netip.AddrPort]*making
	shut bool
}

// making are the connections to one server that are being opened.
type making struct {
	n    int
	ends chan struct{} // closed when one of them is open, or is not
}

const (
	// maxStreams to one server: dnsmasq takes 20 from all its clients together. The
	// one that has been silent longest gives way to another.
	maxStreams = 8
	// maxMoves of one question: two may move to one idle connection.
	maxMoves = 2
	// moveWithin bounds a handshake, during which nobody reads from the old connection.
	moveWithin = time.Second
)

// ask asks over a connection to the server, and once more over a new one if the
// server had closed it (RFC 7766 section 6.2.4).
func (s *streams) ask(ctx context.Context, server netip.AddrPort, q dns.Question, edns bool) (*dns.Answer, error) {
	a := &asking{question: q, edns: edns, replies: make(chan reply, 2+maxMoves)}
	defer a.leave()
	c, err := s.connect(ctx, server, a)
	for err == nil {
		r, end := a.wait(ctx, c)
		switch {
		case end == nil:
			return parseTCP(q, r.id, r.data)
		case errors.Is(end, errStalled):
			c = s.move(ctx, server, a, c)
		case !errors.Is(end, errStale):
			err = end
		case a.before(c) != nil:
			c, a.moves = a.before(c), maxMoves
		case errors.Is(c.err, net.ErrClosed) && !c.inFront(a.question):
			c, err = s.connect(ctx, server, a) // another question had to give way
		case a.dialled == nil && !errors.Is(c.err, net.ErrClosed):
			s.reserve(server)
			c, err = s.begin(ctx, server, a, false)
		default:
			err = c.err
		}
	}
	return nil, tcpError(err)
}

// connect puts a question to a connection. While there is none those who want one wait
// for the one that is being opened.
func (s *streams) connect(ctx context.Context, server netip.AddrPort, a *asking) (*stream, error) {
	for {
		c, alone, comes := s.pick(server, a.question)
		switch {
		case c != nil:
			return c, a.put(c)
		case comes == nil:
			return s.begin(ctx, server, a, alone)
		}
		select {
		case <-comes:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// begin puts a question to a new connection, for which there is a reservation.
func (s *streams) begin(ctx context.Context, server netip.AddrPort, a *asking, alone bool) (*stream, error) {
	defer s.release(server)
	conn, err := s.dial(ctx, server)
	if err != nil {
		return nil, err
	}
	c := newStream(conn)
	c.alone, a.dialled = alone, c
	if !s.keep(server, c) {
		conn.Close()
		return nil, net.ErrClosed
	}
	return c, a.put(c)
}

// move puts a question that is held up to a connection on which nothing else waits,
// and returns the old one if there is none.
func (s *streams) move(ctx context.Context, server netip.AddrPort, a *asking, from *stream) *stream {
	c, room := s.idle(server)
	if c == nil && room {
		ctx, cancel := context.WithTimeout(ctx, moveWithin)
		defer cancel()
		c, _ = s.begin(ctx, server, a, true)
		a.moves = maxMoves
	} else if c != nil && a.put(c) == nil {
		a.moves++
	}
	if c == nil {
		return from
	}
	return c
}

// pick returns the connection for a question; none if that is to be a new one, which is
// reserved, or if one comes. alone says that the question has stalled one already.
func (s *streams) pick(server netip.AddrPort, q dns.Question) (c *stream, alone bool, comes <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var least, most *stream
	on := 0
	for _, c := range s.open[server] {
		switch load := c.load(); {
		case c.asks(q):
			most = c
			on++
		case c.forOthers() && (least == nil || load <= least.load()):
			least = c
		}
	}
	switch {
	case on == 1 && most.silentFor(silentAfter) && s.room(server):
		return nil, true, nil // it may be dead: who is asked for again gets one more
	case on > 0:
		return most, false, nil
	case least != nil:
		return least, false, nil
	case len(s.open[server]) == 0 && s.made[server] != nil:
		return nil, false, s.made[server].ends
	case s.room(server):
		return nil, false, nil
	}
	return s.open[server][0], false, nil
}

// idle returns a connection on which nothing waits, or whether one more is reserved.
func (s *streams) idle(server netip.AddrPort) (c *stream, room bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.open[server] {
		if c.load() == 0 && c.forOthers() {
			return c, false
		}
	}
	return nil, s.room(server)
}

// room reserves room for one more connection, at the cost of the one that has been
// silent longest if need be.
func (s *streams) room(server netip.AddrPort) bool {
	list, n := s.open[server], len(s.open[server])
	if s.made[server] != nil {
		n += s.made[server].n
	}
	if n >= maxStreams {
		if len(list) == 0 {
			return false
		}
		silent := slices.MinFunc(list, func(a, b *stream) int { return cmp.Compare(b.silence(), a.silence()) })
		if !silent.silentFor(silentAfter) {
			return false
		}
		s.remove(server, silent)
		go silent.end(net.ErrClosed) // over TLS it says goodbye, which may take seconds
	}
	s.reserveLocked(server)
	return true
}

func (s *streams) reserve(server netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reserveLocked(server)
}

func (s *streams) reserveLocked(server netip.AddrPort) {
	if s.made == nil {
		s.made = map[netip.AddrPort]*making{}
	}
	if s.made[server] == nil {
		s.made[server] = &making{ends: make(chan struct{})}
	}
	s.made[server].n++
}

func (s *streams) release(server netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.made[server]
	close(m.ends)
	if m.n--; m.n == 0 {
		delete(s.made, server)
		return
	}
	m.ends = make(chan struct{})
}

// kept returns a connection to a server that is not known to be dead, nil if there is
// none.
func (s *streams) kept(server netip.AddrPort) *stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range slices.Backward(s.open[server]) {
		if !c.silentFor(silentAfter) {
			return c
		}
	}
	return nil
}

// keep makes c a connection to its server until it ends.
func (s *streams) keep(server netip.AddrPort, c *stream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		return false
	}
	if s.open == nil {
		s.open = map[netip.AddrPort][]*stream{}
	}
	s.open[server] = append(s.open[server], c)
	go func() {
		c.read()
		s.mu.Lock()
		s.remove(server, c)
		s.mu.Unlock()
		close(c.closed) // nobody who is told finds it here again
	}()
	return true
}

// remove takes a connection out; again is harmless.
func (s *streams) remove(server netip.AddrPort, c *stream) {
	list := slices.DeleteFunc(s.open[server], func(other *stream) bool { return other == c })
	if s.open[server] = list; len(list) == 0 {
		delete(s.open, server)
	}
}

// close closes all; asks under way fail.
func (s *streams) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut = true
	for _, list := range s.open {
		for _, c := range list {
			c.conn.Close()
		}
	}
}
