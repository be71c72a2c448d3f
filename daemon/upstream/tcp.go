package upstream

import (
	"context"
	"net/netip"

	"mcdns/gocore/dns"
)

// overTCP asks by TCP alone, where resolv.conf or a program says so ("use-vc").
type overTCP struct{ *Client }

func (t overTCP) reach(server netip.AddrPort, tcp bool) way {
	if !tcp && !t.useTCP() {
		return nil
	}
	return func(ctx context.Context, q dns.Question) (*dns.Answer, error) {
		return t.overStreams(ctx, &t.streams, server, q, t.wantsEDNS(server, q))
	}
}

// wantsEDNS: one that must have EDNS has it.
func (c *Client) wantsEDNS(server netip.AddrPort, q dns.Question) bool {
	return q.Flags&dns.DO != 0 || !c.learnt.isPlain(server, c.now())
}

// overStreams asks by TCP or TLS alone.
func (c *Client) overStreams(ctx context.Context, s *streams, server netip.AddrPort, q dns.Question, edns bool) (*dns.Answer, error) {
	answer, _, err := c.climbDown(ctx, server, q, edns, func(ctx context.Context, edns bool) (*dns.Answer, error) {
		return s.ask(ctx, server, q, edns)
	})
	return answer, err
}
