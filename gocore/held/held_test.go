package held

import (
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/order"
	"mcdns/gocore/upstream"
	"mcdns/gocore/wire"
)

// idle is a host that does nothing of what is wanted.
type idle struct{ upstream.Host }

func (*idle) Jitter(time.Duration) time.Duration                 { return 0 }
func (*idle) Happened(time.Duration, upstream.Event)             {}
func (*idle) Log(slog.Level, string, ...any)                     {}
func (*idle) After(time.Duration, time.Duration, upstream.Timer) {}

// holder is a host of what is held.
type holder struct{ timers []Timer }

func (h *holder) After(_, _ time.Duration, t Timer) { h.timers = append(h.timers, t) }
func (*holder) Log(slog.Level, string, ...any)      {}
func (*holder) Evicted()                            {}
func (*holder) Contradicted()                       {}

const start = time.Hour

func newHeld(t *testing.T) (*Held, *holder, *dns.Answer) {
	servers := []upstream.Server{{Addr: netip.MustParseAddrPort("192.0.2.1:53"), ID: 1}, {Addr: netip.MustParseAddrPort("192.0.2.2:53"), ID: 2}}
	u := upstream.New(&idle{})
	u.Configure(start, upstream.Config{Servers: servers})
	o := order.New(u)
	o.Configure(order.Rules{Servers: servers})
	host := &holder{}
	h := New(Config{Host: host, Group: group.New(1, [2]uint64{}), Order: o})
	h.Configure(Settings{Limits: cache.Limits{Max: time.Hour}, MaxStale: 10 * time.Minute, Bytes: 1 << 20})
	a, err := dns.ParseAnswer(dns.Question{Name: "www.example.", Type: dns.TypeA}, 0, []string{"www.example. 60 IN A 203.0.113.7"})
	if err != nil {
		t.Fatal(err)
	}
	a.Server, a.Birth = 1, dns.Birth{Peer: wire.Peer{ID: 1, Epoch: 1}, Clock: start}
	return h, host, a
}

// TestStaleAnswerMayBeServedForMaxStaleAndNoLonger.
func TestStaleAnswerMayBeServedForMaxStaleAndNoLonger(t *testing.T) {
	h, _, a := newHeld(t)
	h.Keep(start, a)
	for _, c := range []struct {
		past time.Duration
		want bool
	}{{0, true}, {time.Minute + 10*time.Minute - time.Second, true}, {time.Minute + 10*time.Minute + time.Second, false}} {
		if got := h.Usable(start+c.past, a.Question).Held(); got != c.want {
			t.Errorf("%v after its birth it may be served: %v; want %v", c.past, got, c.want)
		}
	}
}

// TestLoanServesForFiveSecondsAndIsNotKept.
func TestLoanServesForFiveSecondsAndIsNotKept(t *testing.T) {
	h, host, a := newHeld(t)
	a.Server = 2
	h.Lend(start, a)
	if h.Len() != 0 || h.Life(start, a) != 5*time.Second || len(host.timers) != 1 {
		t.Errorf("%d answers kept, for %v, %d timers; want none, %v, one", h.Len(), h.Life(start, a), len(host.timers), 5*time.Second)
	}
	if !h.Usable(start+5*time.Second-1, a.Question).Held() || h.Usable(start+5*time.Second, a.Question).Held() {
		t.Error("a loan does not serve for five seconds")
	}
	h.Fire(host.timers[0])
	if h.Loans() != 0 {
		t.Errorf("%d loans after their time", h.Loans())
	}
}
