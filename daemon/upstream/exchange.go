package upstream

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"mcdns/gocore/dns"
)

// maxUDP is the largest reply read from UDP: we ask for 1232 bytes, but a
// server that sends more has still answered.
const maxUDP = 4096

var (
	// errNoAnswer: the server replied over TCP with something else than a reply
	// to the question.
	errNoAnswer = errors.New("upstream: not a reply to the question")
	// errForged: somebody guesses at ids. TCP cannot be guessed at.
	errForged = errors.New("upstream: replies that look forged")
	// errLetters: a reply with our id has the question in other letters than it was
	// asked in: a forgery, or a server that loses them. TCP tells which.
	errLetters = fmt.Errorf("%w: the name came back in other letters", errForged)
)

// maxWrongIDs is how many replies with a wrong id one question takes. The
// kernel has dropped what came to a wrong port or from another address, so even
// these few were well aimed (BIND and others go to TCP after the first; a server
// that answers late to an earlier user of the port deserves a second look).
const maxWrongIDs = 3

var udpBuffers = sync.Pool{New: func() any { return new([maxUDP]byte) }}

func newID() uint16 {
	var b [2]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return binary.BigEndian.Uint16(b[:])
}

// Ports that a question may leave from: the kernel draws from 28,232 of them
// only (ip_local_port_range), a forger's guess should be twice as hard.
const (
	firstPort = 10000
	portTries = 3
)

// dialUDP opens a socket of its own for a question, on a port drawn here;
// connected, so that only the server's address is heard.
func dialUDP(ctx context.Context, server netip.AddrPort) (net.Conn, error) {
	for range portTries {
		port := firstPort + int(newID())%(1<<16-firstPort)
		d := net.Dialer{LocalAddr: &net.UDPAddr{Port: port}}
		if conn, err := d.DialContext(ctx, "udp", server.String()); err == nil {
			return conn, nil
		}
	}
	var d net.Dialer // taken, or forbidden: the kernel's choice
	return d.DialContext(ctx, "udp", server.String())
}

// askUDP asks once. With mixed, the letters of the name are drawn and must come
// back as they left (draft-vixie-dnsext-dns0x20).
func askUDP(ctx context.Context, server netip.AddrPort, q dns.Question, edns, mixed bool) (*dns.Answer, error) {
	conn, err := dialUDP(ctx, server)
	if err != nil {
		return nil, err
	}
	defer closeOn(ctx, conn)()
	id := newID()
	query := dns.AppendQuery(nil, q, id, edns)
	if mixed {
		coins := make([]byte, len(query))
		rand.Read(coins)
		dns.DrawLetters(query, coins)
	}
	if _, err := conn.Write(query); err != nil {
		return nil, err
	}
	buf := udpBuffers.Get().(*[maxUDP]byte)
	defer udpBuffers.Put(buf)
	for wrong := 0; wrong < maxWrongIDs; {
		n, err := conn.Read(buf[:])
		if err != nil {
			return nil, err
		}
		kept := dns.TakeLetters(query, buf[:n])
		answer, err := parse(q, id, buf[:n])
		h, ok := dns.ReadHead(buf[:n])
		if errors.Is(err, dns.ErrMismatch) || h.Bare && !(edns && knowsNoEDNS(err)) {
			if ok && h.ID != id {
				wrong++
			}
			continue
		}
		if mixed && !kept && !knowsNoEDNS(err) {
			return nil, errLetters
		}
		return answer, err
	}
	return nil, errForged
}

// parse reads a reply that must carry our id. By UDP a failure without a question is a
// lost try, as for glibc: nothing shows that it is meant. That EDNS is not understood
// may be found out by it.
func parse(q dns.Question, id uint16, reply []byte) (*dns.Answer, error) {
	h, ok := dns.ReadHead(reply)
	if !ok || h.ID != id {
		return nil, dns.ErrMismatch
	}
	if h.Reply && h.Rcode != 0 && h.Bare {
		return nil, &dns.RcodeError{Rcode: h.Rcode}
	}
	return dns.ParseReply(q, reply)
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
