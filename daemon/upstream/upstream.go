// Package upstream puts one question to one DNS server: by TLS where it is set, by
// TCP where that is wanted, else by UDP, by TCP when the reply was cut short, and again
// without EDNS for a server that does not know it. Whom to ask and how often is the
// node's; which server is up is gocore/upstream's.
//
// An off-path forger has to guess the source port and the id: every question
// gets a socket of its own on a port drawn for it, connected so that only the
// server's address is heard, an id from the system's generator, and letters in
// the name that must come back as they left. What
// does not fit the question is ignored and the wait goes on, else one junk
// packet would end it (TuDoor).
//
// Read upstream.go first. Then lanes.go (when a question leaves), transport.go (the
// ways it may go, in order), udp.go, tcp.go and tls.go (one way each), exchange.go
// (the bytes of UDP), streams.go, stream.go and asking.go (connections, which are
// TCP's and TLS's) and learnt.go (what servers do otherwise than the world).
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
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

const (
	// DefaultSockets are used at once for each server. A host's programs seldom
	// have more than some dozens of questions under way.
	DefaultSockets = 256
	// maxWaiting bounds the questions that wait to be sent to one server, of one asker
	// to as many as are left; beyond it they are dropped, which the node takes for a
	// lost packet.
	maxWaiting = 8192
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
	note    func(node.Failure, time.Duration)
	// transports are the ways to ask, the one to be preferred first.
	transports []transport
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
		note: func(node.Failure, time.Duration) {},
	}
	c.transports = []transport{overTLS{c}, overTCP{c}, overUDP{c}}
	c.streams.dial = func(ctx context.Context, server netip.AddrPort) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", server.String())
	}
	return c
}

// Note has note hear what became of each question that is reported, and how long it
// took, from any goroutine. Call it before the first Ask.
func (c *Client) Note(note func(node.Failure, time.Duration)) { c.note = note }

// Ask does what the effect says and hands the outcome to report, at most once
// and on another goroutine. It never blocks. A try that had to give way to others
// reports nothing: the server had no fault, and may answer one of the others.
func (c *Client) Ask(ask node.Ask, report func(node.Replied)) {
	begun := time.Now()
	ctx, cancel := context.WithTimeout(c.ctx, ask.Patience)
	t := &try{server: ask.Server, question: ask.Question, asker: ask.Asker, turn: make(chan struct{}), giveUp: cancel}
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
		answer, err := c.exchange(ctx, ask)
		gaveUp := errors.Is(ctx.Err(), context.Canceled)
		if err != nil && (gaveUp || ownFault(err)) {
			return
		}
		why := failure(ctx, err)
		c.note(why, time.Since(begun))
		report(node.Replied{Ask: ask.ID, Answer: answer, Failure: why, Said: said(err)})
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

// climbDown asks with EDNS, if it may be, and once without where EDNS may be why
// there is no answer. It says which the outcome is of.
func (c *Client) climbDown(ctx context.Context, server netip.AddrPort, q dns.Question, edns bool,
	put func(ctx context.Context, edns bool) (*dns.Answer, error)) (*dns.Answer, bool, error) {
	answer, err := put(ctx, edns)
	sure, maybe := knowsNoEDNS(err), failsEDNS(err)
	if !edns || !sure && !maybe {
		return once(answer, q, edns), edns, err
	}
	if maybe { // it has said what it says: that is not to be held back for a lost packet
		limited, cancel := context.WithTimeout(ctx, plainWait)
		defer cancel()
		ctx = limited
	}
	plain, plainErr := put(ctx, false)
	helps := plainErr == nil || errors.Is(plainErr, dns.ErrTruncated)
	if helps {
		c.learnt.lacksEDNS(server, c.now(), q.Name, sure)
	}
	if helps || sure {
		return once(plain, q, false), false, plainErr
	}
	return nil, edns, err
}

// plainWait is how long a question without EDNS may take after a SERVFAIL or REFUSED
// to the same with it, which a resolver has remembered.
const plainWait = time.Second

// once makes an answer without signatures where they were asked for one to be used
// once: for others the server may have them.
func once(a *dns.Answer, q dns.Question, edns bool) *dns.Answer {
	if a != nil && !edns && q.Flags&dns.DO != 0 {
		a.TTL = 0
	}
	return a
}

// knowsNoEDNS: RFC 6891 section 7 says FORMERR, some say NOTIMP, and BADVERS to the
// only version that there is.
func knowsNoEDNS(err error) bool {
	switch said(err).Rcode {
	case dns.RcodeFormatError, dns.RcodeNotImplemented, dns.RcodeBadVersion:
		return true
	}
	return false
}

// failsEDNS: some servers, and some behind a forwarder, say no more than that to EDNS.
func failsEDNS(err error) bool {
	switch said(err).Rcode {
	case dns.RcodeServerFailure, dns.RcodeRefused:
		return true
	}
	return false
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
func said(err error) dns.RcodeError {
	var rcode *dns.RcodeError
	if errors.As(err, &rcode) {
		return *rcode
	}
	return dns.RcodeError{}
}

func failure(ctx context.Context, err error) node.Failure {
	var rcode *dns.RcodeError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &rcode), errors.Is(err, dns.ErrUseless), errors.Is(err, dns.ErrTruncated), errors.Is(err, errNoAnswer),
		errors.Is(err, survive.Err):
		return node.Refused
	case ctx.Err() != nil, errors.Is(err, syscall.ETIMEDOUT), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, errForged),
		errors.Is(err, net.ErrClosed): // by us: no witness against the server
		return node.Silent
	}
	return node.Unreachable
}
