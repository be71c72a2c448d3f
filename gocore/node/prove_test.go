package node

import (
	"net/netip"
	"testing"
	"time"

	"mcdns/gocore/wire"
)

// TestPeerAnswersAProveForAPerson, which changes nothing, and a solo host sends none.
func TestPeerAnswersAProveForAPerson(t *testing.T) {
	l := newLAN(t, 2)
	n, peer := l.nodes[0], l.nodes[1]
	l.settle()
	before := n.Peers(n.clock())
	const nonce = 0xabcdef
	var asked, answered []netip.AddrPort
	l.onEffect = func(from *testNode, e Effect) {
		if s, is := e.(Send); is {
			if p, is := s.Message.Body.(*wire.Prove); is && p.Nonce == nonce {
				asked = append(asked, s.To)
			}
			if p, is := s.Message.Body.(*wire.Proof); is && p.Nonce == nonce && from == peer {
				answered = append(answered, s.To)
			}
		}
	}
	n.handle(Prove{To: peer.addr, Nonce: nonce})
	l.run(time.Second)
	if len(asked) != 1 || asked[0] != peer.addr || len(answered) != 1 || answered[0] != n.addr {
		t.Errorf("asked %v, answered %v; want one each, by unicast", asked, answered)
	}
	if after := n.Peers(n.clock()); len(before) != 1 || len(after) != 1 || after[0].Since < before[0].Since || !after[0].IPv4 && !after[0].IPv6 {
		t.Errorf("the peer was %+v, and is %+v", before, after)
	}
	alone := l.settings()
	alone.Shares = false
	n.handle(Configure{Settings: alone})
	n.handle(Prove{To: peer.addr, Nonce: nonce})
	if l.run(time.Second); len(asked) != 1 {
		t.Errorf("a solo host sends: %v", asked)
	}
}
