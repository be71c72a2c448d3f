package upstream

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// asked are what a server was asked, whether with EDNS or not, since the first n.
func (s *server) asked(n int) []bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]bool(nil), s.edns[n:]...)
}

// clock is a client's clock that stands until it is turned.
func clock(c *Client) *atomic.Int64 {
	since, begun := new(atomic.Int64), time.Now()
	c.now = func() time.Time { return begun.Add(time.Duration(since.Load())) }
	return since
}

// kept is the good reply in the query's letters.
func kept(query []byte) []byte {
	return with(good(query), func(b []byte) { copy(b[headerLen:], query[headerLen:headerLen+nameLen(query)]) })
}

// answered is an answer to any question for an address.
func answered(query []byte) []byte {
	end := headerLen + nameLen(query) + 4
	r := append([]byte(nil), query[:end]...)
	r[2], r[3], r[7], r[11] = 0x81, 0x80, 1, 0
	return append(r, 0xC0, headerLen, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1)
}

func typeOf(query []byte) uint16 {
	return binary.BigEndian.Uint16(query[headerLen+nameLen(query):])
}

// askFor asks for another type than ask does.
func askFor(t *testing.T, c *Client, s netip.AddrPort, q dns.Question) node.Replied {
	t.Helper()
	got := make(chan node.Replied, 1)
	c.Ask(node.Ask{Server: s, Question: q, Patience: patience}, func(r node.Replied) { got <- r })
	return <-got
}

// lost reports whether a question gets no answer: the server says on swallowed that
// it has it. No time is measured, and its try goes on.
func lost(t *testing.T, c *Client, s netip.AddrPort, swallowed <-chan bool) bool {
	t.Helper()
	got := make(chan node.Replied, 1)
	c.Ask(node.Ask{Server: s, Question: www, Patience: patience}, func(r node.Replied) { got <- r })
	select {
	case r := <-got:
		return r.Answer == nil
	case <-swallowed:
		return true
	}
}

// TestQuestionsUnderWayAreNotLost: a burst before the first reply says nothing
// about EDNS, which those after it have still.
func TestQuestionsUnderWayAreNotLost(t *testing.T) {
	const burst = 3
	var come atomic.Int32
	s := start(t, func(q []byte, _ bool) [][]byte {
		if come.Add(1) >= burst {
			return [][]byte{kept(q)}
		}
		return nil
	})
	client := New(16, nil)
	defer client.Close()
	clock(client)
	got := make(chan node.Replied, burst)
	for range burst {
		client.Ask(node.Ask{Server: s.addr, Question: www, Patience: patience}, func(r node.Replied) { got <- r })
	}
	<-got
	for range 10 {
		mustAnswer(t, client, s.addr)
	}
	for i, edns := range s.asked(0) {
		if !edns {
			t.Errorf("question %d went without EDNS", i)
		}
	}
}

// TestOddTypeRefusedIsNoLackOfEDNS: asked without EDNS it is refused all the same.
func TestOddTypeRefusedIsNoLackOfEDNS(t *testing.T) {
	for _, rcode := range []byte{dns.RcodeFormatError, dns.RcodeNotImplemented, dns.RcodeServerFailure, dns.RcodeRefused} {
		s := start(t, func(q []byte, _ bool) [][]byte {
			if typeOf(q) == 65 {
				return [][]byte{with(q, func(b []byte) { b[2], b[3], b[11] = 0x80, rcode, 0 })[:headerLen+nameLen(q)+4]}
			}
			return [][]byte{kept(q)}
		})
		client := New(4, nil)
		defer client.Close()
		if r := askFor(t, client, s.addr, dns.Question{Name: www.Name, Type: 65}); r.Failure != node.Refused {
			t.Fatalf("got %+v; want refused", r)
		}
		mustAnswer(t, client, s.addr)
		if got := s.asked(2); len(got) != 1 || !got[0] {
			t.Errorf("RCODE %d: after the odd type EDNS was used: %v", rcode, got)
		}
	}
}

