package order

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
	"mcdns/test/lab"
)

// ear hears every datagram of the group on the LAN, and opens it with the key.
type ear struct {
	ring *trust.Ring
	mu   sync.Mutex
	told map[dns.ServerID]map[string]bool // names that were told, by the server that gave the answer
}

func (p *pair) listen() *ear {
	p.t.Helper()
	file, err := os.ReadFile(p.own.Path("/etc/mcdns/group.key"))
	p.must(err)
	key, err := trust.ParseKey(file)
	p.must(err)
	tap, err := p.Tap()
	p.must(err)
	p.t.Cleanup(func() { tap.Close() })
	e := &ear{ring: trust.NewRing(key), told: map[dns.ServerID]map[string]bool{}}
	go func() {
		frame := make([]byte, 70<<10)
		for {
			n, err := tap.Read(frame)
			if err != nil {
				return
			}
			if plain, err := e.ring.Open(payload(frame[lab.TapHeader:n])); err == nil {
				e.note(plain)
			}
		}
	}()
	return e
}

// payload is that of a UDP datagram over either family; nil if a frame holds none.
func payload(eth []byte) []byte {
	const header = 14
	if len(eth) < header+40+8 {
		return nil
	}
	ip := eth[header:]
	switch binary.BigEndian.Uint16(eth[12:]) {
	case 0x0800:
		return ip[20+8:]
	case 0x86DD:
		return ip[40+8:]
	}
	return nil
}

func (e *ear) note(plain []byte) {
	m, err := wire.Decode(plain)
	if err != nil {
		return
	}
	var answers []wire.Aged
	switch body := m.Body.(type) {
	case *wire.Announce:
		answers = body.Answers
	case *wire.Answer:
		answers = body.Answers
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range answers {
		if e.told[a.Server] == nil {
			e.told[a.Server] = map[string]bool{}
		}
		e.told[a.Server][a.Question.Name] = true
	}
}

// of are the names that a server's answers were told for.
func (e *ear) of(s *lab.Server) (names []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for name := range e.told[dns.HashServer(netip.AddrPortFrom(s.Host.Addr, 53))] {
		names = append(names, name)
	}
	return names
}

// A is well, and fails for two names; B knows one and denies the other. Programs get
// what B says, and nobody else hears of it: on the wire there is no answer of B's. That
// of A's next name is, which shows that the ear hears.
func TestLaterServersAnswerIsNotToldOnTheWire(t *testing.T) {
	p := newPair(t)
	names := p.names(2) // B denies the first
	p.must(p.a.FailFor(names...))
	e := p.listen()
	for i, want := range []string{"NONAME[]", "OK[203.0.113.66]"} {
		var got string
		p.must(p.own.Lookups(names[i:i+1], 1, func(l lab.Lookup) { got = fmt.Sprint(l.Result, l.Addrs) }))
		if got != want {
			t.Errorf("%s: got %s; want B's word, %s", names[i], got, want)
		}
	}
	for begin := time.Now(); len(e.of(p.a)) == 0; time.Sleep(20 * ms) {
		p.look(p.own, p.names(1))
		if time.Since(begin) > 20*time.Second {
			t.Fatal("no answer of A was heard on the wire: this test shows nothing")
		}
	}
	if told := e.of(p.b); len(told) > 0 {
		t.Errorf("B's answers about %v were told while A is well", told)
	}
}
