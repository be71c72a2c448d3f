package cache

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// A flood is what an insider tells: many ids, so many addresses, names that it made up,
// a third of which this host ranks high for.
type flood struct {
	ids, addresses, names int
}

func ranksThird(q dns.Question) bool { return q.Hash()%3 == 0 }

func via(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}) }

func (f flood) tell(t testing.TB, c *Cache) {
	for i := range f.names {
		birth := dns.Birth{Peer: wire.Peer{ID: uint64(1000 + i%f.ids), Epoch: 1}, Clock: at}
		a := answerFor(t, fmt.Sprintf("made-up-%d.evil.example.", i), one, time.Hour, birth)
		c.Put(at, Arrival{Answer: a, From: birth.Peer, Via: via(500 + i%f.addresses)}, limits)
	}
}

// honest tells so many names from an address that is not the insider's.
func honest(t testing.TB, c *Cache, word string, names int) (all []dns.Question) {
	for i := range names {
		a := answerFor(t, fmt.Sprintf("%s%d.example.", word, i), one, time.Hour, dns.Birth{Peer: anna, Clock: at})
		c.Put(at, Arrival{Answer: a, From: anna, Via: via(1)}, limits)
		all = append(all, a.Question)
	}
	return all
}

func (c *Cache) holds(qs []dns.Question) (held int) {
	for _, q := range qs {
		if c.Get(at, q).Held() {
			held++
		}
	}
	return held
}

// TestFloodPushesOutNothingThatOthersUse: neither what this host used, nor what it ranks
// high for, nor what other peers told, by however many ids; of many addresses it may
// push out what nobody used.
func TestFloodPushesOutNothingThatOthersUse(t *testing.T) {
	for _, f := range []flood{{20, 1, 20_000}, {20_000, 1, 20_000}, {20, 2000, 20_000}} {
		c := New(1<<20, Key{}, keeping(ranksThird))
		used, told := honest(t, c, "used", 400), honest(t, c, "told", 400)
		for _, q := range used {
			c.Touch(at, q)
		}
		f.tell(t, c)
		if got := c.holds(used); got != 400 {
			t.Errorf("%+v: %d of 400 names that this host used are left", f, got)
		}
		if got := c.holds(told); f.addresses == 1 && got != 400 {
			t.Errorf("%+v: %d of 400 names that another peer told are left", f, got)
		}
		if who, so := c.Fills(); so != (f.addresses == 1) || so && who != via(500) {
			t.Errorf("%+v: %v is said to fill the room: %v", f, who, so)
		}
	}
}

// TestUsedNamesKeepTheirRoomOverARestart: what was saved comes back with how often it
// was asked for, and with no address.
func TestUsedNamesKeepTheirRoomOverARestart(t *testing.T) {
	c := New(1<<20, Key{}, keeping(ranksThird))
	var used, told []dns.Question
	for i := range 800 {
		a := answerFor(t, fmt.Sprintf("n%d.example.", i), one, time.Hour, dns.Birth{Peer: anna, Clock: at})
		c.Put(at, Arrival{Answer: a, From: anna, Asked: uint32(i % 2)}, limits)
		if i%2 == 1 {
			used = append(used, a.Question)
		} else {
			told = append(told, a.Question)
		}
	}
	flood{20, 1, 20_000}.tell(t, c)
	if c.holds(used) != 400 || c.holds(told) != 400 {
		t.Errorf("%d of 400 used names and %d of 400 others are left", c.holds(used), c.holds(told))
	}
}

// TestWhoTellsAgainMovesNothingIntoItsOwnShare: an insider tells the names of others once
// more, younger, and then floods; they would go with the flood.
func TestWhoTellsAgainMovesNothingIntoItsOwnShare(t *testing.T) {
	c := New(1<<20, Key{}, keeping(func(dns.Question) bool { return false }))
	told := honest(t, c, "told", 400)
	for _, q := range told {
		birth := dns.Birth{Peer: wire.Peer{ID: 1000, Epoch: 1}, Clock: at + time.Minute}
		c.Put(at+time.Minute, Arrival{Answer: answerFor(t, q.Name, one, time.Hour, birth), From: birth.Peer, Via: via(500)}, limits)
	}
	flood{20, 1, 20_000}.tell(t, c)
	if got := c.holds(told); got != 400 {
		t.Errorf("%d of 400 names are left that an insider told again", got)
	}
}

// TestOwnFloodLeavesTheGroupsShare: a host that looks up names without end keeps what
// the group counts on it for.
func TestOwnFloodLeavesTheGroupsShare(t *testing.T) {
	c := New(1<<20, Key{}, keeping(func(q dns.Question) bool { return q.Name[0] == 't' }))
	told := honest(t, c, "told", 400)
	for i := range 20_000 {
		a := answerFor(t, fmt.Sprintf("mine%d.example.", i), one, time.Hour, dns.Birth{Peer: bert, Clock: at})
		c.Put(at, Arrival{Answer: a, Mine: true}, limits)
		c.Touch(at, a.Question)
	}
	if got := c.holds(told); got != 400 {
		t.Errorf("%d of 400 names are left that the group counts on this host for", got)
	}
}

// TestSeatsAreGivenAnew: addresses come and go for years, and all that is kept of one
// goes with its last answer.
func TestSeatsAreGivenAnew(t *testing.T) {
	c := New(64<<10, Key{}, keeping(func(dns.Question) bool { return false }))
	for i := range 10 * maxSeats {
		a := answerFor(t, fmt.Sprintf("n%d.example.", i), one, time.Hour, dns.Birth{Peer: anna, Clock: at})
		c.Put(at, Arrival{Answer: a, From: anna, Via: via(i)}, limits)
	}
	if len(c.seats.of) > maxSeats || len(c.seats.all) > maxSeats || len(c.lanes) > 2*maxSeats+1 {
		t.Errorf("%d addresses, %d seats, %d lanes; want %d seats at most", len(c.seats.of), len(c.seats.all), len(c.lanes), maxSeats)
	}
	last := via(10*maxSeats - 1)
	if i, ok := c.seats.of[last]; !ok || i == maxSeats-1 {
		t.Errorf("the latest address has seat %d (%v); want one of its own", i, ok)
	}
}
