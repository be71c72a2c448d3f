package streams

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"mcdns/daemon/serve"
	"mcdns/daemon/survive"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

func (s *Streams) accept(l net.Listener) {
	defer s.group.Done()
	serve.Accept(l.Accept, func(conn net.Conn) {
		s.wait(conn)
		s.group.Add(1)
		go func() {
			defer s.group.Done()
			defer conn.Close()
			defer closeWith(s.ctx, conn)()
			if err := s.serve(conn); err != nil {
				s.config.Log.Debug("stream ended", "peer", conn.RemoteAddr(), "error", err)
			}
		}()
	}, nil)
}

func (s *Streams) serve(conn net.Conn) error {
	want, c, err := s.prove(conn)
	if !s.settle(conn, err == nil) {
		return err
	}
	id := s.nextID.Add(1)
	pages := make(chan node.Page, 1)
	s.mu.Lock()
	s.pages[id] = pages
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.pages, id)
		delete(s.members, conn)
		s.mu.Unlock()
		s.config.Put(node.StreamClosed{Stream: id})
	}()
	whole, end := context.WithTimeout(s.ctx, s.within) // as long as an honest peer takes
	defer end()
	defer closeWith(whole, conn)()
	return s.give(whole, c, id, want, pages)
}

// prove does the handshake and reads what is wanted: the first record shows that
// the other end holds the key now.
func (s *Streams) prove(conn net.Conn) (want node.Want, of *channel, err error) {
	defer survive.Into(&err)
	ring := s.config.Ring()
	if ring == nil {
		return node.Want{}, nil, errors.New("streams: no group key")
	}
	c := &channel{conn: conn, stream: s.newStream(ring, false), ring: s.config.Ring}
	limit := time.AfterFunc(proveWithin, func() { conn.Close() })
	defer limit.Stop()
	if err := c.hello(false); err != nil {
		return node.Want{}, nil, fmt.Errorf("streams: hello: %w", err)
	}
	message, last, err := c.receive(proveWithin)
	if err != nil {
		return node.Want{}, nil, err
	}
	away, after, questions, err := wire.DecodeWant(message)
	if err != nil || !last {
		return node.Want{}, nil, errors.New("streams: no question")
	}
	return node.Want{Away: away, After: after, Questions: questions}, c, nil
}

// give asks the node for one record after the other until the last.
func (s *Streams) give(ctx context.Context, c *channel, id uint64, want node.Want, pages <-chan node.Page) error {
	for {
		if err := s.config.Put(node.PageWanted{Stream: id, Want: want}); err != nil {
			return err
		}
		want = node.Want{}
		var p node.Page
		select {
		case p = <-pages:
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(idle): // the node forgot this stream
			return errors.New("streams: no page came")
		}
		last := p.End || p.Busy
		if err := c.send(wire.EncodePage(p.Sent, p.Answers, p.Next, last, p.Busy), last); err != nil {
			return err
		}
		if last {
			return nil
		}
	}
}

// Page does the effect: the next record of an inbound stream.
func (s *Streams) Page(p node.Page) {
	s.mu.Lock()
	pages := s.pages[p.Stream]
	s.mu.Unlock()
	select {
	case pages <- p:
	default: // closed meanwhile (nil), or one more than was asked for
	}
}
