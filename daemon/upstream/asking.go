package upstream

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"mcdns/gocore/dns"
)

// An asking is one question on its way, on one connection, or on more when it moved:
// the first reply on any of them counts.
type asking struct {
	question dns.Question
	edns     bool
	replies  chan reply
	on       []*stream // the first one first
	moves    int
	dialled  *stream // the last that was opened for it
}

// A reply is one that came for an asking.
type reply struct {
	id   uint16
	data []byte
}

var (
	// errStale: a kept connection turned out to be closed; a new one may do.
	errStale = errors.New("upstream: the connection was closed meanwhile")
	// errStalled: nothing is heard, and another question is in front.
	errStalled = errors.New("upstream: the connection is held up by another question")
)

// put sends the question over a connection. What cannot be written ends it, which
// whoever waits finds out.
func (a *asking) put(c *stream) error {
	id, err := c.enter(a)
	if err != nil {
		return err
	}
	a.on = append(a.on, c)
	// Length and query in one write (RFC 7766 section 8).
	query := dns.AppendQuery(make([]byte, 2, 512), a.question, id, a.edns)
	binary.BigEndian.PutUint16(query, uint16(len(query)-2))
	c.write(query)
	return nil
}

// wait waits for a reply until c ends, is held up, or ctx ends.
func (a *asking) wait(ctx context.Context, c *stream) (reply, error) {
	look := time.NewTimer(stalledAfter - c.silence())
	defer look.Stop()
	for {
		select {
		case r := <-a.replies:
			return r, nil
		case <-look.C:
			if a.moves < maxMoves && c.holdsUp(a.question) {
				return reply{}, errStalled
			}
			look.Reset(stalledAfter)
		case <-c.closed:
			return a.last(errStale)
		case <-ctx.Done():
			return a.last(ctx.Err())
		}
	}
}

// last is the reply that came just before the end.
func (a *asking) last(end error) (reply, error) {
	select {
	case r := <-a.replies:
		return r, nil
	default:
		return reply{}, end
	}
}

// before returns a connection that it moved away from and that still stands.
func (a *asking) before(c *stream) *stream {
	for _, other := range slices.Backward(a.on) {
		select {
		case <-other.closed:
		default:
			if other != c {
				return other
			}
		}
	}
	return nil
}

func (a *asking) leave() {
	for _, c := range a.on {
		c.leave(a)
	}
}
