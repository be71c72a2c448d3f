package cache

import (
	"testing"
	"time"

	"mcdns/gocore/dns"
)

// inOrder makes a cache of a host whose list is servers 1, 2 and whose current one is
// the nth; others are none of its own.
func inOrder(current *int) *Cache {
	c := newCache()
	c.orders(func(a *dns.Answer, _ bool, _ uint64) Standing {
		nth := min(int(a.Server)-1, 2)
		return Standing{Nth: nth, Good: nth <= *current}
	})
	return c
}

// of makes an arrival one that a server gave.
func (in Arrival) of(server dns.ServerID) Arrival {
	a := *in.Answer
	a.Server = server
	in.Answer = &a
	return in
}

const (
	first  = dns.ServerID(1)
	second = dns.ServerID(2)
	others = dns.ServerID(3)
)

func TestWhatMayBeServedStandsBeforeWhatIsForAnOutage(t *testing.T) {
	for _, c := range []struct {
		name    string
		current int
		held    Arrival
		came    Arrival
		want    string
	}{
		{"a younger one of a later server", 0, told(t, anna, one, time.Minute, time.Hour).of(first), told(t, bert, two, time.Minute, 0).of(second), one},
		{"an older one of the current server", 0, told(t, bert, two, time.Minute, 0).of(second), told(t, anna, one, time.Minute, time.Hour).of(first), one},
		{"a denial of the current server", 0, told(t, bert, two, time.Minute, 0).of(second), told(t, nobody, no, time.Minute, 0).of(first), no},
		{"both may be served: the younger", 1, told(t, anna, one, time.Minute, time.Hour).of(first), told(t, bert, two, time.Minute, 0).of(second), two},
		{"neither may: the younger", 0, told(t, anna, one, time.Minute, time.Hour).of(second), told(t, bert, two, time.Minute, 0).of(others), two},
	} {
		current := c.current
		h := inOrder(&current)
		h.Put(at, c.held, limits)
		h.Put(at, c.came, limits)
		e := h.Get(at, c.held.Answer.Question)
		if !e.Held() || !e.Answer.SameData(answer(t, c.want, time.Minute, dns.Birth{})) {
			t.Errorf("%s: got %+v; want %q", c.name, e.Answer, c.want)
		}
	}
}

func TestLaterServersNegativeNeitherHidesNorDeletesAPositive(t *testing.T) {
	current := 1 // the first is down
	c := inOrder(&current)
	c.Put(at, told(t, nobody, one, time.Minute, 0).of(first), limits)
	for i := range 5 {
		now := at + time.Duration(i+1)*20*time.Minute
		denial := told(t, nobody, no, time.Hour, 0).of(second)
		denial.Answer.Birth.Clock += time.Duration(i + 1) // another birth each time
		if out, _ := c.Put(now, denial, limits); out != Kept {
			t.Fatalf("denial %d: outcome %d; want the positive kept", i, out)
		}
		if e := c.Get(now, denial.Answer.Question); e.negative() {
			t.Fatalf("denial %d: got %+v; want the positive", i, e)
		}
	}
}

// With a VPN away the first server left is the public one. What it denies is hidden,
// and there again when the list is the old one, while the denial is fresh.
func TestHiddenPositiveOfAServerThatIsFirstAgainComesFirst(t *testing.T) {
	swapped := false
	c := newCache()
	c.orders(func(a *dns.Answer, _ bool, _ uint64) Standing {
		if (a.Server == first) != swapped {
			return Standing{Good: true}
		}
		return Standing{Nth: 1}
	})
	q := answer(t, one, time.Hour, dns.Birth{}).Question
	c.Put(at, told(t, nobody, one, time.Hour, 0).of(first), limits)
	swapped = true
	for i := range 3 { // far enough apart to delete a positive of their own server
		denial := told(t, nobody, no, time.Hour, 0).of(second)
		denial.Answer.Birth.Clock += time.Duration(i + 1)
		c.Put(at+time.Duration(i)*16*time.Minute, denial, limits)
	}
	now := at + 33*time.Minute
	if e := c.Get(now, q); !e.negative() {
		t.Errorf("VPN away: got %+v; want the denial of the server that is first", e)
	}
	swapped = false
	if e := c.Get(now, q); !e.Held() || e.negative() {
		t.Errorf("VPN back: got %+v; want the address", e)
	}
}
