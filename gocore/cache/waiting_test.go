package cache

import (
	"fmt"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// TestWhoConfirmsTheOwnAnswerGoesFirst: of what waits, the data that this host got
// itself, whoever came first.
func TestWhoConfirmsTheOwnAnswerGoesFirst(t *testing.T) {
	own := told(t, nobody, one, time.Hour, time.Hour-time.Second)
	confirms, contradicts := told(t, anna, one, time.Hour, 0), told(t, bert, two, time.Hour, 0)
	for _, order := range [][]Arrival{{confirms, contradicts}, {contradicts, confirms}} {
		c := newCache()
		for _, in := range append([]Arrival{own}, order...) {
			c.Put(at, in, limits)
		}
		if got := c.Get(at+time.Second, own.Answer.Question).Answer; got != confirms.Answer {
			t.Errorf("at the end of the own answer %v stands; want what confirmed it", got.Birth)
		}
	}
}

// TestWhatWaitsIsGoneWithTheNextOwnAnswer: this host's refresh is worth more.
func TestWhatWaitsIsGoneWithTheNextOwnAnswer(t *testing.T) {
	c := newCache()
	c.Put(at, told(t, nobody, one, time.Hour, time.Hour-time.Second), limits)
	c.Put(at, told(t, bert, two, time.Hour, 0), limits)
	again := Arrival{Answer: answer(t, one, time.Hour, dns.Birth{Peer: wire.Peer{ID: 9, Epoch: 9}, Clock: at}), Mine: true}
	c.Put(at, again, limits)
	for _, now := range []time.Duration{at, at + time.Hour} {
		if got := c.Get(now, again.Answer.Question); got.Answer != again.Answer {
			t.Errorf("%v later %+v stands; want the own answer", now-at, got)
		}
	}
	if want := entryOverhead + again.Answer.Size() + originOverhead; c.Bytes() != want {
		t.Errorf("%d bytes; want %d", c.Bytes(), want)
	}
}

// TestCopyAgesNoFreshOwnAnswer: nor one that a run before this fetched; made older by a
// peer's word it would end, and the next word would stand.
func TestCopyAgesNoFreshOwnAnswer(t *testing.T) {
	for _, in := range []Arrival{{Mine: true}, {Mine: false}} {
		c := newCache()
		held := told(t, nobody, one, time.Hour, time.Minute)
		held.Mine = in.Mine
		c.Put(at, held, limits)
		copied := held
		copied.From, copied.Mine, copied.Age = bert, false, 2*time.Hour
		c.Put(at, copied, limits)
		if e := c.Get(at, held.Answer.Question); e.Age(at) != time.Minute {
			t.Errorf("mine %v: a peer's copy made the own answer %v old", in.Mine, e.Age(at))
		}
	}
}

// TestAllAreToldWhileSomeGiveWay: whoever ranges over the answers and asks for each, as
// a stream to a peer does, makes those give way whose time is over.
func TestAllAreToldWhileSomeGiveWay(t *testing.T) {
	const names = 20
	c := newCache()
	for i := range names {
		name := fmt.Sprintf("n%d.example.", i)
		old := dns.Birth{Peer: wire.Peer{ID: 9, Epoch: 9}, Clock: at - time.Hour + time.Second}
		c.Put(at, Arrival{Answer: answerFor(t, name, one, time.Hour, old), Age: time.Hour - time.Second}, limits)
		young := answerFor(t, name, two, time.Hour, dns.Birth{Peer: anna, Clock: at})
		if out, _ := c.Put(at, Arrival{Answer: young, From: anna}, limits); out != Waits {
			t.Fatalf("%s: got %d; want it to wait", name, out)
		}
	}
	told := map[string]int{}
	c.All(func(e Entry) bool {
		told[c.Get(at+time.Minute, e.Answer.Question).Answer.Question.Name]++
		return true
	})
	for name, times := range told {
		if times != 1 {
			t.Errorf("%s was told %d times", name, times)
		}
	}
	if len(told) != names {
		t.Errorf("%d of %d answers were told", len(told), names)
	}
}
