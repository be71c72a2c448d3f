package query

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// host is one whose timers wait until it is told to run, and that writes down what it hears.
type host struct {
	all     *Queries
	timers  []due
	sent    []wire.Body
	unknown []dns.Question
	held    map[dns.Question]cache.Entry
}

type due struct {
	at time.Duration
	Timer
}

func (h *host) After(now, d time.Duration, t Timer)                          { h.timers = append(h.timers, due{now + d, t}) }
func (h *host) Count(Counter)                                                {}
func (h *host) SendGroup(_ time.Duration, b wire.Body)                       { h.sent = append(h.sent, b) }
func (h *host) SendEverywhere(_ time.Duration, b wire.Body)                  { h.sent = append(h.sent, b) }
func (h *host) SendTo(_ time.Duration, _ netip.AddrPort, b wire.Body)        { h.sent = append(h.sent, b) }
func (h *host) Room(time.Duration) int                                       { return 1000 }
func (h *host) MayPut(dns.Question) bool                                     { return true }
func (h *host) Shareable(cache.Entry) bool                                   { return true }
func (h *host) Wireless() bool                                               { return false }
func (h *host) Alone() bool                                                  { return false }
func (h *host) NobodyKnows(_ time.Duration, q dns.Question)                  { h.unknown = append(h.unknown, q) }
func (h *host) InVain(time.Duration, time.Duration, wire.Peer, dns.Question) {}
func (h *host) Get(_ time.Duration, q dns.Question) cache.Entry              { return h.held[q] }
func (h *host) Usable(_ time.Duration, q dns.Question) cache.Entry           { return h.held[q] }
func (h *host) Wanted(time.Duration, dns.Question) bool                      { return true }

// run fires what is due until then, in order.
func (h *host) run(until time.Duration) {
	for {
		next := -1
		for i, t := range h.timers {
			if t.at <= until && (next < 0 || t.at < h.timers[next].at) {
				next = i
			}
		}
		if next < 0 {
			return
		}
		t := h.timers[next]
		h.timers = slices.Delete(h.timers, next, next+1)
		h.all.Fire(t.at, t.Timer)
	}
}

func newHost() (*host, *group.Member) {
	h := &host{held: map[dns.Question]cache.Entry{}}
	g := group.New(1, [2]uint64{})
	m := g.Join(wire.Peer{ID: 2}, 0, 0, 0)
	h.all = New(h, h, g, rand.New(rand.NewPCG(1, 1)))
	return h, m
}

var question = dns.Question{Name: "www.example.", Type: dns.TypeA}

// PROTOCOL 3.12.
func TestQueryIsSaidFourTimesAndThenNobodyKnows(t *testing.T) {
	h, _ := newHost()
	h.all.Put(0, question, 0)
	const wait = 85 * time.Millisecond
	h.run(wait - 1)
	if len(h.sent) != 4 || len(h.unknown) > 0 || !h.all.IsPut(question) {
		t.Errorf("%d QUERYs before the end, %v given up; want four and none", len(h.sent), h.unknown)
	}
	if h.run(wait); !slices.Equal(h.unknown, []dns.Question{question}) || h.all.IsPut(question) {
		t.Errorf("nobody knows %v after %v", h.unknown, wait)
	}
}

// PROTOCOL 3.13.
func TestWhatAPeerToldFirstIsNotToldAgain(t *testing.T) {
	for _, told := range []bool{false, true} {
		h, m := newHost()
		a, err := dns.ParseAnswer(question, 0, []string{"www.example. 300 IN A 192.0.2.1"})
		if err != nil {
			t.Fatal(err)
		}
		h.held[question] = cache.Entry{Answer: a, Life: time.Minute}
		body := &wire.Query{Nonce: 7, Asked: []wire.Asked{{Question: question}}}
		h.all.Heard(0, m, group.Datagram{Message: &wire.Message{From: m.Peer, Body: body}, Group: true}, body)
		if told {
			h.all.Told(question)
		}
		if h.run(LastTurn); len(h.sent) > 0 == told {
			t.Errorf("told by another %v: %d ANSWERs", told, len(h.sent))
		}
	}
}

// What is forgotten is named, so that who waits for it can be told.
func TestClearNamesWhatWasPutInOrder(t *testing.T) {
	h, _ := newHost()
	other := dns.Question{Name: "other.example.", Type: dns.TypeA}
	h.all.Put(0, question, 0)
	h.all.Put(0, other, 0)
	if put := h.all.Clear(); !slices.Equal(put, []dns.Question{question, other}) || h.all.Held() != (Held{}) {
		t.Errorf("forgot %v, still held %+v", put, h.all.Held())
	}
}
