package upstream

import (
	"context"
	"errors"
	"net/netip"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// overUDP asks by UDP, and by TCP what does not fit or looks forged.
type overUDP struct{ *Client }

func (t overUDP) reach(server netip.AddrPort, _ bool) way {
	return func(ctx context.Context, q dns.Question) (*dns.Answer, error) {
		return t.ask(ctx, server, q)
	}
}

func (t overUDP) ask(ctx context.Context, server netip.AddrPort, q dns.Question) (*dns.Answer, error) {
	edns, mixed := t.learnt.ask(server, t.now(), q.Flags&dns.DO != 0)
	answer, edns, err := t.climbDown(ctx, server, q, edns, func(ctx context.Context, edns bool) (*dns.Answer, error) {
		return t.put(ctx, server, q, edns, mixed)
	})
	switch {
	case errors.Is(err, errForged):
		if errors.Is(err, errLetters) {
			t.learnt.losesLetters(server, t.now())
			mixed = false
		}
		answer, err = t.overForgery(ctx, server, q, edns, mixed)
	case errors.Is(err, dns.ErrTruncated):
		answer, err = t.overStreams(ctx, &t.streams, server, q, edns)
	}
	return once(answer, q, edns), err
}

// put asks once by UDP, and notes a reply.
func (t overUDP) put(ctx context.Context, server netip.AddrPort, q dns.Question, edns, mixed bool) (*dns.Answer, error) {
	answer, err := askUDP(ctx, server, q, edns, mixed)
	switch {
	case err == nil:
		t.learnt.answered(server, t.now(), edns)
	case failure(ctx, err) == node.Refused:
		t.learnt.heard(server, t.now(), edns)
	}
	return answer, err
}

// overForgery asks by TCP. A server without TCP is asked by UDP again: if it loses
// letters, no more about those.
func (t overUDP) overForgery(ctx context.Context, server netip.AddrPort, q dns.Question, edns, mixed bool) (*dns.Answer, error) {
	answer, err := t.streams.ask(ctx, server, q, edns)
	if errors.Is(err, errNoAnswer) {
		return askUDP(ctx, server, q, edns, mixed)
	}
	return answer, err
}
