// Package upstream puts one question to one DNS server: UDP first, TCP when the
// reply was cut short, again without EDNS for a server that does not know it.
// Whom to ask and how often is the node's.
//
// An off-path forger has to guess the source port and the id: every question
// gets a socket of its own on a port drawn for it, connected so that only the
// server's address is heard, an id from the system's generator, and letters in
// the name that must come back as they left. What
// does not fit the question is ignored and the wait goes on, else one junk
// packet would end it (TuDoor).
package upstream

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"mcdns/daemon/survive"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

const (
	// DefaultSockets are used at once for each server. A host's programs seldom
	// have more than some dozens of questions under way.
	DefaultSockets = 256
	// maxWaiting bounds the questions that wait to be sent to one server; beyond it
	// they are dropped, which the node takes for a lost packet.
	maxWaiting = 4096
)

// Client asks DNS servers.
type Client struct {
	lanes   lanes
	group   sync.WaitGroup
	ctx     context.Context
	cancel  context.CancelFunc
	useTCP  func() bool
	tls     atomic.Pointer[secured]
	now     func() time.Time // a test's, else the clock
	learnt  learnt
	streams streams // TCP
}

// New makes a client that has at most sockets tries under way to each server.
// useTCP says whether to ask over TCP alone ("options use-vc"); nil means no.
func New(sockets int, useTCP func() bool) *Client {
	ctx, cancel := context.WithCancel(context.Background())
	if useTCP == nil {
		useTCP = func() bool { return false }
	}
	c := &Client{
		lanes: lanes{sockets: sockets, now: time.Now},
		ctx:   ctx, cancel: cancel, useTCP: useTCP, now: time.Now,
	}
	c.streams.dial = func(ctx context.Context, server netip.AddrPort) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", server.String())
	}
	return c
}

// Ask does what the effect says and hands the outcome to report, at most once
// and on another goroutine. It never blocks. A try that had to give way to others
// reports nothing: the server had no fault, and may answer one of the others.
func (c *Client) Ask(ask node.Ask, report func(node.Replied)) {
	ctx, cancel := context.WithTimeout(c.ctx, ask.Patience)
	t := &try{server: ask.Server, question: ask.Question, turn: make(chan struct{}), giveUp: cancel}
	if !c.lanes.enter(t) {
		cancel()
		return
	}
	c.group.Go(func() {
		defer cancel()
		defer c.lanes.leave(t)
		select {
		case <-t.turn:
		case <-ctx.Done():
		}
		if c.ctx.Err() != nil || ctx.Err() != nil { // Close ends all, but not at once
			return // never sent, so nothing was learnt about the server
		}
		answer, err := c.exchange(ctx, ask.Server, ask.Question)
		gaveUp := errors.Is(ctx.Err(), context.Canceled)
		if err != nil && (gaveUp || ownFault(err)) {
			return
		}
		report(node.Replied{Ask: ask.ID, Answer: answer, Failure: failure(ctx, err), Said: said(err)})
	})
}

// Close ends what is under way; nothing is reported after it returns.
func (c *Client) Close() {
	c.cancel()
	c.streams.close()
	if t := c.tls.Load(); t != nil {
		t.close()
	}
	c.group.Wait()
}

func (c *Client) exchange(ctx context.Context, server netip.AddrPort, q wire.Question) (a *wire.Answer, err error) {
	defer survive.Into(&err)
	if t := c.overTLS(server); t != nil {
		answer, err := t.ask(ctx, server, q, true)
		if !errors.Is(err, errNoAnswer) || t.Mode == TLSStrict {
			return answer, err
		}
		c.learnt.lacksTLS(server, c.now()) // it shakes hands and hangs up
	}
	if c.useTCP() {
		return c.streams.ask(ctx, server, q, true)
	}
	return c.overUDP(ctx, server, q)
}

// overUDP asks by UDP, by TCP what does not fit or looks forged, and without
// EDNS a server that does not understand it.
func (c *Client) overUDP(ctx context.Context, server netip.AddrPort, q wire.Question) (*wire.Answer, error) {
	signed := q.Flags&wire.DO != 0
	edns, mixed := c.learnt.ask(server, c.now(), signed)
	answer, err := c.put(ctx, server, q, edns, mixed)
	if edns && knowsNoEDNS(err) {
		edns = false
		answer, err = c.put(ctx, server, q, edns, mixed)
		if err == nil || errors.Is(err, wire.ErrTruncated) { // else it was not for EDNS
			c.learnt.lacksEDNS(server, c.now())
		}
	}
	switch {
	case errors.Is(err, errForged):
		if errors.Is(err, errLetters) {
			c.learnt.losesLetters(server, c.now())
			mixed = false
		}
		answer, err = c.overForgery(ctx, server, q, edns, mixed)
	case errors.Is(err, wire.ErrTruncated):
		answer, err = c.streams.ask(ctx, server, q, edns)
	}
	if err == nil && signed && !edns {
		answer.TTL = 0 // used once: for others the server may have signatures
	}
	return answer, err
}

// put asks once by UDP, and notes a reply.
func (c *Client) put(ctx context.Context, server netip.AddrPort, q wire.Question, edns, mixed bool) (*wire.Answer, error) {
	answer, err := askUDP(ctx, server, q, edns, mixed)
	if err == nil || failure(ctx, err) == node.Refused {
		c.learnt.heard(server, c.now(), edns)
	}
	return answer, err
}

// overForgery asks by TCP. A server without TCP is asked by UDP again: if it loses
// letters, no more about those.
func (c *Client) overForgery(ctx context.Context, server netip.AddrPort, q wire.Question, edns, mixed bool) (*wire.Answer, error) {
	answer, err := c.streams.ask(ctx, server, q, edns)
	if errors.Is(err, errNoAnswer) {
		return askUDP(ctx, server, q, edns, mixed)
	}
	return answer, err
}

// RCODEs (RFC 6895 section 2.3).
const (
	formErr = 1
	notImp  = 4
)

// knowsNoEDNS: RFC 6891 section 7 says FORMERR, some say NOTIMP.
func knowsNoEDNS(err error) bool {
	var rcode *wire.RcodeError
	return errors.As(err, &rcode) && (rcode.Rcode == formErr || rcode.Rcode == notImp)
}

// ownFault: this machine is out of descriptors, ports or memory. The server is
// not to be blamed for it; to the node it looks like a lost packet.
func ownFault(err error) bool {
	for _, e := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EAGAIN} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// said is the RCODE of a reply that is no answer.
func said(err error) wire.RcodeError {
	var rcode *wire.RcodeError
	if errors.As(err, &rcode) {
		return *rcode
	}
	return wire.RcodeError{}
}

func failure(ctx context.Context, err error) node.Failure {
	var rcode *wire.RcodeError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &rcode), errors.Is(err, wire.ErrUseless), errors.Is(err, wire.ErrTruncated), errors.Is(err, errNoAnswer),
		errors.Is(err, survive.Err):
		return node.Refused
	case ctx.Err() != nil, errors.Is(err, syscall.ETIMEDOUT), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, errForged),
		errors.Is(err, net.ErrClosed): // by us: no witness against the server
		return node.Silent
	}
	return node.Unreachable
}
