package cache

import (
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// A world of few names, hosts and births, so that everything meets everything.
func arrivals(now time.Duration) *rapid.Generator[Arrival] {
	return rapid.Custom(func(t *rapid.T) Arrival {
		who := wire.Peer{ID: rapid.Uint64Range(1, 3).Draw(t, "origin"), Epoch: 1}
		trueAge := time.Duration(rapid.IntRange(0, 7200).Draw(t, "age s")) * time.Second
		birth := dns.Birth{Peer: who, Clock: (now - trueAge).Truncate(time.Second)}
		// What is told is never younger than the truth (offset, transit), but
		// may be older; the bytes of one birth are always the same.
		pick := birth.Clock / time.Second * time.Duration(who.ID)
		data := []string{one, two, no}[pick%3]
		ttl := []time.Duration{0, time.Minute, time.Hour}[pick/3%3]
		name := []string{"a.example.", "b.example.", "c.example."}[pick/9%3]
		from := wire.Peer{}
		if rapid.Bool().Draw(t, "told") {
			from = wire.Peer{ID: rapid.Uint64Range(4, 6).Draw(t, "from"), Epoch: 1}
		}
		via := rapid.SampledFrom([]netip.Addr{{}, netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}).Draw(t, "via")
		late := time.Duration(rapid.IntRange(0, 3000).Draw(t, "late ms")) * time.Millisecond
		return Arrival{
			Answer: answerFor(nopTB{}, name, data, ttl, birth), Age: now - birth.Clock + late,
			From: from, Via: via,
		}
	})
}

// nopTB lets helpers for tests serve in generators.
type nopTB struct{ testing.TB }

func (nopTB) Helper()           {}
func (nopTB) Fatal(args ...any) { panic(args) }

// TestCacheKeepsItsBooks: after any sequence of operations the bytes are what
// the entries take, the list and the map agree, the budget holds, and no age
// is below now - birth.
func TestCacheKeepsItsBooks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := New(2000, Key{}, keeping(func(q dns.Question) bool { return q.Name == "a.example." }))
		now, current := at, 0
		c.orders(func(a *dns.Answer, _ bool, _ uint64) Standing {
			nth := int(a.Birth.Clock/time.Millisecond) % 3 // one server for each birth
			return Standing{Nth: nth, Good: nth <= current}
		})
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			current = rapid.IntRange(0, 2).Draw(t, "current")
			now += time.Duration(rapid.IntRange(0, 1800).Draw(t, "pass s")) * time.Second
			step(t, c, now)
			checkBooks(t, c, now)
		}
	})
}

func step(t *rapid.T, c *Cache, now time.Duration) {
	q := dns.Question{Name: rapid.SampledFrom([]string{"a.example.", "b.example.", "c.example."}).Draw(t, "name"), Type: dns.TypeA}
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0:
		c.Touch(now, q)
	case 1:
		c.Drop(q)
	case 2:
		c.Expire(now, time.Hour)
	case 3:
		c.SetLimit(rapid.IntRange(300, 3000).Draw(t, "limit"))
	case 4:
		c.Sleep(now-time.Minute, now)
	default:
		c.Put(now, arrivals(now).Draw(t, "arrival"), limits)
	}
}

func checkBooks(t *rapid.T, c *Cache, now time.Duration) {
	bytes, listed, waiting := 0, 0, 0
	held := map[origin]uint32{}
	for i := range c.lanes {
		took, before := 0, number(0)
		for n := c.lanes[i].first; n != 0; before, n = n, c.table.at(n).next {
			s := c.table.at(n)
			size := s.size()
			listed++
			held[c.origins.all[s.origin]]++
			if c.laneOf(s) != i || s.prev != before || c.table.find(s.answer.Question) != n {
				t.Fatalf("lane, list and table disagree about %v", s.answer.Question)
			}
			checkEntry(t, c.entry(s), now)
			if under := c.hidden[n]; under != nil {
				size += under.size() + hiddenOverhead
				held[c.origins.all[under.origin]]++
				checkEntry(t, c.entry(&under.slot), now)
				if !s.negative() || under.negative() {
					t.Fatalf("%v: a kind %d hides a kind %d", s.answer.Question, s.answer.Kind, under.answer.Kind)
				}
			}
			next := c.waiting[n]
			if s.has(awaited) != (next != nil) || next != nil && (!s.has(own) || next.has(own)) {
				t.Fatalf("%v: awaited %v, waiting %v, own %v", s.answer.Question, s.has(awaited), next, s.has(own))
			}
			if next != nil {
				waiting++
				size += next.size() + hiddenOverhead
				held[c.origins.all[next.origin]]++
				checkEntry(t, c.entry(next), now)
			}
			took += size
		}
		if c.lanes[i].last != before || c.lanes[i].bytes != took {
			t.Fatalf("lane %d ends with %d and has %d bytes; counted %d and %d", i, before, took, c.lanes[i].last, c.lanes[i].bytes)
		}
		bytes += took
	}
	checkOrigins(t, c, held)
	bytes += len(held) * originOverhead
	if waiting != len(c.waiting) {
		t.Fatalf("%d of %d wait behind nothing", len(c.waiting)-waiting, len(c.waiting))
	}
	if listed != c.Len() || bytes != c.Bytes() {
		t.Fatalf("listed %d of %d entries, %d bytes; counted %d", listed, c.Len(), bytes, c.Bytes())
	}
	if c.Bytes() > c.limit {
		t.Fatalf("%d bytes held; the budget is %d", c.Bytes(), c.limit)
	}
}

func checkOrigins(t *rapid.T, c *Cache, held map[origin]uint32) {
	if len(held) != c.origins.used() {
		t.Fatalf("%d origins are held; %d are counted", len(held), c.origins.used())
	}
	for of, slots := range held {
		if i, ok := c.origins.by[of]; !ok || c.origins.held[i] != slots {
			t.Fatalf("%d slots have the origin %v; counted %d", slots, of, c.origins.held[i])
		}
	}
}

func checkEntry(t *rapid.T, e Entry, now time.Duration) {
	if truth := now - e.Answer.Birth.Clock; e.Age(now) < truth {
		t.Fatalf("%v born %v ago is held as %v old", e.Answer.Question, truth, e.Age(now))
	}
	if e.Worn(now) < 0 {
		t.Fatalf("worn %v", e.Worn(now))
	}
}

// TestYoungestStandsWhateverTheOrder: of answers of proven peers to one question, all
// positive and with the same data, the youngest birth stands, however they are
// ordered, duplicated and delayed on the way, and no two hosts differ.
func TestYoungestStandsWhateverTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []Arrival
		best := dns.Birth{Clock: -1}
		for i := range rapid.IntRange(1, 8).Draw(t, "births") {
			age := time.Duration(rapid.IntRange(0, 3000).Draw(t, "age s")) * time.Second
			birth := dns.Birth{Peer: wire.Peer{ID: uint64(i) + 1, Epoch: 1}, Clock: at - age}
			in := Arrival{Answer: answer(nopTB{}, one, time.Hour, birth), Age: age, From: anna}
			all = append(all, in, in)
			if birth.Clock > best.Clock {
				best = birth
			}
		}
		order := rapid.Permutation(all).Draw(t, "order")
		c := newCache()
		for _, in := range order {
			c.Put(at, in, limits)
		}
		if got := c.Get(at, all[0].Answer.Question).Answer.Birth; got.Clock != best.Clock {
			t.Fatalf("birth %v stands; want %v", got, best)
		}
	})
}
