package upstream

import (
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// around is a host of which only the group is asked.
type around struct{ *group.Group }

func (h around) After(_, _ time.Duration, _ Timer)                          {}
func (h around) Jitter(time.Duration) time.Duration                         { return 0 }
func (h around) Log(slog.Level, string, ...any)                             {}
func (h around) Rank(dns.ServerID, int) int                                 { return 0 }
func (h around) Members() int                                               { return h.N() }
func (h around) Member(p wire.Peer) *group.Member                           { return h.Get(p) }
func (h around) Happened(time.Duration, Event)                              {}
func (h around) Ask(time.Duration, ID, Server, dns.Question, time.Duration) {}
func (h around) ProbeQuestion(time.Duration, ID, dns.Question) dns.Question {
	return RootSOA
}

// A denial counts while its peer is there, and if it is that peer's last word.
func TestDenialIsTheLastWordOfAPeerThatIsThere(t *testing.T) {
	const now = time.Hour
	h := around{group.New(1, [2]uint64{})}
	u := New(h)
	addr := netip.MustParseAddrPort("192.0.2.53:53")
	u.Configure(now, Config{Servers: []Server{{addr, dns.HashServer(addr)}}})
	s := u.servers[0]
	s.judge = now
	a, b := h.Join(wire.Peer{ID: 2}, now, now, now), h.Join(wire.Peer{ID: 3}, now, now, now)
	word := func(from *group.Member, success, failure time.Duration) {
		s.note(sayer{peer: from.Peer}, wire.ServerState{Success: success, Failure: failure}, now)
	}
	word(b, 0, wire.Never)
	word(a, time.Second, 1500*time.Millisecond) // a datagram of its was lost before it had an answer
	if s.contested() {
		t.Error("a peer with success after its failure denies")
	}
	word(a, time.Minute, time.Second)
	if !s.contested() {
		t.Error("a peer with failure after its success does not deny")
	}
	h.Remove(a.Peer)
	if s.contested() {
		t.Error("a peer that is gone denies")
	}
	s.claims = claims{}
	word(b, time.Minute, time.Second)
	word(b, 0, time.Second)
	if s.contested() {
		t.Error("a peer denies what it claims")
	}
}
