package fetch

import (
	"time"

	"mcdns/gocore/timers"
)

// A Timer is what is to be done later, for the host to hold. Its Key is the number of the
// fetch or of the ask, Gen the turn.
type Timer = timers.Of[Due]

// Due is why a Fetcher wants to be woken.
type Due uint8

const (
	timeDue    Due = iota // the time of a fetch is up
	turnDue               // the turn of a server ends
	quietDue              // it ends if the server has said nothing
	giveUpDue             // nobody waits for a server that is down
	lateDue               // no reply is of use any more
	overdueDue            // of an ask: the server takes longer than it usually does
	dues
)

// due has a row for each that is a fetch's (TestEveryTimerOfAFetchHasARow).
var due [dues]func(*Fetcher, time.Duration, *fetch, Timer)

// It is made at the start, for what it leads to leads back to it.
func init() {
	due = [dues]func(*Fetcher, time.Duration, *fetch, Timer){
		timeDue:   func(x *Fetcher, now time.Duration, f *fetch, _ Timer) { x.timeIsUp(now, f) },
		turnDue:   (*Fetcher).turnOver,
		quietDue:  (*Fetcher).turnQuiet,
		giveUpDue: func(x *Fetcher, now time.Duration, f *fetch, _ Timer) { x.giveUp(now, f) },
	}
}

func (x *Fetcher) after(now, d time.Duration, t Timer) { x.host.After(now, d, t) }

// Fire does what was to be done, unless the fetch is done.
func (x *Fetcher) Fire(now time.Duration, t Timer) {
	switch {
	case t.Due == overdueDue:
		x.overdue(now, t.Key)
	case t.Due == lateDue:
		x.forgetLate(t.Key)
	case !x.Over(t):
		due[t.Due](x, now, x.fetches[t.Key], t)
	}
}

// Over reports whether a timer would do nothing, so that it need not be kept.
func (x *Fetcher) Over(t Timer) bool {
	switch t.Due {
	case lateDue:
		return false
	case overdueDue:
		a := x.asks[t.Key]
		return a == nil || a.fetch.done
	}
	f := x.fetches[t.Key]
	return f == nil || f.done
}
