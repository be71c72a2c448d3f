package node

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// amplified is how many bytes of replies one QUERY of an insider makes a LAN send, for
// answers as long as a datagram takes, and how many bytes the QUERY has.
func amplified(t *testing.T, wireless bool, from netip.AddrPort, times int) (sent, asked int) {
	l := newLAN(t, 8)
	l.settle()
	liar := l.nodes[7]
	long := &wire.Query{Nonce: 5, Wireless: wireless}
	for i := range 30 {
		q := dns.Question{Name: fmt.Sprintf("n%d.example.", i), Type: 16}
		text := strings.Repeat("x", 250)
		a, err := dns.ParseAnswer(q, 0, []string{fmt.Sprintf(`%s 3600 IN TXT "%s" "%s" "%s" "%s"`, q.Name, text, text, text, text)})
		if err != nil {
			t.Fatal(err)
		}
		a.Birth, a.Server = l.nodes[0].birthNow(), dns.HashServer(l.server)
		for _, n := range l.nodes[:7] {
			n.tells(l.nodes[(n.i+1)%7], 0, a)
		}
		long.Asked = append(long.Asked, wire.Asked{Question: q})
	}
	for _, n := range l.nodes[:7] {
		n.member(liar.self()).Came(l.now, from, 1, true)
	}
	l.onEffect = func(n *testNode, e Effect) {
		if s, ok := e.(Send); ok {
			if _, is := s.Message.Body.(*wire.Answer); is && n != liar {
				sent += wire.Size(s.Message)
			}
		}
	}
	for range times {
		liar.seq++
		msg := &wire.Message{From: liar.self(), Seq: liar.seq, Sent: liar.clock(), Body: long}
		asked += wire.Size(msg)
		for _, n := range l.nodes[:7] {
			n.handle(Received{Message: msg, From: from, Link: 1, Group: true})
		}
		l.run(100 * time.Millisecond)
	}
	return sent, asked
}

// TestQueryIsNoAmplifier: what a QUERY makes all hosts send together is bounded by its own
// bytes, and by what one address may have in a second.
func TestQueryIsNoAmplifier(t *testing.T) {
	source := netip.MustParseAddrPort("10.0.0.8:7353")
	for _, wireless := range []bool{false, true} {
		sent, asked := amplified(t, wireless, source, 1)
		t.Logf("wireless %v: %d bytes made %d, x%.1f", wireless, asked, sent, float64(sent)/float64(asked))
		if sent == 0 || sent > (replyFactor+2)*asked {
			t.Errorf("wireless %v: a QUERY of %d bytes made %d of replies; want some, and %d times as many at most", wireless, asked, sent, replyFactor+2)
		}
	}
	sent, asked := amplified(t, false, source, 50)
	t.Logf("50 in 5 s: %d bytes made %d, x%.1f", asked, sent, float64(sent)/float64(asked))
	if sent > 7*bytesPerAsker {
		t.Errorf("50 QUERYs in 5 s, %d bytes, made %d of replies; want %d a second at most", asked, sent, bytesPerAsker)
	}
}