// TestServerIsTriedWithEDNSAgain: busy or not, after an hour; and
// one that has it since is asked with it from then on.
func TestServerIsTriedWithEDNSAgain(t *testing.T) {
	var repaired atomic.Bool
	s := start(t, func(q []byte, _ bool) [][]byte {
		if hasEDNS(q) && !repaired.Load() {
			return [][]byte{withRcode(q, dns.RcodeFormatError)}
		}
		return [][]byte{kept(q)}
	})
	client := New(4, nil)
	defer client.Close()
	now := clock(client)
	with := 0
	for turn := range 30 {
		now.Store(int64(time.Duration(turn) * 4 * time.Minute))
		before := len(s.asked(0))
		mustAnswer(t, client, s.addr)
		if s.asked(before)[0] {
			with++
		}
	}
	if with != 2 {
		t.Errorf("tried with EDNS %d times in two hours; want 2", with)
	}
	repaired.Store(true)
	now.Add(int64(plainFor))
	before := len(s.asked(0))
	for range 5 {
		mustAnswer(t, client, s.addr)
		now.Add(int64(time.Minute))
	}
	for _, edns := range s.asked(before) {
		if !edns {
			t.Error("a repaired server was asked without EDNS")
		}
	}
}

// TestEDNSIsLeftOutWhereItFails: FORMERR, NOTIMP and BADVERS to it say so at once, of
// SERVFAIL and REFUSED it takes two names. Each name is answered the first time,
// over TCP alone too, whatever the server says; BADVERS has its upper bits in the OPT.
func TestEDNSIsLeftOutWhereItFails(t *testing.T) {
	names := []dns.Question{www, {Name: "other.example.", Type: 1}, {Name: "third.example.", Type: 1}}
	for _, tcp := range []bool{false, true} {
		for rcode, want := range map[int]int{
			dns.RcodeFormatError: 1, dns.RcodeNotImplemented: 1, dns.RcodeBadVersion: 1, dns.RcodeServerFailure: 2, dns.RcodeRefused: 2,
		} {
			s := start(t, func(q []byte, _ bool) [][]byte {
				if !hasEDNS(q) {
					return [][]byte{answered(q)}
				}
				r := with(slices.Clone(q), func(b []byte) { b[2], b[3] = 0x81, 0x80|byte(rcode&0xF) })
				r[len(r)-6] = byte(rcode >> 4)
				return [][]byte{r}
			})
			client := New(4, func() bool { return tcp })
			for _, q := range append(names, names...) {
				if r := askFor(t, client, s.addr, q); r.Answer == nil {
					t.Errorf("RCODE %d, TCP %v: got %+v for %v; want an answer", rcode, tcp, r, q)
				}
			}
			with := 0
			for _, edns := range s.asked(0) {
				if edns {
					with++
				}
			}
			if with != want && !tcp {
				t.Errorf("RCODE %d: %d questions went with EDNS; want %d", rcode, with, want)
			}
			client.Close()
		}
	}
}

// TestOneNameThatFailsWithEDNSIsItsOwnAffair: an answer with EDNS between two such
// names shows that they are.
func TestOneNameThatFailsWithEDNSIsItsOwnAffair(t *testing.T) {
	s := start(t, func(q []byte, _ bool) [][]byte {
		if hasEDNS(q) && q[headerLen+1]|0x20 != 'w' {
			return [][]byte{with(slices.Clone(q), func(b []byte) { b[2], b[3] = 0x81, 0x82 })}
		}
		return [][]byte{answered(q)}
	})
	client := New(4, nil)
	defer client.Close()
	for _, name := range []string{"bad1.example.", "www.example.", "bad2.example.", "www.example.", "bad3.example.", "bad3.example.", "www.example."} {
		if r := askFor(t, client, s.addr, dns.Question{Name: name, Type: 1}); r.Answer == nil {
			t.Fatalf("got %+v for %s", r, name)
		}
	}
	if asked := s.asked(0); !asked[len(asked)-1] {
		t.Error("EDNS is left out for all names")
	}
}

