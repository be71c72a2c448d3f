package report

import (
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// TestOutageCountsTheLookupsOfItsTimeAlone: by who answered, until the next one begins.
func TestOutageCountsTheLookupsOfItsTimeAlone(t *testing.T) {
	a := &dns.Answer{}
	lookups := func(o *outage) {
		for _, r := range []node.Result{
			{Answer: a, Source: node.FromCache}, {Answer: a, Source: node.FromCache, Stale: true}, {Answer: a, Source: node.FromHere},
			{Answer: a, Source: node.FromPeer, Stale: true}, {Answer: a, Source: node.FromServer}, {}, {}, {},
		} {
			o.count(&r)
		}
	}
	var o outage
	at := func(now time.Duration, state node.State) (over bool) {
		over = o.note(state, now)
		lookups(&o)
		return over
	}
	if at(1, node.Up) || at(2, node.Suspect) || o.report(3) != nil {
		t.Fatalf("an outage before there was one: %+v", o)
	}
	if at(10*time.Second, node.Down) || at(11*time.Second, node.Down) {
		t.Error("the outage is over while it lasts")
	}
	if got := o.report(15 * time.Second); got == nil || got.OverS != nil || got.LastedS != 5 || got.Own != 4 || got.Peers != 2 || got.Servers != 2 || got.Failed != 6 {
		t.Errorf("while it lasts: got %+v", got)
	}
	if !at(20*time.Second, node.Up) || at(21*time.Second, node.Up) {
		t.Error("its end is not said, or twice")
	}
	if got := o.report(50 * time.Second); got == nil || got.OverS == nil || *got.OverS != 30 || got.LastedS != 10 || got.Own != 4 || got.Failed != 6 {
		t.Errorf("after it: got %+v", got)
	}
	at(60*time.Second, node.Down)
	if got := o.report(61 * time.Second); got.OverS != nil || got.LastedS != 1 || got.Own != 2 || got.Failed != 3 {
		t.Errorf("in the next one: got %+v", got)
	}
	if !at(70*time.Second, node.Suspect) {
		t.Error("a host that is cut off is in an outage; want none by the word of the glossary")
	}
}
