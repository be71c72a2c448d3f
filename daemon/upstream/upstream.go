// Package upstream puts one question to one DNS server: UDP first, TCP when the
// reply was cut short, again without EDNS for a server that does not know it.
// Whom to ask and how often is the node's.
//
// An off-path forger has to guess the source port and the id: every question
// gets a socket of its own, whose port the kernel draws, connected so that only
// the server's address is heard, and an id from the system's generator. What
// does not fit the question is ignored and the wait goes on, else one junk
// packet would end it (TuDoor).
package upstream

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"syscall"

	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

const (
	// DefaultSockets are asked at once; more wait their turn. A host's programs
	// seldom have more than some dozens of questions under way.
	DefaultSockets = 256
	// maxWaiting bounds what waits for a socket; beyond it questions are
	// dropped, which the node takes for a lost packet.
	maxWaiting = 4096
)

// Client asks DNS servers.
type Client struct {
	slots   chan struct{}
	waiting chan struct{}
	group   sync.WaitGroup
	ctx     context.Context
	cancel  context.CancelFunc
	useTCP  func() bool
}

// New makes a client that has at most sockets questions under way. useTCP says
// whether to ask over TCP alone ("options use-vc"); nil means no.
func New(sockets int, useTCP func() bool) *Client {
	ctx, cancel := context.WithCancel(context.Background())
	if useTCP == nil {
		useTCP = func() bool { return false }
	}
	return &Client{
		slots:   make(chan struct{}, sockets),
		waiting: make(chan struct{}, maxWaiting),
		ctx:     ctx, cancel: cancel, useTCP: useTCP,
	}
}

// Ask does what the effect says and hands the outcome to report, at most once
// and on another goroutine. It never blocks.
func (c *Client) Ask(ask node.Ask, report func(node.Replied)) {
	select {
	case c.waiting <- struct{}{}:
	default:
		return
	}
	c.group.Add(1)
	go func() {
		defer c.group.Done()
		defer func() { <-c.waiting }()
		ctx, cancel := context.WithTimeout(c.ctx, ask.Patience)
		defer cancel()
		select {
		case c.slots <- struct{}{}:
			defer func() { <-c.slots }()
		case <-ctx.Done():
			return // never sent, so nothing was learnt about the server
		}
		answer, err := c.exchange(ctx, ask.Server, ask.Question)
		if c.ctx.Err() == nil {
			report(node.Replied{Ask: ask.ID, Answer: answer, Failure: failure(ctx, err)})
		}
	}()
}

// Close ends what is under way; nothing is reported after it returns.
func (c *Client) Close() {
	c.cancel()
	c.group.Wait()
}

func (c *Client) exchange(ctx context.Context, server netip.AddrPort, q wire.Question) (*wire.Answer, error) {
	if c.useTCP() {
		return askTCP(ctx, server, q, true)
	}
	answer, err := askUDP(ctx, server, q, true)
	edns := true
	if knowsNoEDNS(err) {
		edns = false
		answer, err = askUDP(ctx, server, q, false)
	}
	if errors.Is(err, wire.ErrTruncated) {
		answer, err = askTCP(ctx, server, q, edns)
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

func failure(ctx context.Context, err error) node.Failure {
	var rcode *wire.RcodeError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &rcode), errors.Is(err, wire.ErrUseless), errors.Is(err, wire.ErrTruncated), errors.Is(err, errNoAnswer):
		return node.Refused
	case ctx.Err() != nil, errors.Is(err, syscall.ETIMEDOUT):
		return node.Silent
	}
	return node.Unreachable
}