// TestFailureThatPlainQuestionsShareIsSaidAtOnce: what the server said stands, with its
// reason, even if the question without EDNS is lost.
func TestFailureThatPlainQuestionsShareIsSaidAtOnce(t *testing.T) {
	for _, lost := range []bool{false, true} {
		s := start(t, func(q []byte, _ bool) [][]byte {
			if hasEDNS(q) {
				r := with(slices.Clone(q), func(b []byte) { b[2], b[3] = 0x81, 0x82 })
				r[len(r)-1] = 6
				return [][]byte{append(r, 0, 15, 0, 2, 0, 9)}
			}
			if lost {
				return nil
			}
			return [][]byte{with(slices.Clone(q), func(b []byte) { b[2], b[3] = 0x81, 0x85 })}
		})
		client := New(4, nil)
		r := ask(t, client, s.addr, patience)
		if r.Failure != node.Refused || r.Said.Rcode != dns.RcodeServerFailure || r.Said.EDE != 10 {
			t.Errorf("lost %v: got %+v; want SERVFAIL with EDE 9", lost, r)
		}
		client.Close()
	}
}

// TestFirewallThatSwallowsEDNS: after two questions without any reply one goes out
// without, and once that has helped twice all do. It costs one question more each
// time that EDNS is tried again.
func TestFirewallThatSwallowsEDNS(t *testing.T) {
	swallowed := make(chan bool)
	s := start(t, func(q []byte, _ bool) [][]byte {
		if hasEDNS(q) {
			swallowed <- true
			return nil
		}
		return [][]byte{kept(q)}
	})
	client := New(4, nil)
	defer client.Close()
	now := clock(client)
	for i, want := range []int{lostWithEDNS + 1, 1} {
		n := 0
		for range 8 {
			if lost(t, client, s.addr, swallowed) {
				n++
			}
			now.Add(int64(lostAfter))
		}
		if n != want {
			t.Errorf("round %d: %d questions were lost; want %d", i, n, want)
		}
		now.Add(int64(plainFor))
	}
}

// TestServerThatWasDownKeepsItsEDNS: what it was asked without when it came back
// is no proof.
func TestServerThatWasDownKeepsItsEDNS(t *testing.T) {
	var up atomic.Bool
	swallowed := make(chan bool)
	s := start(t, func(q []byte, _ bool) [][]byte {
		if !up.Load() {
			swallowed <- true
			return nil
		}
		return [][]byte{kept(q)}
	})
	client := New(4, nil)
	defer client.Close()
	now := clock(client)
	for range 5 {
		lost(t, client, s.addr, swallowed)
		now.Add(int64(time.Minute))
	}
	up.Store(true)
	mustAnswer(t, client, s.addr) // without
	before := len(s.asked(0))
	for range 10 {
		mustAnswer(t, client, s.addr)
		now.Add(int64(time.Minute))
	}
	for i, edns := range s.asked(before) {
		if !edns {
			t.Errorf("question %d after the outage went without EDNS", i)
		}
	}
}

// TestSignaturesAreAskedForOrTheAnswerIsNotKept: a server without EDNS answers for
// itself, at this time.
func TestSignaturesAreAskedForOrTheAnswerIsNotKept(t *testing.T) {
	var lacks atomic.Bool
	lacks.Store(true)
	s := start(t, func(q []byte, _ bool) [][]byte {
		if hasEDNS(q) && lacks.Load() {
			return [][]byte{withRcode(q, dns.RcodeNotImplemented)}
		}
		return [][]byte{kept(q)}
	})
	client := New(4, nil)
	defer client.Close()
	signed := dns.Question{Name: www.Name, Type: www.Type, Flags: dns.DO}
	for range 2 {
		if r := askFor(t, client, s.addr, signed); r.Answer == nil || r.Answer.TTL != 0 {
			t.Errorf("got %+v without EDNS; want an answer for once", r.Answer)
		}
	}
	lacks.Store(false)
	if r := askFor(t, client, s.addr, signed); r.Answer == nil || r.Answer.TTL == 0 {
		t.Errorf("got %+v with EDNS; want an answer to be kept", r.Answer)
	}
	before := len(s.asked(0))
	mustAnswer(t, client, s.addr)
	if !s.asked(before)[0] {
		t.Error("a reply to EDNS did not end that it is left out")
	}
}
