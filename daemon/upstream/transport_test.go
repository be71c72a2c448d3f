package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// road is a transport that a test has made.
type road struct {
	name  string
	here  bool
	err   error
	asked *[]string
}

func (r road) reach(netip.AddrPort, bool) way {
	if !r.here {
		return nil
	}
	return func(context.Context, dns.Question) (*dns.Answer, error) {
		*r.asked = append(*r.asked, r.name)
		return nil, r.err
	}
}

// A transport that does not reach the server, or that the server has no use for,
// gives way to the next; any other end is the end.
func TestTransportsAreTriedInTheirOrder(t *testing.T) {
	bad := errors.New("a test")
	for _, c := range []struct {
		name  string
		roads []road
		asked string
		err   error
	}{
		{"the first", []road{{"quic", true, nil, nil}, {"udp", true, nil, nil}}, "[quic]", nil},
		{"the first fails", []road{{"quic", true, bad, nil}, {"udp", true, nil, nil}}, "[quic]", bad},
		{"the first is not there", []road{{"quic", false, nil, nil}, {"udp", true, nil, nil}}, "[udp]", nil},
		{"the server has no use for it", []road{{"quic", true, errOtherWay, nil}, {"tls", false, nil, nil}, {"udp", true, bad, nil}}, "[quic udp]", bad},
	} {
		client, asked := New(4, nil), []string{}
		client.transports = nil
		for _, r := range c.roads {
			r.asked = &asked
			client.transports = append(client.transports, r)
		}
		_, err := client.exchange(t.Context(), node.Ask{Server: netip.MustParseAddrPort("192.0.2.1:53"), Question: dns.Question{Name: "www.example.", Type: 1}})
		if fmt.Sprint(asked) != c.asked || err != c.err {
			t.Errorf("%s: asked %v, %v; want %s, %v", c.name, asked, err, c.asked, c.err)
		}
		client.Close()
	}
}
