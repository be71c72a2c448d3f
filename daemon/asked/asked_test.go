package asked

import (
	"fmt"
	"testing"
	"time"

	"mcdns/gocore/dns"
)

// TestADayIsRememberedAndNoMore, however much is asked for.
func TestADayIsRememberedAndNoMore(t *testing.T) {
	now := 5 * time.Hour
	a := New(func() time.Duration { return now })
	ask := func(name string) { a.Note(dns.Question{Name: name, Type: 1}) }
	ask("www.example.")
	ask("www.example.")
	a.Note(dns.Question{Name: "www.example.", Type: 28})
	now += time.Hour
	if d := a.Questions(); len(d.All) != 2 || d.Over != time.Hour || d.Beyond != 0 {
		t.Errorf("got %+v", d)
	}
	now += 23 * time.Hour
	ask("late.example.")
	if d := a.Questions(); len(d.All) != 3 || d.Over != day {
		t.Errorf("a day later: got %+v", d)
	}
	now++
	if d := a.Questions(); len(d.All) != 1 || d.All[0].Name != "late.example." {
		t.Errorf("after more than a day: got %+v", d)
	}
	for i := range Most + 100 {
		ask(fmt.Sprintf("%d.example.", i))
	}
	if d := a.Questions(); len(d.All) != Most || d.Beyond != 101 || len(a.last) != Most {
		t.Errorf("of a flood: %d are remembered, %d not", len(d.All), d.Beyond)
	}
	now += day + 1
	ask("new.example.")
	if d := a.Questions(); len(d.All) != 1 {
		t.Errorf("a day after the flood: %d are remembered", len(d.All))
	}
}
