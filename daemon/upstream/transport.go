package upstream

import (
	"context"
	"errors"
	"net/netip"

	"mcdns/daemon/survive"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// A transport is one way to ask DNS servers. New lists them in order; one over QUIC or
// HTTPS would be a type with this method and a place in that list.
type transport interface {
	// reach returns how to ask a server this way, nil if that is not to be, or not yet.
	// tcp: a program wants no plain UDP; one that is encrypted may pass that over.
	reach(server netip.AddrPort, tcp bool) way
}

// A way puts a question to one server. Its error is errOtherWay if the server has no
// use for this transport: the next is asked. Any other error ends the question, so that a
// strict transport falls back to none behind it.
type way func(ctx context.Context, q dns.Question) (*dns.Answer, error)

var errOtherWay = errors.New("upstream: the server has no use for this transport")

// exchange asks by the first transport that reaches the server and is of use to it.
func (c *Client) exchange(ctx context.Context, asked node.Ask) (a *dns.Answer, err error) {
	defer survive.Into(&err)
	for _, t := range c.transports {
		ask := t.reach(asked.Server, asked.TCP)
		if ask == nil {
			continue
		}
		if a, err = ask(ctx, asked.Question); !errors.Is(err, errOtherWay) {
			return a, err
		}
	}
	return a, err
}
