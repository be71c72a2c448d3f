package sharing

import (
	"fmt"
	"testing"
	"time"

	"mcdns/gocore/dns"
)

func question(name string) dns.Question { return dns.Question{Name: name, Type: dns.TypeA} }

func newAnnouncer() *announcer {
	a := &announcer{}
	a.clear()
	return a
}

func TestWhatNobodyHeardIsAnnouncedFirst(t *testing.T) {
	a := newAnnouncer()
	for i := range 100 {
		a.add(announcement{q: question(fmt.Sprintf("n%d.example.", i)), ttl: time.Duration(i) * time.Second, unheard: i%2 == 0})
	}
	a.add(announcement{q: question("n0.example."), ttl: time.Second}) // once more, and worth less
	var last announcement
	for i := range 100 {
		item, ok := a.next()
		if i > 0 && (announcements{item, last}).Less(0, 1) || ok && item.unheard != (i < 49) {
			t.Fatalf("place %d: unheard %v, TTL %v; want the unheard first, then by falling TTL", i, item.unheard, item.ttl)
		}
		last = item
	}
	if item, ok := a.next(); ok {
		t.Errorf("%v waits twice", item.q)
	}
}

func TestAnnouncementsThatWaitAreBounded(t *testing.T) {
	a := newAnnouncer()
	refused := 0
	for i := range announceQueue + 10 {
		if !a.add(announcement{q: question(fmt.Sprintf("n%d.example.", i))}) {
			refused++
		}
	}
	if refused != 10 || len(a.queued) != announceQueue {
		t.Errorf("%d wait, %d refused; want %d and 10", len(a.queued), refused, announceQueue)
	}
}

// Names of a short TTL come last and may never leave the queue: fetched again and
// again, or told by peers meanwhile, they must not take the place of news.
func TestWhatIsToldAnewOrCancelledRefusesNoNews(t *testing.T) {
	a, made := newAnnouncer(), map[uint64]bool{}
	for i := range 5 * announceQueue {
		for _, q := range []dns.Question{question("busy.example."), question(fmt.Sprintf("n%d.example.", i))} {
			if !a.add(announcement{q: q, ttl: time.Second}) {
				t.Fatalf("%d answers wait and news are refused", len(a.queued))
			}
			if len(a.heap) > 2*announceQueue {
				t.Fatalf("%d items lie in the queue; want %d at most", len(a.heap), 2*announceQueue)
			}
		}
		if i%100 != 0 {
			a.cancel(question(fmt.Sprintf("n%d.example.", i)))
		}
	}
	for _, item := range a.queued {
		made[item.made] = true
	}
	var last announcement
	for i := range len(made) {
		item, ok := a.next()
		if !ok || !made[item.made] || i > 0 && item.made <= last.made {
			t.Fatalf("place %d: %v made %d after %d; want all that stand, the first first", i, item.q, item.made, last.made)
		}
		last = item
	}
	if item, ok := a.next(); ok {
		t.Errorf("%v was cancelled and is told", item.q)
	}
}
