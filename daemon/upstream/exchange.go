package upstream

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"mcdns/gocore/wire"
)

// maxUDP is the largest reply read from UDP: we ask for 1232 bytes, but a
// server that sends more has still answered.
const maxUDP = 4096

// errNoAnswer: the server replied over TCP with something else than a reply to
// the question.
var errNoAnswer = errors.New("upstream: not a reply to the question")

var udpBuffers = sync.Pool{New: func() any { return new([maxUDP]byte) }}

func newID() uint16 {
	var b [2]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return binary.BigEndian.Uint16(b[:])
}

func askUDP(ctx context.Context, server netip.AddrPort, q wire.Question, edns bool) (*wire.Answer, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", server.String())
	if err != nil {
		return nil, err
	}
	defer closeOn(ctx, conn)()
	id := newID()
	if _, err := conn.Write(wire.AppendQuery(nil, q, id, edns)); err != nil {
		return nil, err
	}
	buf := udpBuffers.Get().(*[maxUDP]byte)
	defer udpBuffers.Put(buf)
	for {
		n, err := conn.Read(buf[:])
		if err != nil {
			return nil, err
		}
		answer, err := parse(q, id, buf[:n])
		if !errors.Is(err, wire.ErrMismatch) {
			return answer, err
		}
	}
}

func askTCP(ctx context.Context, server netip.AddrPort, q wire.Question, edns bool) (*wire.Answer, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", server.String())
	if errors.Is(err, syscall.ECONNREFUSED) {
		// It is there, it answered over UDP, it has no TCP: not unreachable.
		return nil, errNoAnswer
	}
	if err != nil {
		return nil, err
	}
	defer closeOn(ctx, conn)()
	id := newID()
	// Length and query in one write (RFC 7766 section 8).
	query := wire.AppendQuery(make([]byte, 2, 512), q, id, edns)
	binary.BigEndian.PutUint16(query, uint16(len(query)-2))
	if _, err := conn.Write(query); err != nil {
		return nil, tcpError(err)
	}
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return nil, tcpError(err)
	}
	reply := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, reply); err != nil {
		return nil, tcpError(err)
	}
	answer, err := parse(q, id, reply)
	if errors.Is(err, wire.ErrMismatch) {
		err = errNoAnswer
	}
	return answer, err
}

// tcpError tells a server that closes on us from one that is gone.
func tcpError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		return errNoAnswer
	}
	return err
}

const headerLen = 12

// parse reads a reply that must carry our id. A FORMERR may come without the
// question it did not understand (RFC 1035 section 4.1.1 leaves it open).
func parse(q wire.Question, id uint16, reply []byte) (*wire.Answer, error) {
	if len(reply) < headerLen || binary.BigEndian.Uint16(reply) != id {
		return nil, wire.ErrMismatch
	}
	isReply, rcode := reply[2]&0x80 != 0, int(reply[3]&0x0f)
	noQuestion := reply[4] == 0 && reply[5] == 0
	if noQuestion && isReply && (rcode == formErr || rcode == notImp) {
		return nil, &wire.RcodeError{Rcode: rcode}
	}
	return wire.ParseReply(q, reply)
}

// closeOn closes conn when ctx ends, and at the latest when the function it
// returns is called.
func closeOn(ctx context.Context, conn net.Conn) func() {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	return func() {
		if stop() {
			conn.Close()
		}
	}
}
