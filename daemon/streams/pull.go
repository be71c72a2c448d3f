package streams

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"mcdns/daemon/survive"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

var errBusy = errors.New("streams: the peer is busy")

// Pull does the effect: opens a stream to a peer and hands what comes to the
// node, the end of it included. It does not block.
func (s *Streams) Pull(p node.Pull) {
	s.group.Add(1)
	go func() {
		defer s.group.Done()
		last, err := s.pull(p)
		if err != nil {
			s.config.Log.Debug("pull failed", "peer", p.Addr, "error", err)
		}
		last.Pull, last.Done, last.Whole = p.ID, true, err == nil
		s.config.Put(last)
	}()
}

// pull hands all records to the node but the last, which it returns.
func (s *Streams) pull(p node.Pull) (last node.Pulled, err error) {
	defer survive.Into(&err)
	ring := s.config.Ring()
	if ring == nil {
		return node.Pulled{}, errors.New("streams: no group key")
	}
	network := "tcp4"
	if p.Addr.Addr().Is6() {
		network = "tcp6"
	}
	whole, end := context.WithTimeout(s.ctx, s.within)
	defer end()
	ctx, cancel := context.WithTimeout(whole, proveWithin)
	defer cancel()
	d := net.Dialer{Control: onLink}
	conn, err := d.DialContext(ctx, network, p.Addr.String())
	s.dialled(p.Addr.Addr(), err)
	if err != nil {
		return node.Pulled{}, err
	}
	defer conn.Close()
	defer closeWith(whole, conn)()
	c := &channel{conn: conn, stream: s.newStream(ring, true), ring: s.config.Ring}
	conn.SetDeadline(time.Now().Add(proveWithin))
	if err := c.hello(true); err != nil {
		return node.Pulled{}, fmt.Errorf("streams: hello: %w", err)
	}
	conn.SetDeadline(time.Time{})
	if err := c.send(wire.EncodeWant(p.Want.Away, p.Want.After, p.Want.Questions), true); err != nil {
		return node.Pulled{}, err
	}
	return s.take(c, p.ID)
}

// take stops at what the peer was not asked for: a stream that never ends would
// keep this host from every other pull.
func (s *Streams) take(c *channel, id uint64) (node.Pulled, error) {
	for left := s.config.PullBytes(); ; {
		message, last, err := c.receive(idle)
		if err != nil {
			return node.Pulled{}, err
		}
		if left -= len(message); left < 0 {
			return node.Pulled{}, errors.New("streams: the peer sends more than there is room for")
		}
		peer, _ := c.stream.Peer()
		sent, answers, next, end, busy, err := wire.DecodePage(message)
		switch {
		case err != nil:
			return node.Pulled{}, err
		case busy:
			return node.Pulled{From: peer, Sent: sent}, errBusy
		}
		in := node.Pulled{Pull: id, From: peer, Sent: sent, Answers: answers, Next: next}
		switch {
		case end && last:
			return in, nil
		case end || last: // a cut that says it is none
			return in, errors.New("streams: the stream ends in the middle")
		}
		if err := s.config.Put(in); err != nil {
			return node.Pulled{}, err
		}
	}
}
