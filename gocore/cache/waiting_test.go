package cache

import (
	"testing"
	"time"

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
	again := Arrival{Answer: answer(t, one, time.Hour, wire.Birth{Peer: wire.Peer{ID: 9, Epoch: 9}, Clock: at}), Mine: true}
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
