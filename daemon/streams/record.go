package streams

import (
	"fmt"
	"io"
	"net"
	"time"

	"mcdns/gocore/trust"
)

// channel is a connection with a stream on it.
type channel struct {
	conn   net.Conn
	stream *trust.Stream
	ring   func() *trust.Ring
}

// hello sends this side's hello and takes the other's; the dialer speaks first,
// and the listener answers only whom it could open.
func (c *channel) hello(dials bool) error {
	if dials {
		if _, err := c.conn.Write(c.stream.Hello()); err != nil {
			return err
		}
	}
	theirs := make([]byte, trust.HelloSize)
	if _, err := io.ReadFull(c.conn, theirs); err != nil {
		return err
	}
	if err := c.stream.Accept(theirs); err != nil {
		return err
	}
	if dials {
		return nil
	}
	_, err := c.conn.Write(c.stream.Hello())
	return err
}

// send writes one message. A key that was removed ends its streams.
func (c *channel) send(message []byte, last bool) error {
	if err := c.under(); err != nil {
		return err
	}
	record, err := c.stream.SealRecord(message, last)
	if err != nil {
		return err
	}
	c.conn.SetWriteDeadline(time.Now().Add(idle))
	_, err = c.conn.Write(record)
	return err
}

// receive reads one message; last says that it is the last.
func (c *channel) receive(within time.Duration) (message []byte, last bool, err error) {
	for message == nil {
		if err := c.under(); err != nil {
			return nil, false, err
		}
		c.conn.SetReadDeadline(time.Now().Add(within))
		var prefix [trust.PrefixSize]byte
		if _, err := io.ReadFull(c.conn, prefix[:]); err != nil {
			return nil, false, err
		}
		size, err := trust.RecordSize(prefix)
		if err != nil {
			return nil, false, err
		}
		record := make([]byte, size)
		if _, err := io.ReadFull(c.conn, record); err != nil {
			return nil, false, err
		}
		if message, last, err = c.stream.OpenRecord(record); err != nil {
			return nil, false, err
		}
	}
	return message, last, nil
}

func (c *channel) under() error {
	if ring := c.ring(); ring == nil || !c.stream.Under(ring) {
		return fmt.Errorf("streams: the key of this stream was removed")
	}
	return nil
}
